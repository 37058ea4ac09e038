"""How often a KL budget held an arm back: from what its rounds told when they ended.

Knows runs' events, no measure and no agent.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from driftline.experiments.config import StudyConfig
from driftline.experiments.plan import run_path
from driftline.records.run_directory import RunDirectory


def held_back(root: Path, study: StudyConfig, agent: str) -> float:
    """The share of an agent's rounds that kept less than all of their move, over all seeds.

    NaN where no budget told what was kept.
    """
    kept = [
        event["losses"]["kept"]
        for seed in study.seeds
        for event in RunDirectory.open(run_path(root, agent, seed)).events()
        if event["event"] == "RoundEnded" and "kept" in event["losses"]
    ]
    return float(np.mean([each < 1.0 for each in kept])) if kept else float("nan")
