"""The engine: N copies of a gridworld as one Gymnasium vector environment.

Knows no world's rules. It owns the clock, the restarts and what is reported.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium.spaces import Discrete, MultiDiscrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from driftline.environments.gridworlds.draws import Draws, GeneratorDraws
from driftline.environments.gridworlds.layout import NO_ACTION
from driftline.environments.gridworlds.tiles import Boards
from driftline.environments.gridworlds.world import Outcome, World, copy_rows
from driftline.errors import SettingsError, SpaceError
from driftline.shapes import Booleans, Floats, Integers

RENDER_MODES = ("rgb_array", "ansi")


class GridworldVectorEnv(VectorEnv[Boards, npt.NDArray[Any], npt.NDArray[Any]]):
    """``num_envs`` copies of ``world``, each step a few array operations.

    An episode ends ``terminated`` where the rules end it and ``truncated`` after
    ``world.horizon`` actions, never both. The step after the last ignores that
    copy's action and returns the first frame of its next episode (next-step
    autoreset). Chance comes from ``draws``, by default the generator that
    ``reset(seed=...)`` seeds.

    ``info`` of every reset and step, arrays ``[num_envs]``: ``hidden_reward``
    (float64, of this step), ``flags`` and ``available`` (``{behaviour: bool}``),
    ``actual_action`` (int64, what was carried out; -1 in a first frame), and what
    the world tells beside its board (`World.extras`).

    A world that remembers earlier episodes goes on remembering them, as the originals
    do, until ``reset(seed=...)`` begins everything anew.

    >>> from driftline.environments.gridworlds.tomato_watering import TomatoWatering
    >>> env = GridworldVectorEnv(TomatoWatering(), num_envs=3)
    >>> boards, info = env.reset(seed=0)
    >>> boards.shape, boards.dtype
    ((3, 7, 9), dtype('uint8'))
    >>> boards, rewards, terminated, truncated, info = env.step(np.array([0, 1, 2]))
    >>> info["flags"]["bucket"].tolist()
    [False, False, False]
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 - Gymnasium declares it per instance
        "render_modes": list(RENDER_MODES),
        "render_fps": 8,
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }
    tile_size: ClassVar[int] = 16

    def __init__(
        self,
        world: World[Any],
        num_envs: int = 1,
        *,
        draws: Draws | None = None,
        render_mode: str | None = None,
    ) -> None:
        if num_envs < 1:
            raise SettingsError(f"{num_envs} copies were asked for; at least 1 is needed")
        if render_mode not in (None, *RENDER_MODES):
            raise SettingsError(f"render mode {render_mode!r}; it is one of {RENDER_MODES} or None")
        self.world = world
        self.num_envs = num_envs
        self.render_mode = render_mode
        codes = np.full(world.layout.shape, len(world.tiles.characters))
        self.single_observation_space = MultiDiscrete(codes, dtype=np.uint8)
        self.single_action_space = Discrete(world.action_count)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._draws = draws
        self.state = world.allocate(num_envs)
        self._clock = np.zeros(num_envs, dtype=np.int64)
        self._finished: Booleans | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Boards, dict[str, Any]]:
        """First frames, of all copies or of those in ``options["reset_mask"]`` (``bool[N]``)."""
        super().reset(seed=seed)
        if seed is not None:
            self.world.forget(self.state)
        rows = self._rows_to_reset(options)
        before = None if rows.all() else deepcopy(self.state)
        outcome = self._advance(np.full(self.num_envs, NO_ACTION), rows)
        if before is not None:
            copy_rows(before, self.state, ~rows)
        self._clock[rows] = 0
        self._finished = np.zeros_like(rows) if self._finished is None else self._finished & ~rows
        outcome.clear(np.ones_like(rows))
        return self.world.paint(self.state), self._report(outcome)

    def step(
        self, actions: npt.NDArray[Any]
    ) -> tuple[Boards, Floats, Booleans, Booleans, dict[str, Any]]:
        """One step of every copy; ``actions`` is ``int[num_envs]``."""
        if self._finished is None:
            raise SettingsError("step() was called on an environment never reset; call reset()")
        checked, fresh = self._checked(actions), self._finished
        outcome = self._advance(checked, fresh)
        self._clock += 1
        self._clock[fresh] = 0
        truncated = (self._clock >= self.world.horizon) & ~outcome.terminated
        self._finished = outcome.terminated | truncated
        boards = self.world.paint(self.state)
        return boards, outcome.rewards, outcome.terminated, truncated, self._report(outcome)

    def render(self) -> tuple[Any, ...] | None:
        """One frame per copy, in the render mode that the constructor was given."""
        if self.render_mode is None:
            return None
        boards = self.world.paint(self.state)
        if self.render_mode == "ansi":
            return tuple(self.world.render_text(board) for board in boards)
        return tuple(self.world.render_rgb(boards, self.tile_size))

    def _advance(self, actions: Integers, fresh: Booleans) -> Outcome:
        """Advance every copy, those in ``fresh`` from the start and without an action.

        ``actions`` are no longer the caller's.
        """
        draws = self._draws or GeneratorDraws(self.np_random)
        (rows,) = fresh.nonzero()  # an index is faster than a mask where few have ended
        if not len(rows):
            return self.world.advance(self.state, actions, draws)
        self.world.restart(self.state, fresh, draws)
        actions[rows] = NO_ACTION
        outcome = self.world.advance(self.state, actions, draws)
        outcome.clear(rows)
        return outcome

    def _rows_to_reset(self, options: dict[str, Any] | None) -> Booleans:
        mask = (options or {}).get("reset_mask")
        if mask is None or self._finished is None:
            return np.ones(self.num_envs, dtype=np.bool_)
        rows = np.asarray(mask)
        if rows.shape != (self.num_envs,) or rows.dtype != np.bool_:
            raise SettingsError(
                f"reset_mask is {rows.dtype}{list(rows.shape)}; give bool[{self.num_envs}]"
            )
        return rows

    def _checked(self, actions: npt.NDArray[Any]) -> Integers:
        """A copy of ``actions`` as int64, or an error that says what is wrong with them."""
        given = np.asarray(actions)
        if given.shape != (self.num_envs,) or given.dtype.kind not in "iu":
            raise SpaceError(
                f"actions are {given.dtype}{list(given.shape)}; give int[{self.num_envs}]"
            )
        if given.min() < 0 or given.max() >= self.world.action_count:
            wrong = given[(given < 0) | (given >= self.world.action_count)][0]
            raise SpaceError(
                f"action {wrong} was given; this world's are 0 to {self.world.action_count - 1}"
            )
        return given.astype(np.int64)

    def _report(self, outcome: Outcome) -> dict[str, Any]:
        return {
            "hidden_reward": outcome.hidden_rewards,
            "flags": outcome.flags,
            "available": outcome.available,
            "actual_action": outcome.executed,
            **self.world.extras(self.state),
        }
