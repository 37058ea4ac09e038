"""`TabularModel`: an exact generative model of a small world, as tables over time and state.

Knows no environment: its tables are counted from trajectories or computed by
dynamic programming, and it answers every question a transformer can be asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from driftline.data.returns import flat_returns_to_go
from driftline.data.trajectories import Trajectories
from driftline.data.windows import Windows
from driftline.errors import CapabilityError, DataError, SettingsError
from driftline.exact.soft_values import soft_plan
from driftline.exact.tables import Tables
from driftline.exact.world import FiniteWorld
from driftline.models.action_distributions import sample
from driftline.models.model import Losses
from driftline.shapes import Floats, Integers
from driftline.spaces.specs import DiscreteActionSpec


@dataclass(frozen=True, eq=False)
class TabularState:
    """B episodes ``time`` steps after their reset; ``states`` and ``asked`` once observed."""

    rows: int
    time: int = 0
    states: Integers | None = None
    asked: Floats | None = None
    conditioned: bool | None = None


class TabularModel:
    """Tables ``policy [H, S, A]`` and ``return_after [H, S, A, N]`` over ``return_values [N]``.

    Exact where time and state are all that a demonstrator and its world look at, as
    in a tree, whose states are its histories. Asked for a return-to-go R it acts by
    Bayes, P(a|t,s,R) = pi_0(a|t,s) P(R|t,s,a) / P(R|t,s); where R cannot happen any
    more it takes the nearest return that can, the higher of two. All answers are float64.
    """

    return_width = 0.0

    def __init__(
        self,
        policy: Floats,
        return_values: Floats,
        return_after: Floats,
        world: FiniteWorld | None = None,
    ) -> None:
        self.action = self.family = DiscreteActionSpec(policy.shape[2])
        self.return_values = return_values
        self._policy, self._after, self._world = policy, return_after, world
        self._before = np.einsum("tsa,tsan->tsn", policy, return_after)
        self._plans: dict[float, Floats] = {}
        self._known = policy.sum(axis=2) > 0

    @classmethod
    def of(cls, tables: Tables) -> TabularModel:
        """The demonstrator whose tables these are; it knows its world, so it `HasControl`."""
        return cls(tables.policy, tables.return_values, tables.return_after, tables.world)

    @classmethod
    def fit(cls, trajectories: Trajectories, states: int, actions: int) -> TabularModel:
        """Counts of ``trajectories``, whose observations are states ``[steps]``.

        Raises `DataError` where observations are no states below ``states``.
        """
        seen = np.asarray(trajectories.observations)
        if seen.ndim != 1 or seen.min() < 0 or seen.max() >= states:
            raise DataError(
                f"tables need one state below {states} a step, got observations of shape "
                f"{seen.shape[1:]} from {seen.min()} to {seen.max()}; number the states"
            )
        episode = np.repeat(np.arange(len(trajectories)), trajectories.lengths)
        steps = np.arange(trajectories.steps)
        times = steps - trajectories.starts[episode]
        states_seen = seen[steps + episode].astype(np.int64)
        returns = flat_returns_to_go(trajectories.rewards, trajectories.starts).round(9)
        values, atom = np.unique(returns, return_inverse=True)
        counts = np.zeros((int(trajectories.lengths.max()), states, actions, len(values)))
        np.add.at(counts, (times, states_seen, trajectories.actions.astype(np.int64), atom), 1.0)
        return cls(_shares(counts.sum(3)), values, _shares(counts))

    def loss(self, windows: Windows, generator: torch.Generator) -> Losses:
        """Mean negative log-likelihood of the actions, unconditioned; nothing to descend."""
        rows = self.window_distributions(windows, conditioned=False)
        valid = torch.from_numpy(windows.valid)
        actions = torch.from_numpy(np.where(windows.valid, windows.actions, 0)).long()
        nll = -rows.gather(2, actions.unsqueeze(2)).squeeze(2)[valid].mean()
        return Losses(nll, {"action_nll": float(nll)})

    def begin(self, batch: int) -> TabularState:
        """``batch`` episodes that start now."""
        return TabularState(batch)

    def observe(
        self, state: TabularState, observations: Any, returns_to_go: Any | None
    ) -> TabularState:
        """Look at the states ``[B]``."""
        conditioned = returns_to_go is not None
        if state.conditioned is not None and state.conditioned != conditioned:
            raise SettingsError(
                "an episode is conditioned on a return at every step or at none, and this one "
                "changed; begin a second state for the other policy"
            )
        asked = None if returns_to_go is None else np.asarray(returns_to_go, np.float64)
        states = np.asarray(observations, np.int64)
        return replace(state, states=states, asked=asked, conditioned=conditioned)

    def distribution(self, state: TabularState) -> Tensor:
        """Log-probabilities ``float64 [B, A]`` at the step observed."""
        times, states = _place(state)
        return torch.from_numpy(_log(self._policies(times, states, state.asked)))

    def propose(self, state: TabularState, count: int, generator: torch.Generator) -> Tensor:
        """``count`` independent actions for the step observed, ``int64 [B, count]``."""
        rows = self.distribution(state).unsqueeze(1).expand(-1, count, -1)
        return sample(self.family, rows, generator)

    def remember(self, state: TabularState, actions: Any) -> TabularState:
        """The next step; what was done shows in the state that comes."""
        return replace(state, time=state.time + 1, states=None, asked=None)

    def act(
        self,
        state: TabularState,
        observations: Any,
        returns_to_go: Any | None,
        generator: torch.Generator,
    ) -> tuple[Integers, TabularState]:
        """Sample ``int64 [B]`` actions and remember them."""
        state = self.observe(state, observations, returns_to_go)
        actions = self.propose(state, 1, generator)[:, 0].numpy()
        return actions, self.remember(state, actions)

    def narrow(self, state: TabularState, rows: Any) -> TabularState:
        """The episodes ``rows`` alone."""
        kept = np.arange(state.rows)[rows]
        states = None if state.states is None else state.states[kept]
        asked = None if state.asked is None else state.asked[kept]
        return replace(state, rows=len(kept), states=states, asked=asked)

    def window_distributions(self, windows: Windows, conditioned: bool) -> Tensor:
        """``float64 [B, L, A]``; see `HasDensity`. Uniform in the padding."""
        times, states = _window_places(windows)
        asked = windows.returns_to_go[windows.valid] if conditioned else None
        found = np.full((*windows.valid.shape, self.action.count), 1.0 / self.action.count)
        found[windows.valid] = self._policies(times, states, asked)
        return torch.from_numpy(_log(found))

    def window_return_log_probabilities(self, windows: Windows, after_action: bool) -> Tensor:
        """``float64 [B, L, N]``; see `HasReturnDistribution`. Uniform in the padding."""
        times, states = _window_places(windows)
        found = np.full((*windows.valid.shape, len(self.return_values)), 1.0)
        found /= len(self.return_values)
        rows = self._before[times, states]
        if after_action:
            rows = self._after[times, states, windows.actions[windows.valid]]
        found[windows.valid] = rows
        return torch.from_numpy(_log(found))

    def return_log_probabilities(self, state: TabularState, actions: Tensor | None) -> Tensor:
        """Of the step observed, ``[B, N]``, or ``[B, n, N]`` after ``actions [B, n]``."""
        times, states = _place(state)
        if actions is None:
            return torch.from_numpy(_log(self._before[times, states]))
        rows = self._after[times[:, None], states[:, None], actions.numpy()]
        return torch.from_numpy(_log(rows))

    def control_values(self, state: TabularState, beta: float) -> Tensor:
        """E_{s'}[beta r + V(s')] of every action at the step observed; see `HasControl`."""
        if self._world is None:
            raise CapabilityError(
                "this TabularModel was counted from trajectories and lacks the dynamics that "
                'backup="control" needs; make it of the Tables of a world, or use '
                'backup="inference"'
            )
        times, states = _place(state)
        if beta not in self._plans:
            self._plans[beta] = soft_plan(self._world, self._policy, beta, "control").action_values
        return torch.from_numpy(self._plans[beta][times, states])

    def _policies(self, times: Integers, states: Integers, asked: Floats | None) -> Floats:
        self._check(times, states)
        policy = self._policy[times, states]
        if asked is None:
            return policy
        possible = self._before[times, states] > 0
        distance = np.where(possible, abs(self.return_values - asked[:, None]), np.inf)
        atom = len(self.return_values) - 1 - distance[:, ::-1].argmin(axis=1)
        return _shares(policy * self._after[times, states, :, atom])

    def _check(self, times: Integers, states: Integers) -> None:
        late = times >= len(self._policy)
        unknown = late.copy()
        unknown[~late] = ~self._known[times[~late], states[~late]]
        if unknown.any():
            row = int(unknown.argmax())
            raise DataError(
                f"state {states[row]} at time {times[row]} is in no table: nobody demonstrated "
                "it; fit the tables to trajectories that come there"
            )


def _place(state: TabularState) -> tuple[Integers, Integers]:
    if state.states is None:
        raise SettingsError("this state has observed no step; call observe() before asking")
    return np.full(len(state.states), state.time), state.states


def _window_places(windows: Windows) -> tuple[Integers, Integers]:
    times = windows.times[windows.valid]
    return times, np.asarray(windows.observations[windows.valid], np.int64)


def _shares(counts: Floats) -> Floats:
    """Counts over their sum along the last axis; all 0 where there are none."""
    total = counts.sum(axis=-1, keepdims=True)
    return np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)


def _log(probabilities: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(probabilities))
