"""KL-regularised fine-tuning of a small transformer, against the optimum it is to reach.

Knows the study's settings. The demonstrator is the trained model itself, as its
penalty is measured from; every history is enumerated, so nothing is sampled when
its return and divergence are compared.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.data.sampled import sample_trajectories
from driftline.data.windows import Windows
from driftline.environments.finite_world import FiniteWorldVectorEnv
from driftline.exact.divergences import kl, total_variation
from driftline.exact.histories import HistoryTree, enumerate_histories
from driftline.exact.logarithms import log_sum
from driftline.exact.random_worlds import random_policy, random_tree
from driftline.experiments.targets.learnt import (
    ACTIONS,
    DEPTH,
    REWARD_STEP,
    every_window,
    fitted,
    likelihood,
)
from driftline.experiments.targets_config import FineTunedSettings
from driftline.seeding import generator, integer_seed
from driftline.shapes import Floats
from driftline.training.finetune import FineTune, FineTuneSettings
from driftline.training.kl_penalty import FixedPenalty
from driftline.training.rounds import RoundSettings, run_rounds

DEMONSTRATED = 8_000
TUNING = FineTuneSettings(
    learning_rate=3e-4, critic_rate=3e-3, epochs=1, episodes_per_batch=128, trace=1.0
)
"""One pass over large batches with whole returns: what clipping and traces would bend is left
straight, as an optimum is to be reached and not a score."""


def finetuned(settings: FineTunedSettings, seed: int) -> dict[str, Any]:
    """Return and divergence by round for each beta, beside the exact optimum's."""
    draw = generator(seed, "finetuned")
    world = random_tree(DEPTH, ACTIONS, draw, reward_step=REWARD_STEP)
    tree = enumerate_histories(world)
    data = sample_trajectories(world, random_policy(world, draw), DEMONSTRATED, draw)
    model = fitted(world, data, settings.updates, integer_seed(seed, "demonstrator"))
    windows = every_window(tree)
    origin = _unasked(model, windows)
    rows = []
    for beta in settings.betas:
        tuning = replace(TUNING, kl_penalty=FixedPenalty(1.0 / beta))
        learner = FineTune(model, data, tuning, DEPTH, integer_seed(seed, "tune", str(beta)))
        place = FiniteWorldVectorEnv(world, settings.episodes_per_round)
        rounds = RoundSettings(settings.rounds, settings.episodes_per_round)
        path = []
        for event in run_rounds(learner, place, rounds, integer_seed(seed, "rounds", str(beta))):
            if type(event).__name__ == "RoundEnded":
                path.append(_measured(tree, learner.agent(), windows, origin, beta))
        exact = origin + beta * tree.leaf_returns
        optimum = _standing(tree, exact - log_sum(exact), origin, beta)
        rows.append({"beta": beta, "exact": optimum, "path": path, "reached": reached(path)})
    return {"rows": rows, "origin": tree.expectation(origin)}


def reached(path: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean over the last quarter of the rounds, in which single steps still wander."""
    last = path[-max(1, len(path) // 4) :]
    return {name: float(np.mean([each[name] for each in last])) for name in last[0]}


def _measured(
    tree: HistoryTree, agent: ReturnConditionedAgent, windows: Windows, origin: Floats, beta: float
) -> dict[str, Any]:
    return _standing(tree, _unasked(agent.model, windows), origin, beta)


def _standing(tree: HistoryTree, policy: Floats, origin: Floats, beta: float) -> dict[str, Any]:
    """What log-probabilities ``[leaves]`` earn, how far they are, and from the optimum."""
    exact = origin + beta * tree.leaf_returns
    return {
        "return": tree.expectation(policy),
        "kl": kl(policy, origin),
        "apart": total_variation(policy, exact - log_sum(exact)),
    }


@torch.no_grad()
def _unasked(model: Any, windows: Windows) -> Floats:
    """Log-probability of every trajectory under the unconditioned model, ``[leaves]``."""
    known = model.window_distributions(windows, False).double()
    return likelihood(torch.log_softmax(known, dim=-1), windows)
