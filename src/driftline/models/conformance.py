"""`GenerativeModelConformance`: laws every generative model must keep, as a pytest class.

Knows no model. Subclass it in your own tests with two fixtures, ``model`` and
``windows`` (whole episodes from their reset, some shorter than the longest):

    class TestMine(GenerativeModelConformance):
        @pytest.fixture
        def model(self): return MyModel(...)

        @pytest.fixture
        def windows(self): return WindowSource.of(trajectories).whole(np.arange(4))
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from driftline.data.windows import Windows
from driftline.models.model import GenerativeModel, HasDensity, HasReturnDistribution


class GenerativeModelConformance:
    """Give the fixtures ``model`` and ``windows``; the tests come along."""

    tolerance = 1e-4
    """How far sums and repeated losses may stray from what they must be."""
    copies = 1000
    """How many copies of an episode are played to compare counts with probabilities."""

    def test_is_a_generative_model(self, model: Any) -> None:
        assert isinstance(model, GenerativeModel)

    def test_acts_with_one_valid_action_per_episode(
        self, model: GenerativeModel, windows: Windows
    ) -> None:
        for returns in (None, windows.returns_to_go):
            for actions in played(model, windows, returns, steps=3):
                assert actions.dtype == np.int64
                assert actions.shape == (len(windows.valid),)
                assert np.all(actions >= 0)

    def test_the_same_generator_gives_the_same_actions(
        self, model: GenerativeModel, windows: Windows
    ) -> None:
        first, second = (played(model, windows, windows.returns_to_go, steps=4) for _ in "ab")
        assert np.array_equal(first, second)

    def test_the_loss_is_finite_and_its_gradient_too(
        self, model: GenerativeModel, windows: Windows
    ) -> None:
        losses = model.loss(windows, torch.Generator().manual_seed(1))
        assert losses.total.ndim == 0
        assert torch.isfinite(losses.total)
        assert all(np.isfinite(part) for part in losses.parts.values())

    def test_what_stands_in_the_padding_does_not_change_the_loss(
        self, model: GenerativeModel, windows: Windows
    ) -> None:
        assert not windows.valid.all(), "give windows of episodes of unequal lengths"
        losses = [
            model.loss(each, torch.Generator().manual_seed(1)).total.item()
            for each in (windows, with_garbage(windows), padded(windows, 3))
        ]
        assert np.allclose(losses, losses[0], rtol=self.tolerance)

    def test_an_episode_does_not_depend_on_the_others(
        self, model: GenerativeModel, windows: Windows
    ) -> None:
        """Narrowing to all rows in order, or to none but the first, changes nothing."""
        whole = played(model, windows, None, steps=2, narrow_after=None)
        narrowed = played(model, windows, None, steps=2, narrow_after=1)
        assert np.array_equal(whole, narrowed)
        state = model.begin(len(windows.valid))
        _, state = model.act(state, windows.observations[:, 0], None, torch.Generator())
        state = model.narrow(state, np.array([0]))
        actions, _ = model.act(state, windows.observations[:1, 1], None, torch.Generator())
        assert actions.shape == (1,)

    def test_densities_are_normalised_and_causal(self, model: Any, windows: Windows) -> None:
        if not isinstance(model, HasDensity):
            return
        for conditioned in (False, True):
            with torch.no_grad():
                full = model.window_distributions(windows, conditioned).exp()
                short = model.window_distributions(first_steps(windows, 2), conditioned).exp()
            total = full.sum(-1)[torch.from_numpy(windows.valid)]
            assert torch.allclose(total, torch.ones_like(total), atol=self.tolerance)
            assert torch.allclose(full[:, :2], short, atol=self.tolerance)

    def test_what_is_remembered_while_acting_is_what_a_window_shows(
        self, model: Any, windows: Windows
    ) -> None:
        """Actions of many copies of an episode follow the density given their own past.

        Counts of each action, split by the action before it, lie within 5 deviations
        of the sums of their probabilities, at every step of the first window.
        """
        if not (isinstance(model, HasDensity) and isinstance(model, GenerativeModel)):
            return
        episode = repeated(first_steps(windows, int(windows.valid[0].sum())), self.copies)
        for conditioned in (False, True):
            seen = relived(model, episode, conditioned)
            with torch.no_grad():
                expected = model.window_distributions(seen, conditioned).exp().numpy()
            happened = np.eye(expected.shape[-1])[seen.actions]
            before = np.eye(expected.shape[-1] + 1)[seen.previous_actions]
            excess = np.einsum("btp,bta->tpa", before, happened - expected)
            variance = np.einsum("btp,bta->tpa", before, expected * (1 - expected))
            assert np.all(np.abs(excess) <= 5 * np.sqrt(variance) + 1 + self.tolerance)

    def test_return_distributions_are_normalised(self, model: Any, windows: Windows) -> None:
        if not isinstance(model, HasReturnDistribution):
            return
        for after_action in (False, True):
            with torch.no_grad():
                total = model.window_return_log_probabilities(windows, after_action).exp().sum(-1)
            real = total[torch.from_numpy(windows.valid)]
            assert torch.allclose(real, torch.ones_like(real), atol=self.tolerance)


def played(
    model: GenerativeModel,
    windows: Windows,
    returns_to_go: Any | None,
    steps: int,
    narrow_after: int | None = None,
) -> Any:
    """Actions ``[steps, B]`` the model takes at the windows' first observations."""
    generator = torch.Generator().manual_seed(0)
    state = model.begin(len(windows.valid))
    taken = []
    for step in range(steps):
        asked = None if returns_to_go is None else returns_to_go[:, step]
        actions, state = model.act(state, windows.observations[:, step], asked, generator)
        taken.append(actions)
        if step + 1 == narrow_after:
            state = model.narrow(state, np.arange(len(windows.valid)))
    return np.stack(taken)


def relived(model: GenerativeModel, episode: Windows, conditioned: bool) -> Windows:
    """The windows ``episode`` with the actions the model takes at their observations."""
    generator, copies = torch.Generator().manual_seed(2), len(episode.valid)
    state, taken = model.begin(copies), np.full((copies, 1), -1)
    for step in range(episode.valid.shape[1]):
        asked = episode.returns_to_go[:, step] if conditioned else None
        actions, state = model.act(state, episode.observations[:, step], asked, generator)
        taken = np.concatenate([taken, actions[:, None]], axis=1)
    return replace(episode, actions=taken[:, 1:], previous_actions=taken[:, :-1])


def repeated(windows: Windows, copies: int) -> Windows:
    """The first window, ``copies`` times."""
    return Windows(
        **{name: np.repeat(array[:1], copies, axis=0) for name, array in vars(windows).items()}
    )


def with_garbage(windows: Windows) -> Windows:
    """The same windows with what no model can read in the padding."""

    def spoil(array: Any) -> Any:
        mask = windows.valid.reshape(windows.valid.shape + (1,) * (array.ndim - 2))
        real = np.issubdtype(array.dtype, np.floating)
        return np.where(mask, array, np.nan if real else np.iinfo(array.dtype).max)

    names = ("observations", "actions", "previous_actions", "returns_to_go", "times")
    return replace(
        windows,
        **{
            name: spoil(array).astype(array.dtype)
            for name, array in vars(windows).items()
            if name in names
        },
    )


def first_steps(windows: Windows, steps: int) -> Windows:
    """Every window cut after ``steps`` steps."""
    return Windows(**{name: array[:, :steps] for name, array in vars(windows).items()})


def padded(windows: Windows, steps: int) -> Windows:
    """Every window with ``steps`` more steps of padding at its end."""

    def lengthen(array: Any) -> Any:
        return np.concatenate([array, np.zeros_like(array[:, :1]).repeat(steps, axis=1)], axis=1)

    return Windows(**{name: lengthen(array) for name, array in vars(windows).items()})
