"""How many steps a second the robots take in many copies, beside Gymnasium's own.

Run as ``python benchmarks/robot_speed.py``. Random actions, which are drawn before the clock
starts. Both are timed in turn in one run, so that a machine that slows down slows both; the
medians of the repeats are shown, and ratios of them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import SyncVectorEnv
from rich.console import Console
from rich.table import Table

from driftline.environments.mujoco.compiling import told
from driftline.environments.mujoco.engine import MujocoVectorEnv
from driftline.environments.mujoco.robots import ROBOTS, Robot


def theirs(robot: Robot, copies: int) -> SyncVectorEnv:
    """As many of Gymnasium's."""
    with told():
        return SyncVectorEnv([lambda: gymnasium.make(robot.environment_id)] * copies)


def rate(environment: Any, seconds: float) -> float:
    """Steps a second of all copies together."""
    actions = [environment.action_space.sample() for _ in range(50)]
    calls, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        for each in actions:
            environment.step(each)
        calls += len(actions)
    return calls * environment.num_envs / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--copies", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="per repeat")
    options = parser.parse_args()
    table = Table("robot", "Gymnasium", "one thread", f"{options.threads} threads", "ratios")
    for name, robot in ROBOTS.items():
        several = [
            theirs(robot, options.copies),
            MujocoVectorEnv(robot, options.copies),
            MujocoVectorEnv(robot, options.copies, threads=options.threads),
        ]
        for each in several:
            each.action_space.seed(0)
            each.reset(seed=0)
        rates = [[rate(each, options.seconds) for each in several] for _ in range(options.repeats)]
        base, *ours = (statistics.median(column) for column in np.transpose(rates).tolist())
        ratios = ", ".join(f"{each / base:.2f}" for each in ours)
        table.add_row(name, *(f"{each:,.0f}" for each in (base, *ours)), ratios)
        for each in several:
            each.close()
    Console().print(table)


if __name__ == "__main__":
    main()
