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

from typing import Any, assert_never

import numpy as np
import torch
from torch import Tensor

from driftline.data.windows import Windows
from driftline.models.action_distributions import Family, Squashed, log_density, sample
from driftline.models.clipped_gaussian import EDGE
from driftline.models.conformance_windows import (
    first_steps,
    padded,
    played,
    relived,
    repeated,
    with_garbage,
)
from driftline.models.flow_box import to_unit
from driftline.models.model import GenerativeModel, HasDensity, HasReturnDistribution
from driftline.models.trainable import HasFeatures, TrainableModel
from driftline.spaces.specs import ActionSpec, ContinuousActionSpec, DiscreteActionSpec


class GenerativeModelConformance:
    """Give the fixtures ``model`` and ``windows``; the tests come along."""

    tolerance = 1e-4
    """How far sums and repeated losses may stray from what they must be."""
    copies = 1000
    """How many copies of an episode are played to compare counts with probabilities."""

    def test_is_a_generative_model(self, model: Any) -> None:
        assert isinstance(model, GenerativeModel)

    def test_a_density_is_one_of_a_kind_that_is_said(self, model: Any) -> None:
        """Without ``family`` nobody could read what ``distribution`` gives."""
        if callable(getattr(model, "window_distributions", None)):
            assert isinstance(model, HasDensity)

    def test_acts_with_one_valid_action_per_episode(
        self, model: GenerativeModel, windows: Windows
    ) -> None:
        for returns in (None, windows.returns_to_go):
            for actions in played(model, windows, returns, steps=3):
                check_actions(model.action, actions, (len(windows.valid),))

    def test_proposes_as_many_independent_actions_as_are_asked_for(
        self, model: GenerativeModel, windows: Windows
    ) -> None:
        """Of the right shape; neighbours are uncorrelated; distributed like those of `act`."""
        rows, generator = len(windows.valid), torch.Generator().manual_seed(3)
        state = model.observe(model.begin(rows), windows.observations[:, 0], None)
        proposed = model.propose(state, 3, generator).cpu().numpy()
        check_actions(model.action, proposed, (rows, 3))
        many = model.propose(state, self.copies, generator)[0].cpu().numpy()
        many = many.reshape(self.copies, -1).astype(np.float64)
        varied = many[:, many.std(axis=0) > 0]
        for column in (varied - varied.mean(axis=0)).T:
            between = np.mean(column[1:] * column[:-1]) / column.var()
            assert abs(between) < 5.0 / np.sqrt(self.copies)
        observed = np.repeat(windows.observations[:1, 0], self.copies, axis=0)
        acted, _ = model.act(model.begin(self.copies), observed, None, generator)
        acted = acted.reshape(self.copies, -1).astype(np.float64)
        for power in (1, 2):
            one, other = many**power, acted**power
            apart = np.abs(one.mean(axis=0) - other.mean(axis=0))
            error = np.sqrt((one.var(axis=0) + other.var(axis=0)) / self.copies)
            assert np.all(apart <= 5.0 * error + self.tolerance)

    def test_observing_twice_is_one_look(self, model: GenerativeModel, windows: Windows) -> None:
        answers = []
        for looks in (1, 2):
            generator, state = torch.Generator().manual_seed(4), model.begin(len(windows.valid))
            for step in range(3):
                for _ in range(looks):
                    state = model.observe(state, windows.observations[:, step], None)
                actions = model.propose(state, 2, generator)
                answers.append(actions)
                state = model.remember(state, actions[:, 0])
        assert all(torch.equal(answers[each], answers[3 + each]) for each in range(3))

    def test_the_same_generator_gives_the_same_actions(
        self, model: GenerativeModel, windows: Windows
    ) -> None:
        first, second = (played(model, windows, windows.returns_to_go, steps=4) for _ in "ab")
        assert np.array_equal(first, second)

    def test_the_loss_is_finite_and_its_gradient_too(self, model: Any, windows: Windows) -> None:
        losses = model.loss(windows, torch.Generator().manual_seed(1))
        assert losses.total.ndim == 0
        assert torch.isfinite(losses.total)
        assert all(np.isfinite(part) for part in losses.parts.values())
        if isinstance(model, TrainableModel):
            losses.total.backward()
            found = [each.grad for each in model.parameters() if each.grad is not None]
            assert found
            assert all(bool(torch.isfinite(each).all()) for each in found)

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
        check_actions(model.action, actions, (1,))

    def test_densities_are_normalised(self, model: Any, windows: Windows) -> None:
        """By the sum over discrete actions, or the mean over a sampled box and its edges."""
        if not isinstance(model, HasDensity):
            return
        for conditioned in (False, True):
            with torch.no_grad():
                rows = model.window_distributions(windows, conditioned)
            rows = rows.cpu()[torch.from_numpy(windows.valid)].double()
            total, error = mass(model.family, rows)
            assert bool(((total - 1.0).abs() <= 6.0 * error + self.tolerance).all())

    def test_densities_are_causal(self, model: Any, windows: Windows) -> None:
        if not isinstance(model, HasDensity):
            return
        for conditioned in (False, True):
            with torch.no_grad():
                full = model.window_distributions(windows, conditioned)
                short = model.window_distributions(first_steps(windows, 2), conditioned)
            assert torch.allclose(full[:, :2], short, atol=self.tolerance)

    def test_what_is_remembered_while_acting_is_what_a_window_shows(
        self, model: Any, windows: Windows
    ) -> None:
        """Actions of many copies of an episode follow the density given their own past.

        Counts of each action (of the parts of a box, in every dimension), split by the
        action before it, lie within 5 deviations of the sums of their probabilities,
        at every step of the first window.
        """
        if not (isinstance(model, HasDensity) and isinstance(model, GenerativeModel)):
            return
        episode = repeated(first_steps(windows, int(windows.valid[0].sum())), self.copies)
        for conditioned in (False, True):
            seen = relived(model, episode, conditioned)
            with torch.no_grad():
                rows = model.window_distributions(seen, conditioned).cpu()
            happened, expected = shares(model.family, rows, seen.actions)
            before = kinds(model.action, seen)
            excess = np.einsum("btp,bta->tpa", before, happened - expected)
            variance = np.einsum("btp,bta->tpa", before, expected * (1 - expected))
            assert np.all(np.abs(excess) <= 5 * np.sqrt(variance) + 1 + self.tolerance)

    def test_return_distributions_are_normalised(self, model: Any, windows: Windows) -> None:
        if not isinstance(model, HasReturnDistribution):
            return
        for after_action in (False, True):
            with torch.no_grad():
                total = model.window_return_log_probabilities(windows, after_action).exp().sum(-1)
            real = total.cpu()[torch.from_numpy(windows.valid)]
            assert torch.allclose(real, torch.ones_like(real), atol=self.tolerance)

    def test_features_are_a_vector_for_each_step(self, model: Any, windows: Windows) -> None:
        if not isinstance(model, HasFeatures):
            return
        with torch.no_grad():
            found = [model.window_hidden(windows, each) for each in (False, True)]
            short = model.window_hidden(first_steps(windows, 2), True)
        assert all(each.shape == (*windows.valid.shape, model.width) for each in found)
        assert torch.allclose(found[1][:, :2], short, atol=self.tolerance)


def check_actions(spec: ActionSpec, actions: Any, shape: tuple[int, ...]) -> None:
    """Fail unless ``actions [*shape(, d)]`` are of ``spec``."""
    match spec:
        case DiscreteActionSpec():
            assert actions.dtype == np.int64
            assert actions.shape == shape
            assert np.all((actions >= 0) & (actions < spec.count))
        case ContinuousActionSpec():
            assert actions.dtype == np.float32
            assert actions.shape == (*shape, spec.size)
            low, high = (np.asarray(each, np.float32) for each in (spec.low, spec.high))
            assert np.all((actions >= low) & (actions <= high))


def mass(family: Family, rows: Tensor) -> tuple[Tensor, Tensor]:
    """What the probabilities of each of ``rows [N, P]`` add up to, ``[N]``, and its error.

    By importance: of a clipped Gaussian in each dimension either edge, or evenly between
    them; of a squashed one as a wide one of its kind draws.
    """
    generator = torch.Generator().manual_seed(5)
    match family:
        case DiscreteActionSpec():
            return rows.exp().sum(-1), rows.new_zeros(len(rows))
        case ContinuousActionSpec():
            actions, drawn = _anywhere(family, rows, generator)
        case Squashed():
            wide = torch.zeros_like(rows[0])
            wide[family.box.size :] = 1.0
            actions = sample(family, wide.expand(8000, -1), generator)
            drawn = log_density(family, wide, actions)
        case _:
            assert_never(family)
    many = rows.unsqueeze(1).expand(-1, len(actions), -1)
    ratio = (log_density(family, many, actions.expand(len(rows), -1, -1)) - drawn).exp()
    return ratio.mean(1), ratio.std(1) / len(actions) ** 0.5


def _anywhere(
    spec: ContinuousActionSpec, rows: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Actions on either edge of a box or evenly between them, and their log density."""
    low, high = (rows.new_tensor(each) for each in (spec.low, spec.high))
    even = torch.rand((8000, spec.size), generator=generator).to(rows)
    place = torch.randint(3, (8000, spec.size), generator=generator)
    inside = low + even * (high - low)
    actions = torch.where(place == 0, low, torch.where(place == 1, high, inside))
    return actions, torch.where(place == 2, 1.0 / (3.0 * (high - low)), 1.0 / 3.0).log().sum(-1)


def shares(family: Family, rows: Tensor, actions: Any) -> tuple[Any, Any]:
    """Which of some events happened at each step, and their probabilities, ``[B, T, events]``.

    Every action; or in each dimension of a box the quarters of it, and of a box that
    clips also its edges.
    """
    if isinstance(family, DiscreteActionSpec):
        expected = rows.exp().numpy()
        return np.eye(expected.shape[-1])[actions], expected
    mean, log_deviation = rows.double().unsqueeze(-1).chunk(2, dim=-2)
    quarters = torch.tensor([-0.5, 0.0, 0.5], dtype=torch.float64)
    if isinstance(family, Squashed):
        box, ends, between = family.box, torch.atanh(quarters), quarters.numpy()
    else:
        edge = torch.ones(1, dtype=torch.float64)
        box, ends = family, torch.cat([-edge, quarters, edge])
        between = np.clip(ends.numpy(), EDGE - 1.0, 1.0 - EDGE)
    reached = torch.special.ndtr((ends - mean) * torch.exp(-log_deviation))
    none, all_of_it = torch.zeros_like(mean), torch.ones_like(mean)
    expected = torch.cat([none, reached, all_of_it], dim=-1).diff(dim=-1).flatten(2).numpy()
    unit = to_unit(box, torch.from_numpy(actions).double()).numpy()
    cell = np.digitize(unit, between)
    return np.eye(len(between) + 1)[cell].reshape(expected.shape), expected


def kinds(spec: ActionSpec, windows: Windows) -> Any:
    """Which kind the action before each step was, one-hot ``[B, T, kinds]``; one kind is none."""
    if isinstance(spec, DiscreteActionSpec):
        return np.eye(spec.count + 1)[windows.previous_actions]
    middle = 0.5 * (np.asarray(spec.low) + np.asarray(spec.high))
    upper = windows.previous_actions[..., 0] > middle[0]
    return np.eye(3)[np.where(windows.times == 0, 2, upper)]
