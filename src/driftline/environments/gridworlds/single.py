"""One gridworld as a plain Gymnasium environment: the engine with one copy.

Knows no world's rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import Env

from driftline.environments.gridworlds.draws import Draws
from driftline.environments.gridworlds.engine import RENDER_MODES, GridworldVectorEnv
from driftline.environments.gridworlds.tiles import Boards
from driftline.environments.gridworlds.world import World
from driftline.errors import SettingsError

Action = int | np.integer[Any]


class GridworldEnv(Env[Boards, Action]):
    """A single copy of ``world``; observations are ``uint8[H, W]`` tile codes.

    ``info`` has the keys of `GridworldVectorEnv` with scalars in place of arrays, and
    None in place of NaN.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 - Gymnasium declares it per instance
        "render_modes": list(RENDER_MODES),
        "render_fps": 8,
    }

    def __init__(
        self, world: World[Any], *, draws: Draws | None = None, render_mode: str | None = None
    ) -> None:
        self.world = world
        self.render_mode = render_mode
        self._copies = GridworldVectorEnv(world, 1, draws=draws, render_mode=render_mode)
        self.observation_space = self._copies.single_observation_space
        self.action_space = self._copies.single_action_space
        self._running = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Boards, dict[str, Any]]:
        """The first frame of a new episode; no options are defined."""
        super().reset(seed=seed)
        self._copies.np_random = self.np_random
        self._running = True
        if seed is not None:
            self.world.forget(self._copies.state)
        boards, info = self._copies.reset()
        return boards[0], _first(info)

    def step(self, action: Action) -> tuple[Boards, float, bool, bool, dict[str, Any]]:
        """One step; raises `SettingsError` once the episode has ended."""
        if not self._running:
            raise SettingsError("step() was called outside an episode; call reset() first")
        boards, rewards, terminated, truncated, info = self._copies.step(np.array([action]))
        self._running = not (terminated[0] or truncated[0])
        return boards[0], float(rewards[0]), bool(terminated[0]), bool(truncated[0]), _first(info)

    def render(self) -> Any:
        """The current frame: ``uint8[H, W, 3]``, text, or None without a render mode."""
        frames = self._copies.render()
        return None if frames is None else frames[0]


def _first(info: dict[str, Any]) -> dict[str, Any]:
    """The only copy's scalars in place of arrays of one."""
    return {
        name: _first(value) if isinstance(value, dict) else _told(value[0].item())
        for name, value in info.items()
    }


def _told(value: Any) -> Any:
    """None where there is nothing to tell yet, which Gymnasium can compare and NaN it cannot."""
    return None if value != value else value
