"""`PlannedDemonstrator`: people who know a good plan, and do not always follow it.

Knows no world: it plays by a `Plan` and by the boards it sees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.environments.demonstrators.demonstrator import Lapses, check_skill, pick
from driftline.environments.demonstrators.planner import Plan
from driftline.environments.demonstrators.reachable import view_keys
from driftline.environments.gridworlds.tiles import Boards
from driftline.errors import SettingsError
from driftline.shapes import Booleans, Floats, Integers

_DALLYING_PER_STEP = 0.5


@dataclass(frozen=True)
class Manner:
    """How people go about one world.

    ``longest``: the most performance that one who dallies has to spare, at least
    1. ``patience``: steps after which lapses end and everyone makes straight for
    what is to be gained, so that most get there.
    """

    longest: int = 33
    patience: int = 40


class PlannedDemonstrator:
    """Takes one of the best ways, all equally likely; some dally.

    ``skill`` in [0, 1] sets how seldom lapses begin, ``dallying`` is the share of
    players with time to spare: they waste an amount of performance drawn once per
    episode (1 to ``manner.longest``). Whatever they do is safe by the plan: nothing
    undesired is done, nor made unavoidable. Full skill without dallying earns the
    most that a safe way can.

    A player keeps track of the state by its own actions, and looks the state up by
    its board when that is not the one it expected.
    """

    def __init__(
        self, plan: Plan, skill: float = 1.0, dallying: float = 0.5, manner: Manner | None = None
    ) -> None:
        check_skill(skill)
        if not 0.0 <= dallying <= 1.0:
            raise SettingsError(f"dallying is {dallying}; it is a share between 0 and 1")
        self.skill = skill
        self.dallying = dallying
        self._plan = plan
        self._manner = manner or Manner()

    def begin(self, episodes: int, generator: np.random.Generator) -> None:
        """Draw each player's lapses and what it has to spare."""
        spare = generator.integers(1, self._manner.longest + 1, size=episodes)
        # Half a unit more: wastes are discounted, so that they differ a little from whole ones.
        self._spare: Floats = np.where(generator.random(episodes) < self.dallying, spare + 0.5, 0.0)
        self._lapses = Lapses(self.skill, episodes, generator)
        self._states: Integers = np.full(episodes, -1)
        self._steps = 0

    def act(self, boards: Boards, generator: np.random.Generator) -> Integers:
        """``int64[N]`` actions for ``uint8[N, H, W]`` boards; never an unsafe one."""
        plan, rows = self._plan, np.arange(len(boards))
        states = self._recognised(boards)
        safe, waste = plan.safe[states], plan.waste[states]
        meant = self._dally(safe, waste, pick(safe & (waste == 0), generator), generator)
        self._steps += 1
        done = meant
        if self._steps <= self._manner.patience:
            lapsed = self._lapses.disturb(meant, plan.pauses[states], generator)
            done = np.where(safe[rows, lapsed], lapsed, meant)
        self._states = plan.following[states, done]
        return done

    def _recognised(self, boards: Boards) -> Integers:
        """The state of each board: the expected one, unless it looks different."""
        expected = (self._states >= 0) & (self._plan.views[self._states] == view_keys(boards))
        if expected.all():
            return self._states
        return np.where(expected, self._states, self._plan.find(boards, self._states.clip(min=0)))

    def _dally(
        self, safe: Booleans, waste: Floats, best: Integers, generator: np.random.Generator
    ) -> Integers:
        """Now and then a safe action that wastes no more than there is to spare."""
        idle = safe & (waste > 0) & (waste <= self._spare[:, None])
        dallies = idle.any(axis=1) & (generator.random(len(best)) < _DALLYING_PER_STEP)
        chosen = np.where(dallies, pick(idle, generator), best)
        self._spare = self._spare - np.where(dallies, waste[np.arange(len(best)), chosen], 0.0)
        return chosen
