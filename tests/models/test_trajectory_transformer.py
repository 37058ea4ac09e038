"""Laws of the transformer: cached = banded, causal, banded, return dropout, rebuilt."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from driftline.data.windows import Windows
from driftline.errors import SettingsError
from driftline.models.model import asked, some_asked
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.spaces.codecs import ReturnCodec
from tests.models import examples

LAYOUTS = pytest.mark.parametrize("tokens", ["fused", "three"])
TIMES = pytest.mark.parametrize("time", ["none", "relative", "elapsed"])


def replayed(
    model: TrajectoryTransformer, windows: Windows, conditioned: bool, rows: np.ndarray, cut: int
) -> torch.Tensor:
    """Cached log-probabilities along the windows, narrowed to ``rows`` at step ``cut``."""
    state, kept, found = model.begin(len(windows.valid)), np.arange(len(windows.valid)), []
    for step in range(windows.valid.shape[1]):
        if step == cut:
            state, kept = model.narrow(state, rows), kept[rows]
        asked = windows.returns_to_go[kept, step] if conditioned else None
        state = model.observe(state, windows.observations[kept, step], asked)
        if step >= cut:
            found.append(model.distribution(state))
        state = model.remember(state, windows.actions[kept, step])
    return torch.stack(found, dim=1)


@LAYOUTS
@TIMES
@pytest.mark.parametrize("conditioned", [False, True])
@pytest.mark.parametrize("context", [1, 4])
@pytest.mark.parametrize("cut", [0, 2, 9])
def test_acting_with_the_cache_equals_the_banded_forward(
    tokens: str, time: str, conditioned: bool, context: int, cut: int
) -> None:
    model = examples.model(tokens=tokens, time=time, context_length=context, layers=3)
    windows = examples.source(lengths=(25, 25, 25)).whole(np.arange(3))
    rows = np.array([2, 0])
    with torch.no_grad():
        whole = model.window_distributions(windows, conditioned)[rows, cut:]
    cached = replayed(model, windows, conditioned, rows, cut)
    assert torch.allclose(cached, whole, atol=1e-5, rtol=0)


@LAYOUTS
@pytest.mark.parametrize("conditioned", [False, True])
@pytest.mark.parametrize("cut", [0, 9])
def test_continuous_acting_with_the_cache_equals_the_banded_forward_too(
    tokens: str, conditioned: bool, cut: int
) -> None:
    model = examples.model(tokens=tokens, time="elapsed", layers=3, vectors=True, box=True)
    data = examples.source(lengths=(25, 25, 25), vectors=True, box=True)
    windows, rows = data.whole(np.arange(3)), np.array([2, 0])
    with torch.no_grad():
        whole = model.window_distributions(windows, conditioned)[rows, cut:]
        unmoved = replace(windows, previous_actions=0 * windows.previous_actions)
        other = model.window_distributions(unmoved, conditioned)[rows, cut:]
    cached = replayed(model, windows, conditioned, rows, cut)
    assert torch.allclose(cached, whole, atol=1e-5, rtol=0)
    assert not torch.allclose(cached, other, atol=1e-2), "what was done before does not matter"


@LAYOUTS
def test_plain_embeddings_act_with_the_cache_as_over_the_whole_episode(tokens: str) -> None:
    model = examples.model(tokens=tokens, vectors=True, box=True, embeddings="plain")
    windows = examples.source(lengths=(25, 25, 25), vectors=True, box=True).whole(np.arange(3))
    with torch.no_grad():
        whole = model.window_distributions(windows, True)
    cached = replayed(model, windows, True, np.arange(3), 0)
    assert torch.allclose(cached, whole, atol=1e-5, rtol=0)


def test_no_action_yet_is_not_an_action_in_the_middle_of_the_box() -> None:
    """As the windows have it, both are zeros in a box around zero; the time tells them apart."""
    model = examples.model(vectors=True, box=True, time="none", context_length=1)
    windows = examples.source(vectors=True, box=True).whole(np.array([0]))
    still = np.stack([windows.observations[:, 0]] * 3, axis=1)
    first = examples.first_of(windows, 3)
    moved = replace(first, observations=still, previous_actions=0 * first.previous_actions)
    with torch.no_grad():
        known = model.window_distributions(moved, False)[0]
    assert torch.allclose(known[1], known[2])
    assert not torch.allclose(known[0], known[1], atol=1e-3)


@LAYOUTS
def test_return_distributions_after_continuous_actions_equal_those_of_windows(tokens: str) -> None:
    model = examples.model(tokens=tokens, vectors=True, box=True)
    windows = examples.source(lengths=(12, 12), vectors=True, box=True).whole(np.arange(2))
    with torch.no_grad():
        before = model.window_return_log_probabilities(windows, after_action=False)
        after = model.window_return_log_probabilities(windows, after_action=True)
    state = model.begin(2)
    for step in range(12):
        state = model.observe(state, windows.observations[:, step], None)
        done = torch.from_numpy(windows.actions[:, step])
        several = torch.stack([done.flip(0), done], dim=1)
        each = model.return_log_probabilities(state, several)
        assert torch.allclose(
            model.return_log_probabilities(state, None), before[:, step], atol=1e-5
        )
        assert torch.allclose(each[:, 1], after[:, step], atol=1e-5)
        assert not torch.allclose(each[:, 0], after[:, step], atol=1e-5)
        state = model.remember(state, done)


@LAYOUTS
def test_cached_return_distributions_equal_those_of_windows(tokens: str) -> None:
    model = examples.model(tokens=tokens)
    windows = examples.source(lengths=(12, 12)).whole(np.arange(2))
    with torch.no_grad():
        before = model.window_return_log_probabilities(windows, after_action=False)
        after = model.window_return_log_probabilities(windows, after_action=True)
    state = model.begin(2)
    for step in range(12):
        state = model.observe(state, windows.observations[:, step], None)
        each = model.return_log_probabilities(state, torch.arange(4).expand(2, -1))
        done = torch.from_numpy(windows.actions[:, step]).long()
        assert torch.allclose(
            model.return_log_probabilities(state, None), before[:, step], atol=1e-5
        )
        assert torch.allclose(each[torch.arange(2), done], after[:, step], atol=1e-5)
        state = model.remember(state, windows.actions[:, step])


@LAYOUTS
def test_asking_twice_for_a_step_gives_the_same_answer(tokens: str) -> None:
    model, windows = examples.model(tokens=tokens), examples.source().whole(np.array([0]))
    state = model.begin(1)
    for step in range(8):
        state = model.observe(state, windows.observations[:, step], None)
        first = model.distribution(state)
        state = model.observe(state, windows.observations[:, step], None)
        assert torch.equal(first, model.distribution(state))
        state = model.remember(state, windows.actions[:, step])


def changed(windows: Windows, where: slice) -> Windows:
    """Other observations, actions and returns in the steps ``where``."""
    other = {name: array.copy() for name, array in vars(windows).items()}
    other["observations"][:, where] = 4 - other["observations"][:, where]
    other["actions"][:, where] = 3 - other["actions"][:, where]
    other["returns_to_go"][:, where] += 1.5
    other["previous_actions"][:, 1:] = other["actions"][:, :-1]
    return Windows(**other)


@LAYOUTS
@TIMES
def test_the_future_changes_nothing(tokens: str, time: str) -> None:
    model = examples.model(tokens=tokens, time=time)
    windows = examples.source().whole(np.array([0]))
    with torch.no_grad():
        before = model.window_distributions(windows, True)
        after = model.window_distributions(changed(windows, slice(10, None)), True)
    assert torch.allclose(before[:, :10], after[:, :10], atol=1e-6)
    assert not torch.allclose(before[:, 10], after[:, 10], atol=1e-4)


@LAYOUTS
def test_the_action_of_a_step_does_not_tell_on_itself(tokens: str) -> None:
    model, windows = examples.model(tokens=tokens), examples.source().whole(np.array([0]))
    actions = windows.actions.copy()
    actions[:, 10] = (actions[:, 10] + 1) % 4
    previous = windows.previous_actions.copy()
    previous[:, 11] = actions[:, 10]
    other = replace(windows, actions=actions, previous_actions=previous)
    with torch.no_grad():
        before, after = (model.window_distributions(each, True) for each in (windows, other))
    assert torch.allclose(before[:, :11], after[:, :11], atol=1e-6)
    assert not torch.allclose(before[:, 11], after[:, 11], atol=1e-4)


@LAYOUTS
@pytest.mark.parametrize("layers", [1, 2])
def test_steps_beyond_the_band_change_nothing_and_steps_in_it_do(tokens: str, layers: int) -> None:
    """A step is heard of for layers * (context - 1) steps; the action before it is in its token."""
    model = examples.model(tokens=tokens, layers=layers)
    windows = examples.source().whole(np.array([0]))
    reach = layers * (4 - 1)
    with torch.no_grad():
        before = model.window_distributions(windows, True)
        after = model.window_distributions(changed(windows, slice(0, 5)), True)
    assert not torch.allclose(before[:, 4 + reach], after[:, 4 + reach], atol=1e-6)
    beyond = 5 + reach + 1
    assert torch.allclose(before[:, beyond:], after[:, beyond:], atol=1e-6)


@LAYOUTS
def test_the_unconditioned_pass_has_never_seen_a_return(tokens: str) -> None:
    model, windows = examples.model(tokens=tokens), examples.source().whole(np.arange(3))
    other = replace(windows, returns_to_go=windows.returns_to_go + 5.0)
    with torch.no_grad():
        assert torch.equal(
            model.window_distributions(windows, False),
            model.window_distributions(other, False),
        )
        assert torch.equal(
            model.window_return_log_probabilities(windows, True),
            model.window_return_log_probabilities(other, True),
        )
        assert not torch.allclose(
            model.window_distributions(windows, True),
            model.window_distributions(other, True),
            atol=1e-4,
        )


def test_the_return_head_learns_on_windows_without_returns_only() -> None:
    windows = examples.source().whole(np.arange(3))
    for dropout, learns in ((0.0, False), (1.0, True)):
        model = examples.model(return_dropout=dropout)
        model.loss(windows, torch.Generator().manual_seed(0)).total.backward()
        assert (model.return_head.second.weight.grad is not None) == learns
        seen = model.embed_return.features.weight.grad
        assert learns == (seen is None or not seen.any())


def test_gradients_do_not_come_from_padding() -> None:
    """The gradient of a padded batch is that of its episodes, step for step."""
    data, generator = examples.source(lengths=(12, 5)), torch.Generator()
    gradients = []
    for length in (12, 20):
        model = examples.model(return_dropout=1.0)
        model.loss(data.whole(np.arange(2), length), generator).total.backward()
        gradients.append(model.embed_observation.rows.grad.clone())
    assert torch.allclose(*gradients, atol=1e-6)


@pytest.mark.parametrize("box", [False, True])
@pytest.mark.parametrize("vectors", [False, True])
def test_a_model_is_rebuilt_from_json_and_weights(vectors: bool, box: bool) -> None:
    model = examples.model(vectors=vectors, box=box, tokens="three", time="elapsed")
    again = TrajectoryTransformer.from_json(json.loads(json.dumps(model.to_json())), seed=9)
    again.load_state_dict(model.state_dict())
    assert again.to_json() == model.to_json()
    windows = examples.source(vectors=vectors, box=box).whole(np.arange(3))
    with torch.no_grad():
        assert torch.equal(
            model.window_distributions(windows, True),
            again.window_distributions(windows, True),
        )


def test_weights_follow_from_the_seed_and_global_randomness_is_left_alone() -> None:
    state = torch.get_rng_state()
    first, same, other = (examples.model(seed=seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not torch.equal(first["action_head.weight"], other["action_head.weight"])


def test_an_episode_cannot_change_between_conditioned_and_not() -> None:
    model, windows = examples.model(), examples.source().whole(np.arange(3))
    _, state = model.act(model.begin(3), windows.observations[:, 0], None, torch.Generator())
    with pytest.raises(SettingsError, match="begin a second state"):
        model.act(state, windows.observations[:, 1], np.zeros(3), torch.Generator())


@pytest.mark.parametrize(
    "settings",
    [
        {"width": 10, "heads": 4},
        {"layers": 0},
        {"return_dropout": 1.5},
        {"dropout": 1.0},
        {"return_loss_weight": -1.0},
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        TransformerConfig(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["tokens", "time", "board_encoder"])
def test_unknown_alternatives_are_refused(name: str) -> None:
    """As they come out of a file; in code the type checker refuses them before."""
    config = TransformerConfig()
    object.__setattr__(config, name, "other")
    with pytest.raises(SettingsError, match=f"{name} is 'other'"):
        config.__post_init__()


def test_vectors_need_their_codec() -> None:
    with pytest.raises(SettingsError, match="fit one to the demonstrations"):
        TrajectoryTransformer(
            TransformerConfig(),
            examples.VECTOR,
            examples.ACTIONS,
            ReturnCodec(0.0, 1.0, 0.0, 1.0, 8),
        )


@LAYOUTS
def test_what_is_dropped_follows_the_generator_and_is_dropped_in_the_loss_alone(
    tokens: str,
) -> None:
    whole, dropping = (examples.model(tokens=tokens, dropout=share) for share in (0.0, 0.5))
    windows = examples.source().whole(np.arange(3))
    losses = [
        model.loss(windows, torch.Generator().manual_seed(seed)).total.item()
        for model, seed in ((whole, 0), (dropping, 0), (dropping, 0), (dropping, 1))
    ]
    assert losses[1] == losses[2]
    assert len(set(losses)) == 3
    with torch.no_grad():
        assert torch.equal(
            dropping.window_distributions(windows, True), whole.window_distributions(windows, True)
        )


@pytest.mark.parametrize(("dropped", "few"), [(0.0, False), (0.5, True), (1.0, False)])
def test_the_loss_tells_what_it_has_asked_and_of_which_windows(dropped: float, few: bool) -> None:
    model = examples.model(return_dropout=dropped)
    windows = examples.source(lengths=(12,) * 8).whole(np.arange(8))
    losses = model.loss(windows, torch.Generator().manual_seed(1))
    assert losses.asked is not None
    assert losses.asked.requires_grad
    with torch.no_grad():
        whole = model.window_distributions(windows, True)
        known, rows = some_asked(model, windows, losses)
        every = asked(model, windows, losses)
    assert (0 < rows.sum() < 8) if few else rows.all()
    assert torch.allclose(known, whole[torch.from_numpy(rows)], atol=1e-5)
    assert torch.allclose(every, whole, atol=1e-5)
