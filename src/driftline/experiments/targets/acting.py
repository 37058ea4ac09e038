"""What an agent does at every history of an enumerated world, read off the agent itself.

Knows no target. Nothing is sampled: every history of a level is one of its episodes.
"""

from __future__ import annotations

import numpy as np

from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Target
from driftline.exact.tables import tables
from driftline.experiments.targets.enumerated import Enumerated
from driftline.models.tabular import TabularModel
from driftline.shapes import Floats


class Stage:
    """The demonstrator of a ``case`` as a tabular model, and its returns as the reference."""

    def __init__(self, case: Enumerated) -> None:
        tree = case.tree
        self._case = case
        self._model = TabularModel.of(tables(tree.world, case.markov))
        self._reference = Reference(tree.atoms, tree.return_probabilities(case.demonstrated))

    def played(self, target: Target) -> Floats:
        """Log-probabilities ``[leaves]`` of the trajectories of an agent that weighs actions."""
        tree = self._case.tree
        agent = ReturnConditionedAgent(self._model, target, self._reference)
        agent.begin(tree.roots, seed=0)
        policy, rows = self._case.policy.copy(), np.zeros(tree.nodes, np.int64)
        for level, fan in enumerate(tree.fans):
            if level:
                before = tree.parents[fan.decisions]
                agent.narrow(rows[before])
                agent.receive(tree.returns[fan.decisions] - tree.returns[before])
            agent.act(tree.states[fan.decisions])
            policy[fan.decisions] = agent.distributions
            rows[fan.decisions] = np.arange(len(fan.decisions))
        return tree.log_probabilities(policy)
