"""How many environment steps a second a rollout takes with a transformer and its cache.

Both with the default transformer and with the studies' (a convolution over the board). Run as
``OMP_NUM_THREADS=1 python benchmarks/rollout_speed.py``: whole episodes, asked for a return,
recorded as a study records them, on one thread. CPU seconds, so that what else runs matters
less; medians of the repeats.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace

import torch

from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.agents.rollout import rollout
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Reference
from driftline.experiments import build, presets
from driftline.models.transformer_config import TransformerConfig


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, nargs="+", default=[64, 512])
    parser.add_argument("--world", default="tomato-watering")
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    study = presets.agents_study(options.world)
    demonstrations = build.demonstrations(study, 0).trajectories
    for name, config in (("default", TransformerConfig()), ("the studies'", study.model)):
        model = build.model(replace(study, model=config), demonstrations, 0).eval()
        agent = ReturnConditionedAgent(model, Quantile(0.9), Reference.of(demonstrations.returns))
        for copies in options.copies:
            environment = build.environment(study.world, copies)
            rates = []
            for repeat in range(options.repeats):
                began = time.process_time()
                steps = rollout(environment, agent, copies, repeat).episodes.trajectories.steps
                rates.append(steps / (time.process_time() - began))
            shown = statistics.median(rates)
            print(f"{name}, {copies} copies: {shown:,.0f} steps/s of one core", flush=True)


if __name__ == "__main__":
    main()
