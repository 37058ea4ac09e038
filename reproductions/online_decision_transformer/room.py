"""Whether the online decision transformer gains where its demonstrations leave it room to.

Knows no training. ``STUDY`` is the directory of ``driftline study hopper-odt``, whose
demonstrations are taken again but for the episodes that return ``--below`` or more; preset and
reference learn from what is left with the study's settings.

    python reproductions/online_decision_transformer/room.py demos STUDY --below R --out DIRECTORY
    python reproductions/online_decision_transformer/room.py preset STUDY --out DIRECTORY
    python reproductions/online_decision_transformer/room.py reference STUDY --out DIRECTORY
    python reproductions/online_decision_transformer/compare.py plot DIRECTORY

A ``preset`` or ``reference`` that was stopped goes on where it was, the preset's offline phase
aside. What is judged lies in ``DIRECTORY`` as `compare.py` keeps it, beside
``demonstrations.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import compare
import numpy as np

import driftline as dl
from driftline.data.trajectories import Trajectories
from driftline.environments.mujoco.robots import robot
from driftline.experiments.arena_config import ArenaConfig
from driftline.experiments.config import StudyConfig
from driftline.experiments.config_json import to_json
from driftline.experiments.plan import OFFLINE, run_path
from driftline.experiments.run import load_offline
from driftline.training.online_settings import OnlineSettings

TOLD = "demonstrations.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("action", choices=("demos", "preset", "reference"))
    parser.add_argument("study", type=Path, help="whose demonstrations and settings are taken")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--below", type=float, help="demos: the return that none may reach")
    parser.add_argument("--rate", type=float, help="preset: at which it learns online")
    parser.add_argument("--seeds", type=int, nargs="+", help="of the study's (default: all)")
    parser.add_argument("--python", type=Path, help="reference: as compare.py run takes it")
    options = parser.parse_args()
    config = compare.study(options.study)
    config = replace(config, seeds=tuple(options.seeds or config.seeds))
    match options.action:
        case "demos" if options.below is None:
            sys.exit("say which demonstrations are left out: --below RETURN")
        case "demos":
            demos(options.study, config, options.out, options.below)
        case "preset":
            for seed in config.seeds:
                preset(options.study, config, options.out, seed, options.rate)
        case "reference":
            reference(config, options.out, options.python)


def demos(study: Path, config: StudyConfig, out: Path, below: float) -> None:
    """Each seed's demonstrations below a return, for the reference, and what they are."""
    out.mkdir(parents=True, exist_ok=True)
    (out / compare.KEPT).write_text(json.dumps({"configuration": to_json(config)}, indent=1) + "\n")
    told = {}
    for seed in config.seeds:
        left = left_of(study, seed, below)
        compare.write(left, compare.file_of(out, seed, "npz"))
        ordered = np.sort(left.returns)
        best = ordered[-max(1, len(left) // 10) :]
        told[seed] = {
            "episodes": len(left),
            "steps": left.steps,
            "mean": float(dl.normalised_score(task(config), float(ordered.mean()))),
            "best tenth": float(dl.normalised_score(task(config), float(best.mean()))),
        }
        print(seed, told[seed])
    (out / TOLD).write_text(json.dumps({"below": below, "seeds": told}, indent=1) + "\n")


def left_of(study: Path, seed: int, below: float) -> Trajectories:
    """Demonstrations that return less than ``below``; ends the program where there are none."""
    _, known = load_offline(run_path(study, OFFLINE, seed))
    chosen = np.flatnonzero(known.returns < below)
    if not len(chosen):
        sys.exit(f"no demonstration of seed {seed} returns less than {below}; raise --below")
    return known.take(chosen)


def preset(
    study: Path, config: StudyConfig, out: Path, seed: int, rate: float | None = None
) -> None:
    """The preset on what is left, judged as in the study; ``rate`` replaces its online one."""
    model, _ = load_offline(run_path(study, OFFLINE, seed))
    left = left_of(study, seed, json.loads((out / TOLD).read_text())["below"])
    known = dl.Demonstrations(left, model.observation, model.action, environment(config))
    (learner,) = (each.learner for each in config.agents if each.name == compare.AGENT)
    assert isinstance(learner, OnlineSettings)
    if rate is not None:
        learner = replace(learner, update=replace(learner.update, learning_rate=rate))
    assert isinstance(config.model, dl.TransformerConfig)
    fitted = dl.fit(known, model=config.model, offline=config.offline, seed=seed)
    run = out / "runs" / f"preset-{seed:03d}"
    rounds = dl.go_online(fitted, known, run=run, online=learner, rounds=config.rounds, seed=seed)
    for event in rounds:
        if isinstance(event, dl.Judged):
            earned = dl.normalised_score(task(config), float(np.mean(event.returns)))
            print(f"preset, {event.environment_steps} steps: {earned:.1f}", flush=True)
    compare.keep_seed(compare.judged_in(run), out, compare.PRESET, seed)


def reference(config: StudyConfig, out: Path, python: Path | None) -> None:
    """The reference on what is left."""
    compare.run(config, out, at_once=1, python=python)
    for seed in config.seeds:
        judged = compare.of_reference(out, seed, config.rounds.steps or 0)
        compare.keep_seed(judged, out, compare.REFERENCE, seed)


def task(config: StudyConfig) -> str:
    assert isinstance(config.world, ArenaConfig)
    return config.world.task


def environment(config: StudyConfig) -> str:
    return robot(task(config)).environment_id


if __name__ == "__main__":
    main()
