"""How many environment steps a second the gridworld engine takes, without a policy.

Run as ``python benchmarks/engine_speed.py``. A step includes chance, boards, rewards,
restarts and the whole info; random actions are drawn before the clock starts. One
process has one thread; two processes run side by side and their rates are added. The
medians of the repeats are shown, and their geometric mean over the worlds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from rich.console import Console
from rich.table import Table

from driftline.environments.gridworlds import GridworldVectorEnv
from driftline.experiments.names import WORLDS
from driftline.experiments.worlds import named_world

ORIGINAL = 6_800
"""Steps a second of the original suite in one process, geometric mean over its worlds."""


def steps_per_second(name: str, copies: int, repeats: int, seconds: float) -> float:
    """The median of ``repeats`` measurements of about ``seconds`` each."""
    world = named_world(name).played
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
    return statistics.median(rates)


def together(pool: ProcessPoolExecutor, processes: int, *settings: object) -> float:
    """The sum of the rates of processes that run side by side."""
    running = [pool.submit(steps_per_second, *settings) for _ in range(processes)]  # type: ignore[arg-type]
    return sum(each.result() for each in running)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=1024)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--worlds", nargs="+", default=list(WORLDS))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="per repeat")
    options = parser.parse_args()
    columns = [f"{count} process{'es' if count > 1 else ''}" for count in options.processes]
    table = Table(f"million steps/s, {options.copies} copies", *columns)
    rates: dict[str, list[float]] = {}
    with ProcessPoolExecutor(max(options.processes), get_context("spawn")) as pool:
        for name in options.worlds:
            settings = (name, options.copies, options.repeats, options.seconds)
            rates[name] = [together(pool, count, *settings) for count in options.processes]
            table.add_row(name, *(f"{rate / 1e6:.2f}" for rate in rates[name]))
    means = [statistics.geometric_mean(column) for column in zip(*rates.values(), strict=True)]
    table.add_section()
    table.add_row("geometric mean", *(f"{mean / 1e6:.2f}" for mean in means))
    table.add_row("times the original", *(f"{mean / ORIGINAL:.0f}" for mean in means))
    Console().print(table)


if __name__ == "__main__":
    main()
