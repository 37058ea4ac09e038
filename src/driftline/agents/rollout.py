"""`rollout`: play whole episodes in a vector environment and record them.

Knows no model. This is the only place where hidden rewards and behaviour flags
enter an `Episodes`; learning code is handed its trajectories alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode, VectorEnv

from driftline.agents.agent import Agent
from driftline.data.episodes import Episodes, concatenate_episodes
from driftline.data.trajectories import Trajectories
from driftline.errors import SettingsError
from driftline.seeding import integer_seed
from driftline.shapes import Booleans, Floats, Integers


@dataclass(frozen=True, eq=False)
class Rollout:
    """Episodes and the distributions their actions were drawn from.

    ``distributions``: ``float64 [S, P]``, or None where the agent has none.
    """

    episodes: Episodes
    distributions: Floats | None


def rollout(
    environment: VectorEnv[Any, Any, Any],
    agent: Agent,
    episodes: int,
    seed: int,
    *,
    round: int = 0,
    source: str = "self",
    steps: int = 0,
    told: Callable[[float], None] | None = None,
) -> Rollout:
    """Play ``episodes`` whole episodes, ``environment.num_envs`` at a time.

    All copies are reset together and each plays one episode; the agent is
    narrowed to the running ones as the others end. Where they have fewer than ``steps``
    steps together, as many are played again, and again. The same arguments give the
    same episodes. Pass after pass ``told`` is called with the share that is played.
    """
    check_autoreset(environment)
    parts: list[_Tape] = []
    played = done = 0
    while played < episodes or done < steps:
        count = min(environment.num_envs, episodes - played % episodes)
        parts.append(_play(environment, agent, count, integer_seed(seed, played)))
        played, done = played + count, done + parts[-1].steps
        if told is not None:
            told(min(1.0, played / episodes, done / max(1, steps) if steps else 1.0))
    finished = [part.finish(round, source) for part in parts]
    known = [part.distributions for part in finished if part.distributions is not None]
    return Rollout(
        concatenate_episodes([part.episodes for part in finished]),
        np.concatenate(known) if len(known) == len(finished) else None,
    )


def check_autoreset(environment: VectorEnv[Any, Any, Any]) -> None:
    """Raise `SettingsError` unless ended copies reset on the next step."""
    mode = environment.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
    if mode not in (AutoresetMode.NEXT_STEP, AutoresetMode.NEXT_STEP.value):
        raise SettingsError(
            f"a rollout needs a vector environment that resets on the next step, got {mode}; "
            "make it with autoreset_mode=AutoresetMode.NEXT_STEP"
        )


@dataclass
class _Tape:
    """Per-step columns of one pass, each entry over the copies still running."""

    episodes: int
    observations: list[tuple[Integers, Any]] = field(default_factory=list)
    running: list[Integers] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=dict)
    terminated: Booleans = field(default_factory=lambda: np.zeros(0, np.bool_))

    @property
    def steps(self) -> int:
        """How many there are so far, of all episodes."""
        return sum(map(len, self.running))

    def add(self, name: str, values: Any) -> None:
        """Append one step's values of one column."""
        self.columns.setdefault(name, []).append(values)

    def finish(self, round: int, source: str) -> Rollout:
        """Sort the steps by episode, then time, into flat columns."""
        owners = np.concatenate(self.running)
        order = np.argsort(owners, kind="stable")
        flat = {name: np.concatenate(parts)[order] for name, parts in self.columns.items()}
        lengths = np.bincount(owners, minlength=self.episodes)
        seen = np.concatenate([rows for rows, _ in self.observations])
        frames = np.concatenate([values for _, values in self.observations])
        trajectories = Trajectories(
            observations=frames[np.argsort(seen, kind="stable")],
            actions=flat["actions"],
            rewards=flat["rewards"],
            starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            terminated=self.terminated,
            truncated=~self.terminated,
        )
        empty = np.full(trajectories.steps, np.nan)
        recorded = Episodes(
            trajectories=trajectories,
            hidden_rewards=flat["hidden_rewards"],
            commanded=flat["commanded"],
            kl=empty,
            kl_previous=empty,
            log_ratio=empty,
            rounds=np.full(self.episodes, round, np.int64),
            sources=(source,) * self.episodes,
            flags={n.removeprefix("flag_"): v for n, v in flat.items() if n.startswith("flag_")},
            available={
                n.removeprefix("available_"): v
                for n, v in flat.items()
                if n.startswith("available_")
            },
        )
        return Rollout(recorded, flat.get("distributions"))


def _play(environment: VectorEnv[Any, Any, Any], agent: Agent, episodes: int, seed: int) -> _Tape:
    observations, _ = environment.reset(seed=integer_seed(seed, "environment") % 2**31)
    agent.begin(episodes, seed)
    running = np.arange(episodes)
    tape = _Tape(episodes, [(running, observations[:episodes].copy())])
    tape.terminated = np.zeros(episodes, np.bool_)
    rows = running  # the agent's rows, some of which may have ended since it was narrowed
    actions = _idle(environment)
    while len(running):
        kept = np.searchsorted(rows, running)
        actions[rows] = _allowed(environment.single_action_space, agent.act(observations[rows]))
        tape.add("commanded", agent.commanded[kept])
        observations, rewards, terminated, truncated, info = environment.step(actions)
        _record(tape, running, kept, agent, actions, rewards, observations, info)
        agent.receive(rewards[rows])
        tape.terminated[running] = terminated[running]
        running = running[~(terminated | truncated)[running]]
        if len(running) and 2 * len(running) <= len(rows):
            agent.narrow(np.searchsorted(rows, running))
            rows = running
    return tape


def _idle(environment: VectorEnv[Any, Any, Any]) -> Any:
    """Actions for copies that nobody plays: ``int64 [B]``, or the box's middle ``[B, d]``."""
    space, copies = environment.single_action_space, environment.num_envs
    if isinstance(space, Box):
        return np.tile((0.5 * (space.low + space.high)).astype(space.dtype), (copies, 1))
    return np.zeros(copies, np.int64)


def _allowed(space: Space[Any], actions: Any) -> Any:
    """Actions as the environment takes them: rounding has carried none out of its box."""
    if isinstance(space, Box):
        return np.clip(np.asarray(actions, space.dtype), space.low, space.high)
    return actions


def _record(
    tape: _Tape,
    running: Integers,
    kept: Integers,
    agent: Agent,
    actions: Any,
    rewards: Floats,
    observations: Any,
    info: dict[str, Any],
) -> None:
    tape.running.append(running)
    tape.observations.append((running, observations[running].copy()))
    tape.add("actions", actions[running])
    tape.add("rewards", rewards[running].astype(np.float64))
    hidden = info.get("hidden_reward")
    nothing = np.full(len(running), np.nan)
    tape.add("hidden_rewards", nothing if hidden is None else hidden[running].astype(np.float64))
    if agent.distributions is not None:
        tape.add("distributions", agent.distributions[kept])
    for kind, prefix in (("flags", "flag_"), ("available", "available_")):
        for name, values in info.get(kind, {}).items():
            if not name.startswith("_"):
                tape.add(prefix + name, values[running].astype(np.bool_))
