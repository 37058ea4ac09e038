"""Worlds small enough to enumerate, and models whose policy is known, for tests of learning.

Knows no test.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from driftline.data.trajectories import Trajectories
from driftline.data.trajectory import Trajectory
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.spaces.codecs import ReturnCodec
from driftline.spaces.specs import CodesSpec, DiscreteActionSpec

END = -1


class TabularWorld(VectorEnv[Any, Any, Any]):
    """Tables ``[S, A]`` over states and actions; copy n begins in ``starts[n]``.

    ``following`` holds the next state, or `END`; an ended episode stays in its last
    state. An episode is truncated after ``horizon`` actions. ``hidden`` (NaN
    tables allowed) and ``marked`` are reported as hidden reward and flag.
    """

    def __init__(
        self,
        following: Any,
        rewards: Any,
        starts: Any,
        *,
        hidden: Any | None = None,
        marked: Any | None = None,
        horizon: int = 1000,
        mode: Any = AutoresetMode.NEXT_STEP,
    ) -> None:
        self.following, self.rewards = np.asarray(following), np.asarray(rewards, np.float64)
        self.starts, self.horizon = np.asarray(starts), horizon
        self.hidden, self.marked = hidden, marked
        self.num_envs = len(self.starts)
        states, actions = self.following.shape
        self.single_observation_space = Discrete(states)
        self.single_action_space = Discrete(actions)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.metadata = {"autoreset_mode": mode}

    def reset(self, *, seed: Any = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        self.states = self.starts.copy()
        self.clock = np.zeros(self.num_envs, np.int64)
        self.done = np.zeros(self.num_envs, np.bool_)
        return self.states.copy(), {}

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        place = (self.states, np.asarray(actions))
        fresh, following = self.done, self.following[place]
        rewards = np.where(fresh, 0.0, self.rewards[place])
        terminated = ~fresh & (following == END)
        info: dict[str, Any] = {}
        if self.hidden is not None:
            info["hidden_reward"] = np.where(fresh, 0.0, self.hidden[place])
        if self.marked is not None:
            info["flags"] = {"marked": ~fresh & self.marked[place]}
            info["available"] = {"marked": ~fresh & (self.states % 2 == 0)}
        self.clock = np.where(fresh, 0, self.clock + 1)
        truncated = ~fresh & ~terminated & (self.clock >= self.horizon)
        moved = np.where(terminated, self.states, following)
        self.states = np.where(fresh, self.starts, moved)
        self.done = terminated | truncated
        return self.states.copy(), rewards, terminated, truncated, info


def random_world(seed: int, copies: int, **settings: Any) -> TabularWorld:
    """Ten states, three actions, episodes of one to nine steps, all tables filled."""
    draw = np.random.default_rng(seed)
    following = np.where(draw.random((10, 3)) < 0.25, END, draw.integers(10, size=(10, 3)))
    tables = {
        "hidden": draw.normal(size=(10, 3)),
        "marked": draw.random((10, 3)) < 0.3,
        "horizon": 9,
        **settings,
    }
    return TabularWorld(
        following, draw.normal(size=(10, 3)), draw.integers(10, size=copies), **tables
    )


def bandit(rewards: Any, copies: int, **settings: Any) -> TabularWorld:
    """One state, one step, one reward for each action."""
    table = np.asarray(rewards, np.float64)[None]
    return TabularWorld(np.full(table.shape, END), table, np.zeros(copies, np.int64), **settings)


def tabular_model(
    states: int, actions: int, *, seed: int = 0, sharp: float = 8.0, **settings: Any
) -> TrajectoryTransformer:
    """An untrained model; ``sharp`` scales its action head, so that contexts matter."""
    chosen = {"width": 16, "layers": 1, "heads": 2, "context_length": 4, "horizon": 9, **settings}
    model = TrajectoryTransformer(
        TransformerConfig(**chosen),
        CodesSpec((), states),
        DiscreteActionSpec(actions),
        ReturnCodec(0.0, 1.0, -10.0, 10.0, 8),
        seed=seed,
    )
    with torch.no_grad():
        model.action_head.weight.mul_(sharp)
    return model.eval()


def plain_model(probabilities: Any, states: int = 1) -> TrajectoryTransformer:
    """A model that takes each action with its probability, whatever it sees."""
    model = tabular_model(states, len(probabilities), sharp=0.0)
    with torch.no_grad():
        model.action_head.bias.copy_(torch.log(torch.tensor(probabilities)))
    return model


def one_step(returns: Any) -> Trajectories:
    """One-step demonstrations in state 0 with these returns."""

    def single(reward: float) -> Trajectory:
        states, actions = np.zeros(2, np.int64), np.zeros(1, np.int64)
        return Trajectory(states, actions, np.array([reward]), terminated=True, truncated=False)

    return Trajectories.of([single(float(each)) for each in returns])
