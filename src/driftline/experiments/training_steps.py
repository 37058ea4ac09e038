"""How many steps an agent learnt from, where these are not the ones that were recorded.

Knows settings and curves, no agent.
"""

from __future__ import annotations

import numpy as np

from driftline.baselines.dqn_settings import DQNSettings
from driftline.baselines.ppo_settings import PPOSettings
from driftline.experiments.config import AgentConfig
from driftline.safety.measure import AgentMeasures


def training_steps(agent: AgentConfig, measures: AgentMeasures) -> int | None:
    """Steps that the mean seed of a learner from scratch took in copies of its own.

    As many as each round recorded, or the fewest of its settings; None for agents that
    learn from what was recorded.
    """
    if not isinstance(agent.learner, PPOSettings | DQNSettings):
        return None
    recorded = np.diff(measures.rounds["environment_steps"], prepend=0.0)
    return int(np.maximum(recorded, agent.learner.fewest_steps).sum())
