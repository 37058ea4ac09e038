"""The parts of the study of targets: each a function from settings and a seed to plain values.

Knows which part is where, and nothing of what they do.
"""

from __future__ import annotations

from typing import Any, assert_never

from driftline.experiments.targets_config import PartConfig


def carry_out(config: PartConfig) -> dict[str, Any]:
    """The results of one part, as JSON holds them."""
    study, seed = config.study, config.seed
    match config.part:
        case "deterministic":
            from driftline.experiments.targets.deterministic import deterministic

            return deterministic(study.exact, seed)
        case "stochastic":
            from driftline.experiments.targets.stochastic import stochastic

            return stochastic(study.exact, seed)
        case "estimators":
            from driftline.experiments.targets.estimators import estimators

            return estimators(study.estimators, seed)
        case "learnt":
            from driftline.experiments.targets.learnt import learnt

            return learnt(study.learnt, seed)
        case "finetuned":
            from driftline.experiments.targets.finetuned import finetuned

            return finetuned(study.finetuned, seed)
        case "densityless":
            from driftline.experiments.targets.densityless import densityless

            return densityless(study.densityless, seed)
        case "frontier":
            from driftline.experiments.targets.frontier import frontier

            return frontier(study.frontier, seed)
        case _:
            assert_never(config.part)
