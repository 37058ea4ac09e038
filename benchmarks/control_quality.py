"""What one token a step costs in likelihood: held-out demonstrations after as many updates.

    python benchmarks/control_quality.py                # minutes; needs driftline[mujoco]
    python benchmarks/control_quality.py --task halfcheetah --updates 5000 --seeds 3

Models of one and of three tokens a step, in single precision and with products in half of its
bits, see the same batches of the same demonstrations of level medium. Their layers widen four
times inside, as the published ones do, and those of one token also twice ("narrow"), as
Driftline's do where nothing else is asked for. What is printed is the
mean negative log-likelihood of actions nobody was fitted to, given the returns that followed,
and its distance from that of three tokens in single precision.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import get_args

import numpy as np
import torch

from driftline.data.trajectories import Trajectories
from driftline.data.windows import WindowSource
from driftline.experiments.arena_config import ArenaConfig, LevelConfig
from driftline.experiments.build import demonstrations, held_out, model
from driftline.experiments.config import StudyConfig
from driftline.models.action_distributions import log_density
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import Tokens, TransformerConfig
from driftline.seeding import integer_seed
from driftline.training.divergence import distributions
from driftline.training.offline import OfflineSettings, train_offline
from driftline.training.precision import Precision
from driftline.training.update import UpdateSettings

NARROW = TransformerConfig.expansion
MODELS: dict[str, tuple[Tokens, int]] = {
    "three": ("three", 4),
    "fused": ("fused", 4),
    "narrow": ("fused", NARROW),
}
KINDS = tuple((name, bits) for bits in get_args(Precision) for name in MODELS)
STANDARD = KINDS[0]
"""What the others are compared with."""


def study(task: str, name: str, precision: Precision, updates: int) -> StudyConfig:
    """Where data and model come from: three layers of 128, batches of 64, 20 steps."""
    tokens, expansion = MODELS[name]
    config = TransformerConfig(
        width=128,
        layers=3,
        heads=4,
        context_length=20,
        acting_context=20,  # what windows of 20 steps show in training is what is evaluated
        tokens=tokens,
        expansion=expansion,
        time="none",
        horizon=1000,
        gaussian="squashed",
    )
    update = UpdateSettings(64, 20, 1e-3, precision=precision)
    return StudyConfig(
        name=task,
        budget="default",
        world=ArenaConfig(task),
        agents=(),
        seeds=(0,),
        demonstrations=LevelConfig("medium", steps=100_000, held_out=20_000),
        model=config,
        offline=OfflineSettings(updates=updates, update=update),
    )


def unseen_nll(fitted: TrajectoryTransformer, data: Trajectories) -> float:
    """Nats an action, given the return that followed."""
    known = distributions(fitted, data, WindowSource.of(data).returns_to_go)
    logs = log_density(fitted.family, torch.from_numpy(known), torch.as_tensor(data.actions))
    return -float(logs.mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--task", default="hopper")
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    found: dict[tuple[str, Precision], list[float]] = {kind: [] for kind in KINDS}
    took: dict[tuple[str, Precision], list[float]] = {kind: [] for kind in KINDS}
    for seed in range(options.seeds):
        first = study(options.task, *STANDARD, options.updates)
        shown, unseen = (of(first, seed).trajectories for of in (demonstrations, held_out))
        for kind in KINDS:
            config = study(options.task, *kind, options.updates)
            fitted = model(config, shown, seed)
            began = time.perf_counter()
            for _ in train_offline(fitted, shown, config.offline, integer_seed(seed, "offline")):
                pass
            took[kind].append((time.perf_counter() - began) / options.updates)
            found[kind].append(unseen_nll(fitted.eval(), unseen))
            print(f"seed {seed}, {' '.join(kind)}: {found[kind][-1]:.3f} nats", flush=True)
    print(f"{'model':18}{'nats, each seed':>30}{'mean':>9}{'from three':>12}{'ms':>9}")
    standard = statistics.mean(found[STANDARD])
    for kind, values in found.items():
        mean, each = statistics.mean(values), " ".join(f"{value:.3f}" for value in values)
        apart = (mean - standard) / abs(standard)
        speed = 1e3 * float(np.median(took[kind]))
        print(f"{' '.join(kind):18}{each:>30}{mean:>9.3f}{apart:>+12.1%}{speed:>9.1f}")


if __name__ == "__main__":
    main()
