"""A transformer trained on a small deterministic world, against the exact tilt of it.

Knows the study's settings. Every history of the world is shown to the model, so
that the distance is of whole trajectory distributions and not of samples.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from driftline.conditioning.policies import factorised
from driftline.data.returns import flat_returns_to_go
from driftline.data.sampled import sample_trajectories
from driftline.data.trajectories import Trajectories
from driftline.data.windows import Windows, WindowSource
from driftline.exact.divergences import total_variation
from driftline.exact.histories import HistoryTree, enumerate_histories
from driftline.exact.random_worlds import random_policy, random_tree
from driftline.exact.reweighted import trajectory_tilt
from driftline.exact.world import FiniteWorld
from driftline.experiments.targets_config import LearntSettings
from driftline.models.model import HasDensity, HasReturnDistribution
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.seeding import generator, integer_seed
from driftline.shapes import Floats
from driftline.spaces.codecs import ReturnCodec
from driftline.spaces.specs import CodesSpec, DiscreteActionSpec
from driftline.training.offline import OfflineSettings, train_offline
from driftline.training.update import UpdateSettings


class HasBoth(HasDensity, HasReturnDistribution, Protocol):
    """What a tilt needs of a model."""


DEPTH, ACTIONS, REWARD_STEP = 3, 4, 0.5


def learnt(settings: LearntSettings, seed: int) -> dict[str, Any]:
    """Total variation from the exact tilt, by size of the data, beta and way of asking."""
    draw = generator(seed, "learnt")
    world = random_tree(DEPTH, ACTIONS, draw, reward_step=REWARD_STEP)
    demonstrator = random_policy(world, draw)
    tree = enumerate_histories(world)
    policy = tree.markov(demonstrator)
    played = sample_trajectories(world, demonstrator, max(settings.sizes), draw)
    rows = []
    for size in settings.sizes:
        data = played.slice(0, size)
        model = fitted(world, data, settings.updates, integer_seed(seed, "learnt", size))
        rows += [
            {"size": size, **_distances(tree, policy, model, data, beta)} for beta in settings.betas
        ]
    return {"leaves": len(tree.leaves), "updates": settings.updates, "rows": rows}


def fitted(
    world: FiniteWorld, data: Trajectories, updates: int, seed: int
) -> TrajectoryTransformer:
    """A small transformer whose return bins are the returns that can occur."""
    returns = flat_returns_to_go(data.rewards, data.starts)
    bins = round(float(returns.max()) / REWARD_STEP) + 1
    half = REWARD_STEP / 2
    codec = ReturnCodec(
        float(returns.mean()), max(float(returns.std()), 1e-6), -half, returns.max() + half, bins
    )
    config = TransformerConfig(
        context_length=world.horizon,
        time="elapsed",
        horizon=world.horizon,
        return_dropout=0.6,
        return_loss_weight=0.5,
    )
    action, states = DiscreteActionSpec(world.actions), CodesSpec((), world.states)
    model = TrajectoryTransformer(config, states, action, codec, seed=seed)
    update = UpdateSettings(batch=1024, window=world.horizon, learning_rate=4e-3)
    for _ in train_offline(model, data, OfflineSettings(updates, update=update), seed):
        pass
    return model.eval()


def _distances(
    tree: HistoryTree,
    policy: Floats,
    model: TrajectoryTransformer,
    data: Trajectories,
    beta: float,
) -> dict[str, Any]:
    exact = trajectory_tilt(tree, policy, beta)
    windows = every_window(tree)
    plain = likelihood(model.window_distributions(windows, False).double(), windows)
    return {
        "beta": beta,
        "weighed": total_variation(weighed(model, windows, beta), exact),
        "asked": total_variation(asked(model, windows, data, beta), exact),
        "imitated": total_variation(plain, tree.log_probabilities(policy)),
        "counted": _counted(tree, data, beta, exact),
    }


def every_window(tree: HistoryTree) -> Windows:
    """Each leaf of the tree as a window from its first state, ``[leaves, H]``."""
    data = every_trajectory(tree)
    return WindowSource.of(data).whole(np.arange(len(data)))


def every_trajectory(tree: HistoryTree) -> Trajectories:
    """Each leaf of a tree whose histories all have the world's horizon, as it was played."""
    steps = tree.world.horizon
    nodes = np.empty((len(tree.leaves), steps + 1), np.int64)
    nodes[:, -1] = tree.leaves
    for time in reversed(range(steps)):
        nodes[:, time] = tree.parents[nodes[:, time + 1]]
    return Trajectories(
        observations=tree.states[nodes].reshape(-1),
        actions=tree.actions[nodes[:, 1:]].reshape(-1),
        rewards=np.diff(tree.returns[nodes], axis=1).reshape(-1),
        starts=np.arange(len(nodes) + 1) * steps,
        terminated=np.ones(len(nodes), np.bool_),
        truncated=np.zeros(len(nodes), np.bool_),
    )


@torch.no_grad()
def weighed(model: HasBoth, windows: Windows, beta: float) -> Floats:
    """Log-probabilities ``[leaves]`` of the factorised tilt that the model makes."""
    policy = model.window_distributions(windows, False).double()
    rows, steps, actions = policy.shape
    after = [_after(model, windows, action) for action in range(actions)]
    returns = torch.stack(after, dim=2).flatten(0, 1)
    tilt = torch.from_numpy(beta * model.return_values).expand(len(returns), -1)
    chosen = factorised(policy.flatten(0, 1), returns, tilt).view(rows, steps, actions)
    return likelihood(chosen, windows)


def _after(model: HasReturnDistribution, windows: Windows, action: int) -> Tensor:
    """``[leaves, H, bins]`` had each step's action been ``action``."""
    other = replace(windows, actions=np.full_like(windows.actions, action))
    return model.window_return_log_probabilities(other, after_action=True).double()


@torch.no_grad()
def asked(
    model: TrajectoryTransformer, windows: Windows, data: Trajectories, beta: float
) -> Floats:
    """The same when a return is drawn once from the tilted data and asked for."""
    values, counts = np.unique(data.returns.round(6), return_counts=True)
    weights = counts * np.exp(beta * (values - values.max()))
    whole = windows.returns_to_go[:, :1]
    received = whole - windows.returns_to_go
    total = np.zeros(len(whole))
    for value, weight in zip(values, weights / weights.sum(), strict=True):
        command = replace(windows, returns_to_go=value - received)
        known = model.window_distributions(command, True).double()
        total += weight * np.exp(likelihood(known, windows))
    return np.asarray(np.log(total))


def likelihood(known: Tensor, windows: Windows) -> Floats:
    """Log-probability of each window's actions, ``[leaves]``, from ``known [leaves, H, A]``."""
    actions = torch.from_numpy(windows.actions).long().unsqueeze(2)
    return np.asarray(known.gather(2, actions).squeeze(2).sum(1).detach().numpy())


def _counted(tree: HistoryTree, data: Trajectories, beta: float, exact: Floats) -> float:
    """What counting trajectories alone would leave: the noise of the data itself."""
    steps = tree.world.horizon
    actions = data.actions.astype(np.int64).reshape(-1, steps)
    base = tree.world.actions ** np.arange(steps)[::-1]
    windows = every_window(tree)
    seen = np.bincount(actions @ base, minlength=tree.world.actions**steps)
    weights = seen[windows.actions.astype(np.int64) @ base] * np.exp(beta * tree.leaf_returns)
    with np.errstate(divide="ignore"):
        return total_variation(np.log(weights / weights.sum()), exact)
