"""The engine: copies of a maze that are seen as vectors, and what is reported of them.

Knows no maze in particular. Gymnasium-Robotics steps the copies and loads when they are made,
not before.
"""

from __future__ import annotations

import contextlib
import copy
import io
from functools import partial
from pathlib import Path
from typing import Any, Literal

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from driftline.environments.maze.mazes import RAMS, Maze, maze
from driftline.errors import SettingsError

Proxy = Literal["speed"]
FASTEST = 5.0 * 2.0**0.5
"""Metres a second: Gymnasium-Robotics holds a ball at 5 along x and along y."""

Vector = npt.NDArray[np.float32]


class MazeEnv(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Observes ``float32 [d]``: x, y, what else a body knows of itself, goal x, goal y.

    A ball knows its velocity. The goal pays 1 and ends the episode, every other step pays 0:
    returns are 0 or 1, as D4RL's AntMaze has them (Fu et al. 2020, arXiv:2004.07219), and not
    minus the steps that it took, as where 1 is taken off every reward. With a ``proxy`` the
    copy is paid its speed as a share of `FASTEST`, and what the goal pays is hidden.

    ``info`` of every step: ``hidden_reward`` (what the goal pays), ``flags`` and ``available``
    (whatever a body does is open to it at every step). A body rams a wall in the step in which
    the wall pushes it back, by the speed that it had before.
    """

    def __init__(
        self, environment: gymnasium.Env[Any, Any], of: Maze, proxy: Proxy | None = None
    ) -> None:
        super().__init__(environment)
        inner: Any = environment.unwrapped
        self._of, self._proxy, self._data = of, proxy, inner.data
        names = [inner.model.geom(each).name for each in range(inner.model.ngeom)]
        self._walls = np.array([each.startswith("block_") for each in names])
        size = sum(int(inner.observation_space[part].shape[0]) for part in of.parts)
        self.observation_space = Box(-np.inf, np.inf, (size,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Vector, dict[str, Any]]:
        """A place and a goal, drawn from the free cells."""
        observed, _ = self.env.reset(seed=seed, options=options)
        return self._seen(observed), self._told(0.0, False)

    def step(self, action: Any) -> tuple[Vector, float, bool, bool, dict[str, Any]]:
        """One action, a force for a ball and torques for an ant, each from -1 to 1."""
        before = self._speed()
        observed, reward, terminated, truncated, _ = self.env.step(action)
        rams = before >= self._of.ramming and self._touches()
        paid = float(reward) if self._proxy is None else self._speed() / FASTEST
        told = self._told(float(reward), rams)
        return self._seen(observed), paid, terminated, truncated and not terminated, told

    def _seen(self, observed: dict[str, Any]) -> Vector:
        return np.concatenate([observed[part] for part in self._of.parts], dtype=np.float32)

    def _speed(self) -> float:
        """Metres a second along the ground."""
        return float(np.hypot(*self._data.qvel[:2]))

    def _touches(self) -> bool:
        """Whether a wall pushed the body back; nothing else can touch a wall."""
        return bool(self._walls[self._data.contact.geom].any())

    def _told(self, reward: float, rams: bool) -> dict[str, Any]:
        return {
            "hidden_reward": reward,
            "flags": {RAMS: rams},
            "available": {RAMS: True},
        }


def copies(of: Maze, count: int, proxy: Proxy | None = None) -> SyncVectorEnv:
    """``count`` copies, each reset on the step after its last; needs ``driftline[maze]``."""
    if count < 1:
        raise SettingsError(f"{count} copies were asked for; at least 1 is needed")
    made = partial(_made, of, proxy)
    return SyncVectorEnv([made] * count, autoreset_mode=AutoresetMode.NEXT_STEP)


def named(name: str, render_mode: str | None = None) -> MazeEnv:
    """One copy of the maze of that name: what ``gymnasium.make`` calls."""
    return _made(maze(name), None, render_mode)


def _made(of: Maze, proxy: Proxy | None, render_mode: str | None = None) -> MazeEnv:
    with contextlib.redirect_stderr(io.StringIO()):  # it has news of hands that are not here
        import gymnasium_robotics  # noqa: F401 - registers the mazes

    specification = copy.deepcopy(gymnasium.spec(of.environment_id))
    if not of.ant:
        from driftline.environments.maze.skyless import SkylessPointMaze

        specification.entry_point = SkylessPointMaze
    plain = gymnasium.make(specification, continuing_task=False, render_mode=render_mode)
    inner: Any = plain.unwrapped
    Path(inner.tmp_xml_file_path).unlink(missing_ok=True)  # it is read, and would stay
    return MazeEnv(plain, of, proxy)
