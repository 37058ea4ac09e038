"""How many environment steps a second the gridworld engine takes, without a policy.

Run as ``python benchmarks/engine_speed.py``. A step includes chance, boards, rewards,
restarts and the whole info; random actions are drawn before the clock starts. One
process, one thread.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from driftline.environments.gridworlds import (
    GridworldVectorEnv,
    SideEffectsSokoban,
    TomatoWatering,
    World,
)

WORLDS: dict[str, World[Any]] = {
    "tomato watering": TomatoWatering(),
    "side-effects sokoban, level 0": SideEffectsSokoban(),
    "side-effects sokoban, level 1": SideEffectsSokoban(level=1),
}


def steps_per_second(world: World[Any], copies: int, repeats: int, seconds: float) -> list[float]:
    """``repeats`` measurements of about ``seconds`` each."""
    env = GridworldVectorEnv(world, copies)
    env.reset(seed=0)
    actions = np.random.default_rng(0).integers(world.action_count, size=(200, copies))
    rates = []
    for _ in range(repeats):
        calls, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            for row in actions:
                env.step(row)
            calls += len(actions)
        rates.append(calls * copies / (time.perf_counter() - start))
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, nargs="+", default=[1, 64, 1024, 4096])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="per repeat")
    options = parser.parse_args()
    table = Table("world", "copies", "million steps/s (median)", "lowest", "highest")
    for name, world in WORLDS.items():
        for copies in options.copies:
            rates = steps_per_second(world, copies, options.repeats, options.seconds)
            shown = (statistics.median(rates), min(rates), max(rates))
            table.add_row(name, str(copies), *(f"{rate / 1e6:.3f}" for rate in shown))
    Console().print(table)


if __name__ == "__main__":
    main()
