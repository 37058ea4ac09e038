"""The policy of an agent as seen from outside: what it does, its command not known.

Knows agents, no environment. Where an agent asks for a return that it drew, the
policy is the mixture over draws; where there is no such policy, why not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from driftline.agents.agent import Agent
from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.baselines.policy_agent import PolicyAgent
from driftline.conditioning.target import command, manner, pool
from driftline.data.trajectories import Trajectories, acted_upon
from driftline.models.model import HasDensity
from driftline.seeding import generator
from driftline.shapes import Floats
from driftline.spaces.specs import DiscreteActionSpec
from driftline.training.divergence import distributions
from driftline.training.marginal import marginal_distributions

COMMANDS = 16
"""Into how many equally likely commands those of an agent are gathered."""
DRAWN = 8192


@dataclass(frozen=True)
class Missing:
    """Why something cannot be measured."""

    reason: str


@dataclass(frozen=True)
class Outside:
    """``parameters`` gives rows ``[S, P]`` of distributions at every step of trajectories.

    ``commands``: how many are summed over, 0 where none is asked.
    """

    parameters: Callable[[Trajectories], Floats]
    commands: int


def seen_from_outside(agent: Agent, seed: int) -> Outside | Missing:
    """The policy of ``agent``; its commands are drawn from ``seed``."""
    if isinstance(agent, PolicyAgent):
        return Outside(partial(_reacting, agent), 0)
    if not isinstance(agent, ReturnConditionedAgent):
        return Missing(f"{type(agent).__name__} does not say what it acts with")
    if not isinstance(agent.model, HasDensity):
        return Missing(f"{type(agent.model).__name__} has no density")
    model: Any = agent.model
    match manner(agent.target):
        case "unasked":
            return Outside(partial(_unasked, model), 0)
        case "asked" if pool(agent.target) == "model":
            return Missing("the return asked for depends on each episode's first observation")
        case "asked" if not isinstance(agent.model.action, DiscreteActionSpec):
            return Missing(
                "over continuous actions the mixture of what it does under each command has no "
                "divergence in closed form"
            )
        case "asked":
            returns, weights = commands(agent, seed)
            return Outside(partial(_mixed, model, returns=returns, weights=weights), len(returns))
        case "resampled":
            return Missing("a return is drawn anew at every step: KL is a bound from above")
        case _:
            return Missing("actions are weighed as the agent acts, not on recorded episodes")


def commands(agent: ReturnConditionedAgent, seed: int) -> tuple[Floats, Floats]:
    """The returns ``[K]`` an asking ``agent`` may draw and their probabilities ``[K]``."""
    drawn = command(agent.target, agent.reference, DRAWN, generator(seed, "commands"))
    assert drawn is not None
    return gathered(drawn, COMMANDS)


def gathered(drawn: Floats, most: int) -> tuple[Floats, Floats]:
    """Draws ``[n]`` as at most ``most`` values and their shares, of the same mean.

    >>> gathered(np.array([1.0, 1.0, 2.0]), 2)[0]
    array([1., 2.])
    >>> gathered(np.array([4.0, 1.0, 2.0, 3.0]), 2)
    (array([1.5, 3.5]), array([0.5, 0.5]))
    """
    values, counts = np.unique(drawn, return_counts=True)
    if len(values) <= most:
        return values, counts / counts.sum()
    parts = np.array_split(np.sort(drawn), most)
    sizes = np.array([len(each) for each in parts])
    return np.array([each.mean() for each in parts]), sizes / sizes.sum()


def _reacting(agent: PolicyAgent, data: Trajectories) -> Floats:
    return np.asarray(agent.policy(data.observations[acted_upon(data)]), np.float64)


def _unasked(model: Any, data: Trajectories) -> Floats:
    return distributions(model, data, None)


def _mixed(model: Any, data: Trajectories, returns: Floats, weights: Floats) -> Floats:
    return marginal_distributions(model, data, returns, weights)
