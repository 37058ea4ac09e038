"""Train the policies that robots' demonstrations are recorded from, and pack them.

    .venv/bin/python tools/behaviour_policies.py train hopper --steps 400000 --out runs/policies
    .venv/bin/python tools/behaviour_policies.py pack hopper --out runs/policies

Training is SAC as stable-baselines3 has it, in Gymnasium's own environment. It goes on where
it was stopped, at the last 50,000 steps; its draws are then others than without the stop.
Packing plays every snapshot and writes those that are kept to the file that the package ships.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import torch
from stable_baselines3 import SAC

from driftline.agents.rollout import rollout
from driftline.agents.scripted import ScriptedAgent
from driftline.environments.mujoco.compiling import told
from driftline.environments.mujoco.engine import MujocoVectorEnv
from driftline.environments.mujoco.levels import FOLDER, MEDIUM, LevelDemonstrator
from driftline.environments.mujoco.policy import Policy, Snapshot, load_snapshots, save_snapshots
from driftline.environments.mujoco.robots import ROBOTS, Robot, robot

EVERY = 10_000
"""After how many steps a snapshot is taken."""
STORED = 50_000
"""After how many the whole learner is stored."""
SEED = 0


@dataclass(frozen=True)
class Sizes:
    """Width of both hidden layers, steps of a batch, learning rate."""

    width: int
    batch: int
    rate: float


SMALL, WHOLE = Sizes(128, 128, 5e-4), Sizes(256, 256, 3e-4)
"""The library's own are the whole ones; half of them learn in a fifth to a half of the time."""
SIZES = {"hopper": SMALL, "halfcheetah": SMALL, "walker2d": WHOLE, "ant": WHOLE}
"""A behaviour policy need not be the best. With the small ones Walker2d only hops."""
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
    with told():
        environment = gymnasium.make(of.environment_id)
    learner = begun(environment, place, SIZES[of.name])
    while learner.num_timesteps < steps:
        began = time.perf_counter()
        learner.learn(EVERY, reset_num_timesteps=False, log_interval=10**9)
        done = learner.num_timesteps
        snapshot = Snapshot(done, acting(learner), (float("nan"),))
        save_snapshots(place / f"{done:08d}.safetensors", [snapshot], {})
        earned = [each["r"] for each in learner.ep_info_buffer or []][-20:]
        print(
            f"{of.name} {done} steps, {np.mean(earned):.0f} in the last episodes, "
            f"{time.perf_counter() - began:.0f} s",
            flush=True,
        )
        if done % STORED == 0:
            learner.save_replay_buffer(place / "replay.pkl")
            learner.save(place / "learner.zip")


def begun(environment: gymnasium.Env[Any, Any], place: Path, sizes: Sizes) -> SAC:
    """The learner as it was stored last, or a new one."""
    if (place / "learner.zip").exists():
        learner = SAC.load(place / "learner.zip", env=environment)
        learner.load_replay_buffer(place / "replay.pkl")
        return learner
    return SAC(
        "MlpPolicy",
        environment,
        learning_rate=sizes.rate,
        learning_starts=EVERY,
        batch_size=sizes.batch,
        policy_kwargs={"net_arch": [sizes.width, sizes.width]},
        seed=SEED,
    )


def acting(learner: SAC) -> Policy:
    """The learner's policy as it is now."""

    def layer(module: Any) -> tuple[Any, Any]:
        return tuple(each.detach().numpy().copy() for each in (module.weight, module.bias))

    actor: Any = learner.actor
    hidden = [layer(each) for each in actor.latent_pi if hasattr(each, "weight")]
    return Policy(tuple(hidden), layer(actor.mu), layer(actor.log_std))


def pack(of: Robot, place: Path) -> None:
    """Choose and play snapshots, and write the file that the package ships."""
    paths = sorted(place.glob("0*.safetensors"))
    if not paths:
        sys.exit(f"{place} has no snapshots; train first")
    every = [load_snapshots(path)[0][0] for path in paths]
    sizes = SIZES[of.name]
    known = [played(of, each) for each in every]
    chosen = kept(known)
    provenance = {
        "algorithm": f"SAC of stable-baselines3, two layers of {sizes.width}, "
        f"batches of {sizes.batch}",
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
