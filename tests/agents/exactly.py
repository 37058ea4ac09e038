"""A target's policy at every history of a small world, read off the agent itself.

Knows no test.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from driftline.agents.questions import before_action
from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.conditioning.policies import resampled
from driftline.conditioning.reference import Reference
from driftline.exact.histories import HistoryTree, enumerate_histories
from driftline.exact.logarithms import log
from driftline.exact.random_worlds import random_policy, random_tree
from driftline.exact.tables import tables
from driftline.models.tabular import TabularModel
from driftline.seeding import generator


def small_tree(
    seed: int, depth: int = 4, actions: int = 3, branches: int = 1
) -> tuple[HistoryTree, Any, TabularModel]:
    """The histories, the demonstrator over them and its tabular model."""
    draw = generator(seed, "world")
    world = random_tree(depth, actions, draw, branches=branches, reward_step=0.5)
    policy = random_policy(world, draw)
    tree = enumerate_histories(world)
    return tree, tree.markov(policy), TabularModel.of(tables(world, policy))


def reference_of(tree: HistoryTree, policy: Any) -> Reference:
    """The demonstrator's returns, exactly."""
    return Reference(tree.atoms, tree.return_probabilities(tree.log_probabilities(policy)))


def along(tree: HistoryTree, visit: Any) -> Any:
    """Log-probabilities ``[nodes, A]`` from what ``visit`` makes of each level in turn.

    ``visit(level, states, owners, rewards)``: the rows of the level before that
    these histories go on from and what was received since (None at the start).
    """
    policy = np.zeros((tree.nodes, tree.world.actions))
    rows = np.zeros(tree.nodes, np.int64)
    for level, fan in enumerate(tree.fans):
        nodes = fan.decisions
        owners, rewards = None, None
        if level:
            parents = tree.parents[nodes]
            owners = rows[parents]
            rewards = tree.returns[nodes] - tree.returns[parents]
        policy[nodes] = visit(level, tree.states[nodes], owners, rewards)
        rows[nodes] = np.arange(len(nodes))
    return policy


def weighed_policy(tree: HistoryTree, model: TabularModel, target: Any, reference: Any) -> Any:
    """What an agent that weighs actions does at every history."""
    agent = ReturnConditionedAgent(model, target, reference)

    def visit(level: int, states: Any, owners: Any, rewards: Any) -> Any:
        if level == 0:
            agent.begin(len(states), seed=0)
        else:
            agent.narrow(owners)
            agent.receive(rewards)
        agent.act(states)
        return agent.distributions

    return along(tree, visit)


def resampled_policy(tree: HistoryTree, model: TabularModel, target: Any, reference: Any) -> Any:
    """The mixture over the returns drawn, at every history."""
    held: dict[str, Any] = {}

    def visit(level: int, states: Any, owners: Any, rewards: Any) -> Any:
        held["state"] = (
            model.begin(len(states)) if level == 0 else model.narrow(held["state"], owners)
        )
        blind = model.observe(held["state"], states, None)
        values = model.return_values
        weights = resampled(target, reference, values, before_action(model, blind))
        mixed = np.zeros((len(states), model.action.count))
        for value, share in zip(values, weights.T, strict=True):
            asked = model.observe(
                model.narrow(held["asked"], owners) if level else model.begin(len(states)),
                states,
                np.full(len(states), value),
            )
            mixed += share[:, None] * model.distribution(asked).exp().numpy()
        held["asked"] = model.remember(asked, None)
        held["state"] = model.remember(blind, None)
        return log(mixed)

    return along(tree, visit)


def asked_trajectories(tree: HistoryTree, model: TabularModel, asked: Any, weights: Any) -> Any:
    """Log-probabilities ``[leaves]`` when a return ``asked [K]`` is drawn by ``weights [K]``."""
    total = np.zeros(len(tree.leaves))
    for value, share in zip(asked, weights, strict=True):
        held: dict[str, Any] = {}

        def visit(
            level: int, states: Any, owners: Any, rewards: Any, held: Any = held, value: Any = value
        ) -> Any:
            if level == 0:
                held["state"], held["left"] = model.begin(len(states)), np.full(len(states), value)
            else:
                held["state"] = model.narrow(held["state"], owners)
                held["left"] = held["left"][owners] - rewards
            state = model.observe(held["state"], states, held["left"])
            held["state"] = model.remember(state, None)
            return model.distribution(state).numpy()

        total += share * np.exp(tree.log_probabilities(along(tree, visit)))
    return log(total)
