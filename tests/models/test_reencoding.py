"""Acting by reading the last steps anew: what it sees, what it forgets, what is measured of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from driftline.data.windows import WindowSource
from driftline.errors import CapabilityError, SettingsError
from driftline.models.action_features import embedded_previous
from driftline.models.reencoding import LastSteps
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.training.divergence import distributions
from driftline.training.finetune import FineTune, FineTuneSettings
from tests.models import examples

CONTEXT = 3
KINDS = pytest.mark.parametrize("box", [False, True])


def anew(box: bool, context: int = CONTEXT) -> TrajectoryTransformer:
    """Reads ``context`` steps, and has a band of 4 in each of two layers."""
    return examples.model(
        vectors=True, box=box, tokens="three", time="none", embeddings="plain",
        acting_context=context,
    ).eval()  # fmt: skip


def acted(model: TrajectoryTransformer, source: WindowSource, episode: int) -> torch.Tensor:
    """What the model would do at each step of an episode, ``[L, P]``."""
    windows = source.whole(np.array([episode]))
    state, found = model.begin(1), []
    for step in range(windows.valid.shape[1]):
        asked = windows.returns_to_go[:, step]
        state = model.observe(state, windows.observations[:, step], asked)
        found.append(model.distribution(state)[0])
        state = model.remember(state, windows.actions[:, step])
    return torch.stack(found)


@KINDS
def test_a_step_is_what_a_window_that_ends_with_it_shows(box: bool) -> None:
    model, source = anew(box), examples.source(vectors=True, box=box)
    found = acted(model, source, 0)
    for step in range(30):
        first = max(0, step - CONTEXT + 1)
        window = source.cut(np.array([0]), np.array([first]), step - first + 1)
        with torch.no_grad():
            shown = model.window_distributions(window, True)[0, -1]
        assert torch.allclose(found[step], shown, atol=1e-5)


@KINDS
def test_divergences_are_those_of_the_policy_that_acts(box: bool) -> None:
    model, source = anew(box), examples.source(vectors=True, box=box)
    data = source.trajectories
    known = distributions(model, data, source.returns_to_go, steps_at_once=20)
    parts = [acted(model, source, episode).double().numpy() for episode in range(len(data))]
    assert np.allclose(known, np.concatenate(parts), atol=1e-5)
    banded = examples.model(
        vectors=True, box=box, tokens="three", time="none", embeddings="plain"
    )  # fmt: skip
    assert not np.allclose(known, distributions(banded, data, source.returns_to_go), atol=1e-3)


def test_what_left_the_window_is_forgotten() -> None:
    """From a cache it would still speak, through the second layer."""
    model, source = anew(box=True), examples.source(vectors=True, box=True)
    windows = source.whole(np.array([0]))
    found = []
    for other in (0.0, 5.0):
        state = model.begin(1)
        for step in range(6):
            seen = windows.observations[:, step] + (other if step < 6 - CONTEXT else 0.0)
            state = model.observe(state, seen, windows.returns_to_go[:, step])
            found.append(model.distribution(state))
            state = model.remember(state, windows.actions[:, step])
    assert torch.equal(found[5], found[11])
    assert not torch.equal(found[2], found[8])


@KINDS
def test_looking_again_replaces_the_look_and_rows_stay_apart(box: bool) -> None:
    model, source = anew(box), examples.source(lengths=(9, 9, 9), vectors=True, box=box)
    windows = source.whole(np.arange(3))
    state, kept, found = model.begin(3), np.arange(3), {}
    for step in range(9):
        if step == 4:
            state, kept = model.narrow(state, np.array([2, 0])), np.array([2, 0])
        asked = windows.returns_to_go[kept, step]
        state = model.observe(state, windows.observations[kept, step] + 1.0, asked)
        state = model.observe(state, windows.observations[kept, step], asked)
        found[step] = model.distribution(state)
        state = model.remember(state, windows.actions[kept, step])
    for episode, row in ((2, 0), (0, 1)):
        assert torch.allclose(acted(model, source, episode)[8], found[8][row], atol=1e-5)


def test_a_memory_is_kept_to_its_weights_and_to_its_manner() -> None:
    model = anew(box=True)
    state = model.begin(2)
    assert isinstance(state, LastSteps)
    with pytest.raises(SettingsError, match="has observed no step"):
        model.distribution(state)
    state = model.observe(state, np.zeros((2, 3)), None)
    with pytest.raises(SettingsError, match="conditioned on a return at every step or at none"):
        model.observe(state, np.zeros((2, 3)), np.zeros(2))
    with torch.no_grad():
        model.previous_action.add_(1.0)
    with pytest.raises(SettingsError, match="weights have changed"):
        model.observe(state, np.zeros((2, 3)), None)


def test_fine_tuning_refuses_a_policy_that_whole_episodes_do_not_show() -> None:
    data = examples.source(vectors=True, box=True).trajectories
    with pytest.raises(CapabilityError, match="reading its last 3 steps anew"):
        FineTune(anew(box=True), data, FineTuneSettings(), horizon=30, seed=0)


@pytest.mark.parametrize("tokens", ["fused", "three"])
def test_returns_and_states_are_seen_behind_the_norm(tokens: str) -> None:
    """Of a weight times a number the norm leaves the sign alone: 1 and 3 would be the same."""
    made = examples.model(vectors=True, box=True, embeddings="plain", tokens=tokens)
    norm = made.first_norm
    assert norm is not None
    with torch.no_grad():
        returned = norm(made.embed_return.asked(torch.tensor([0.5, 1.0, 2.0, 4.0])))
        centre, scale = made.embed_observation.centre, made.embed_observation.scale
        away = torch.ones(3, len(centre)) * torch.tensor([[0.3], [0.6], [1.2]])
        observed = norm(made.embed_observation(centre + scale * away))
        table, times = made.previous_action, torch.tensor([0, 1, 1, 1])
        actions = torch.tensor([[0.9], [0.0], [0.5], [1.0]]) * torch.tensor(examples.BOX.high)
        done = norm(embedded_previous(examples.BOX, table, actions, times, offset=True))
    assert torch.equal(done[0], norm(table[0]))  # where nothing was done yet
    for found in (returned, observed, done[1:]):
        steps = (found[1:] - found[:-1]).square().mean(-1).sqrt()
        assert steps.min() > 0.1, steps


def test_plain_embeddings_go_on_growing_outside_the_data() -> None:
    grown = {}
    for embeddings in ("rich", "plain"):
        embed = examples.model(vectors=True, embeddings=embeddings).embed_return
        with torch.no_grad():
            sizes = embed.asked(torch.tensor([10.0, 20.0, 40.0])) - embed.features.bias
        grown[embeddings] = torch.linalg.vector_norm(sizes, dim=-1)
    assert torch.allclose(grown["plain"] / grown["plain"][0], torch.tensor([1.0, 2.0, 4.0]))
    assert torch.allclose(grown["rich"], grown["rich"][:1].expand(3), rtol=1e-3)


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(SettingsError, match="acting_context must be 1 or more"):
        examples.model(acting_context=0)
    with pytest.raises(SettingsError, match="return_unit is above 0"):
        examples.model(return_unit=0.0)
