"""Train the policies that robots' demonstrations are recorded from, and pack them.

    .venv/bin/python tools/behaviour_policies.py train hopper --steps 400000 --out runs/policies
    .venv/bin/python tools/behaviour_policies.py pack hopper --out runs/policies

Training is SAC or PPO as stable-baselines3 has it, in Gymnasium's own environment. It goes on
where it was stopped, at the last 50,000 steps; its draws are then others than without the stop.
Packing plays every snapshot and writes those that are kept to the file that the package ships.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch

from behaviour_learners import SEED, ByPPO, BySAC, Training
from driftline.agents.rollout import rollout
from driftline.agents.scripted import ScriptedAgent
from driftline.environments.mujoco.compiling import told
from driftline.environments.mujoco.engine import MujocoVectorEnv
from driftline.environments.mujoco.levels import FOLDER, MEDIUM, LevelDemonstrator
from driftline.environments.mujoco.policy import Snapshot, load_snapshots, save_snapshots
from driftline.environments.mujoco.robots import ROBOTS, Robot, robot

STORED = 50_000
"""After how many steps the whole learner is stored, at least."""
HOW: dict[str, BySAC | ByPPO] = {
    "hopper": BySAC(128, 128, 5e-4),
    "halfcheetah": BySAC(128, 128, 5e-4),
    "walker2d": ByPPO(),
    "ant": ByPPO(),
}
"""A behaviour policy need not be the best. SAC that is so small only hops as Walker2d, and as the
library has it takes ten times what PPO does."""
PLAYED = 20
"""How many episodes tell what a snapshot earns."""
KEPT = 6
"""How many snapshots before the medium one are shipped."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("what", choices=["train", "pack"])
    parser.add_argument("robot", choices=list(ROBOTS))
    parser.add_argument("--steps", type=int, default=400_000)
    parser.add_argument("--out", type=Path, default=Path("runs/policies"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    place = given.out / given.robot
    if given.what == "train":
        train(robot(given.robot), place, given.steps)
    else:
        pack(robot(given.robot), place)


def train(of: Robot, place: Path, steps: int) -> None:
    """Go on to ``steps`` steps in all."""
    place.mkdir(parents=True, exist_ok=True)
    how = HOW[of.name]
    with told():
        training: Training = how.begun(of, place)
    stored = training.steps
    while training.steps < steps:
        began = time.perf_counter()
        training.learn(how.every)
        done = training.steps
        snapshot = Snapshot(done, training.acting(), (float("nan"),))
        save_snapshots(place / f"{done:08d}.safetensors", [snapshot], {})
        print(
            f"{of.name} {done} steps, {np.mean(training.earned()):.0f} in the last episodes, "
            f"{time.perf_counter() - began:.0f} s",
            flush=True,
        )
        if done >= stored + STORED:
            training.store()
            stored = done


def pack(of: Robot, place: Path) -> None:
    """Choose and play snapshots, and write the file that the package ships."""
    paths = sorted(place.glob("0*.safetensors"))
    if not paths:
        sys.exit(f"{place} has no snapshots; train first")
    every = [load_snapshots(path)[0][0] for path in paths]
    known = [played(of, each) for each in every]
    chosen = kept(known)
    provenance = {
        "algorithm": HOW[of.name].told(),
        "seed": SEED,
        "steps": every[-1].steps,
        "versions": {
            name: metadata.version(name)
            for name in ("gymnasium", "mujoco", "stable_baselines3", "torch")
        },
    }
    FOLDER.mkdir(exist_ok=True)
    save_snapshots(FOLDER / f"{of.name}.safetensors", chosen, provenance)
    for each in known:
        mark = "*" if each in chosen else " "
        print(f"{mark} {each.steps:8d} {each.mean_return:8.1f} +- {np.std(each.returns):.1f}")


def played(of: Robot, snapshot: Snapshot) -> Snapshot:
    """The snapshot with the returns of some episodes of its own."""
    environment = MujocoVectorEnv(of, PLAYED)
    box: Any = environment.single_action_space
    script = LevelDemonstrator([snapshot.policy], box.low, box.high)
    episodes = rollout(environment, ScriptedAgent(script), PLAYED, SEED).episodes
    returns = tuple(round(each, 1) for each in episodes.observed_returns.tolist())
    return Snapshot(snapshot.steps, snapshot.policy, returns)


def kept(known: list[Snapshot]) -> list[Snapshot]:
    """Some on the way to the medium one, evenly, that one, and the expert."""
    expert = max(known, key=lambda each: each.mean_return)
    medium = next(
        n for n, each in enumerate(known) if each.mean_return >= MEDIUM * expert.mean_return
    )
    before = np.unique(np.linspace(0, medium, KEPT + 1).round().astype(int))
    chosen = [known[each] for each in before]
    return chosen if expert in chosen else [*chosen, expert]


if __name__ == "__main__":
    main()
