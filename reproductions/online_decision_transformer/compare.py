"""Hold the preset of the online decision transformer against a reference run on its data.

Knows nothing of how either learns. ``STUDY`` is the directory of ``driftline study hopper-odt``,
finished where it is plotted; what is written lies beside it, in ``STUDY-reference``.

    python reproductions/online_decision_transformer/compare.py export STUDY
    python reproductions/online_decision_transformer/compare.py run STUDY
    python reproductions/online_decision_transformer/compare.py plot STUDY
    python reproductions/online_decision_transformer/compare.py keep STUDY --into KEPT

``export`` writes the demonstrations of every seed, ``run`` trains the reference on them with the
study's settings, in ``.venv-reference``, which the first call makes, and ``plot`` draws both and
prints a table. A ``run`` that was stopped goes on where it was. ``keep`` writes what was judged of
the seeds that are finished, a few kilobytes each: seeds of several machines, kept in one
directory, are plotted together by ``plot KEPT``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from driftline.conditioning.fixed import FixedReturn
from driftline.data.d4rl_scores import normalised_score
from driftline.data.trajectories import Trajectories
from driftline.environments.mujoco.robots import robot
from driftline.experiments.arena_config import ArenaConfig
from driftline.experiments.config import StudyConfig
from driftline.experiments.config_json import from_json, to_json
from driftline.experiments.control.scores import Scores, scores
from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import SPARE, panels, styled
from driftline.experiments.figures.series import Series, draw_series
from driftline.experiments.plan import OFFLINE, run_path
from driftline.experiments.run import finished, read_episodes
from driftline.records.run_directory import RunDirectory
from driftline.training.online_settings import OnlineSettings

ENVIRONMENT = Path(".venv-reference")
SIMULATORS = {"gymnasium[mujoco]": "gymnasium", "mujoco": "mujoco"}
AGENT = "odt"
PRESET, REFERENCE = "preset", "reference"
KEPT = "study.json"
"""Where a directory of kept judgements says of which study they are."""
PARTS = {"offline": slice(1), "online": slice(1, None), "end": slice(-1, None)}
"""Which judgements of a run a score is of, by what it is called."""
Judgements = list[dict[str, Any]]
"""Of one seed, oldest first: ``environment_steps`` and ``returns`` of each."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("action", choices=("export", "run", "plot", "keep"))
    parser.add_argument("study", type=Path, help="of a study; to plot, also where it was kept")
    parser.add_argument("--into", type=Path, help="where judgements are kept")
    parser.add_argument("--at-once", type=int, default=1, help="seeds that are run side by side")
    parser.add_argument("--device", default="cpu", help="where the reference learns: cpu or cuda")
    parser.add_argument(
        "--python",
        type=Path,
        help=f"an interpreter that has all it needs (default: that of {ENVIRONMENT}, made if "
        "there is none)",
    )
    options = parser.parse_args()
    root = options.study
    out = root.with_name(f"{root.name}-reference")
    config = study(root)
    match options.action:
        case "export":
            export(root, config, out)
        case "run":
            run(config, out, options.at_once, options.device, options.python)
        case "plot" if (root / KEPT).exists():
            plot(config, kept(root), root)
        case "plot":
            plot(config, of_study(root, config, out), out)
        case "keep" if options.into is None:
            sys.exit("give a directory to keep the judgements in: --into DIRECTORY")
        case "keep":
            keep(root, config, out, options.into)


def study(root: Path) -> StudyConfig:
    """The study in ``root``; ends the program where it is none that can be compared."""
    place = root / KEPT
    told = json.loads(place.read_text()) if place.exists() else RunDirectory.open(root).manifest
    config = from_json(StudyConfig, told["configuration"])
    if not isinstance(config.world, ArenaConfig) or AGENT not in [a.name for a in config.agents]:
        sys.exit(f"{root} has no agent {AGENT}; give the directory of driftline study hopper-odt")
    return config


def file_of(out: Path, seed: int, kind: str) -> Path:
    """Where the demonstrations or judgements of a seed lie."""
    return out / f"seed-{seed:03d}.{kind}"


def export(root: Path, config: StudyConfig, out: Path) -> None:
    """The demonstrations of every seed, as the preset's offline phase had them."""
    out.mkdir(parents=True, exist_ok=True)
    for seed in config.seeds:
        write(read_episodes(run_path(root, OFFLINE, seed)).trajectories, file_of(out, seed, "npz"))


def write(data: Trajectories, place: Path) -> None:
    """Demonstrations as the reference reads them."""
    np.savez(
        place,
        observations=data.observations,
        actions=data.actions,
        rewards=data.rewards,
        starts=data.starts,
        terminated=data.terminated,
        truncated=data.truncated,
    )
    print(f"{place}: {len(data)} episodes, {data.steps} steps")


def run(
    config: StudyConfig, out: Path, at_once: int, device: str = "cpu", python: Path | None = None
) -> None:
    """The reference on every seed, or what is left of it."""
    for seed in config.seeds:
        if not file_of(out, seed, "npz").exists():
            sys.exit(f"{file_of(out, seed, 'npz')} is not there; export the demonstrations first")
    apart = {"PYTHONPATH": ""} if python is None else {}
    python = python or interpreter()
    threads = str(max(1, (os.cpu_count() or 1) // at_once))
    counted = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), threads)

    def one(seed: int) -> None:
        places = ("--data", file_of(out, seed, "npz"), "--out", file_of(out, seed, "jsonl"))
        where = ("--device", device)
        given = (f"--{name}={value}" for name, value in settings(config, seed).items())
        program = Path(__file__).with_name("reference.py")
        command = [python, program, *places, *where, *given]
        subprocess.run(command, check=True, env={**os.environ, **apart, **counted})

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, config.seeds))


def interpreter() -> Path:
    """The interpreter of the environment that the reference runs in, made if there is none."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        print(f"making {ENVIRONMENT}, once", flush=True)
        venv.create(ENVIRONMENT, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *needed()], check=True)
    return python


def needed() -> tuple[str, ...]:
    """What the reference stands on; the simulator is that of this environment."""
    simulators = (f"{name}=={version(package)}" for name, package in SIMULATORS.items())
    return ("torch==2.13.0", "transformers>=5,<6", "torch-optimizer==0.3.0", *simulators)


def settings(config: StudyConfig, seed: int) -> dict[str, Any]:
    """The study's settings as the reference names them."""
    (learner,) = (each.learner for each in config.agents if each.name == AGENT)
    offline, model, judging = config.offline, config.model, config.rounds.judging
    assert isinstance(config.world, ArenaConfig)
    assert isinstance(learner, OnlineSettings)
    assert isinstance(learner.target, FixedReturn)
    assert isinstance(learner.judged_by, FixedReturn)
    assert offline.entropy_floor is not None
    assert judging is not None
    return {
        "environment": robot(config.world.task).environment_id,
        "seed": seed,
        "width": model.width,
        "layers": model.layers,
        "heads": model.heads,
        "context": model.context_length,
        "acting-context": model.acting_context,
        "dropout": model.dropout,
        "return-unit": model.return_unit,
        "batch": offline.update.batch,
        "learning-rate": offline.update.learning_rate,
        "weight-decay": offline.update.weight_decay,
        "warm-up": offline.warm_up,
        "gradient-norm": offline.update.gradient_norm,
        "temperature": offline.entropy_floor.first_multiplier,
        "temperature-rate": offline.entropy_floor.learning_rate,
        "pretraining": offline.updates,
        "updates": learner.updates_per_round,
        "steps": config.rounds.steps,
        "replay": learner.mixture.capacity,
        "asked": learner.judged_by.value,
        "explored": learner.target.value,
        "judge-every": judging.steps,
        "judge-episodes": judging.episodes,
    }


def plot(config: StudyConfig, judged: Mapping[str, Sequence[Judgements]], out: Path) -> None:
    """The figure, the table on the screen, and the table as JSON."""
    figure = curves(scores(config, judged))
    figure.savefig(out / "comparison.svg", metadata={"Date": None})
    figure.savefig(out / "comparison.png", dpi=160)
    assert isinstance(config.world, ArenaConfig)
    found = table(config.world.task, judged)
    written = {"study": config.name, "budget": config.budget, **found}
    (out / "comparison.json").write_text(json.dumps(written, indent=1) + "\n")
    tell(found)


def of_study(root: Path, config: StudyConfig, out: Path) -> dict[str, list[Judgements]]:
    """What was judged of all seeds; ends the program where one is not finished."""
    return {
        PRESET: [of_preset(root, seed) for seed in config.seeds],
        REFERENCE: [of_reference(out, seed, config.rounds.steps or 0) for seed in config.seeds],
    }


def keep(root: Path, config: StudyConfig, out: Path, into: Path) -> None:
    """What was judged of the seeds that are finished, beside what was kept of others before."""
    into.mkdir(parents=True, exist_ok=True)
    known = into / KEPT
    if known.exists() and replace(study(into), seeds=config.seeds) != config:
        sys.exit(f"{into} keeps judgements of other settings; give another --into")
    known.write_text(json.dumps({"configuration": to_json(config)}, indent=1) + "\n")
    for seed in config.seeds:
        for name in (PRESET, REFERENCE):
            try:
                if name == PRESET:
                    judged = of_preset(root, seed)
                else:
                    judged = of_reference(out, seed, config.rounds.steps or 0)
            except SystemExit as why:
                print(f"{name} of seed {seed} is left out: {why}")
                continue
            keep_seed(judged, into, name, seed)


def keep_seed(judged: Judgements, into: Path, name: str, seed: int) -> None:
    """What was judged of one seed, a few kilobytes."""
    lines = (
        json.dumps({key: each[key] for key in ("environment_steps", "returns")}) for each in judged
    )
    place = into / f"{name}-{seed:03d}.jsonl"
    place.write_text("".join(f"{line}\n" for line in lines))
    print(f"{place}: {len(judged)} judgements")


def kept(place: Path) -> dict[str, list[Judgements]]:
    """What `keep` wrote, seed by seed; ends the program where there is none of either."""
    found: dict[str, list[Judgements]] = {}
    for name in (PRESET, REFERENCE):
        files = sorted(place.glob(f"{name}-*.jsonl"))
        if not files:
            sys.exit(f"{place} keeps no seed of the {name}; keep one first")
        found[name] = [
            [{**json.loads(line), "true_returns": None} for line in each.read_text().splitlines()]
            for each in files
        ]
    return found


def of_preset(root: Path, seed: int) -> Judgements:
    """What was recorded of a seed's agent."""
    path = run_path(root, AGENT, seed)
    if not finished(path):
        sys.exit(f"{path} is not finished; go on with driftline resume {root}")
    return judged_in(path)


def judged_in(path: Path) -> Judgements:
    """What a run recorded of its judgements."""
    return [each for each in RunDirectory.open(path).events() if each["event"] == "Judged"]


def of_reference(out: Path, seed: int, steps: int) -> Judgements:
    """What the reference wrote of a seed."""
    path = file_of(out, seed, "jsonl")
    lines = path.read_text().splitlines() if path.exists() else []
    judged = [{**json.loads(line), "true_returns": None} for line in lines]
    if not judged or judged[-1]["environment_steps"] < steps:
        sys.exit(f"{path} does not reach {steps} steps; go on with {Path(__file__).name} run")
    return judged


@styled
def curves(found: Mapping[str, Scores]) -> Figure:
    """The mean of the seeds over steps, in the band from the lowest to the highest seed."""
    figure, (axes,) = panels(1, 1, width=7.4, height=4.2)
    for look, (name, each) in zip(SPARE, found.items(), strict=False):
        spread = Series(each.steps, each.mean, each.seeds.min(0), each.seeds.max(0))
        draw_series(axes, spread, look, name)
    axes.set_xlabel("environment steps of one seed")
    axes.set_ylabel("score (0: by chance, 100: an expert)")
    shared_legend(figure, [axes])
    return figure


def table(task: str, judged: Mapping[str, Sequence[Judgements]]) -> dict[str, Any]:
    """Scores by part of the run, and whether a mean is among the other's seeds.

    After the offline phase, on average over the judgements online, and at the last of them.
    """
    told = {
        name: {
            when: spread(
                [float(np.mean([score(task, each) for each in run[part]])) for run in runs]
            )
            for when, part in PARTS.items()
        }
        for name, runs in judged.items()
    }
    within = {
        f"{name} within {other}": {
            when: told[other][when]["least"] <= each["mean"] <= told[other][when]["most"]
            for when, each in told[name].items()
        }
        for name, other in ((PRESET, REFERENCE), (REFERENCE, PRESET))
    }
    return {"scores": told, "means": within}


def score(task: str, judgement: Mapping[str, Any]) -> float:
    """The mean of the episodes of a judgement, on D4RL's scale."""
    return float(normalised_score(task, float(np.mean(judgement["returns"]))))


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Mean, least and most of the seeds, and each."""
    mean = float(np.mean(values))
    return {"mean": mean, "least": min(values), "most": max(values), "seeds": list(values)}


def tell(found: Mapping[str, Any]) -> None:
    """Print the table."""
    print(f"{'mean score (lowest to highest seed)':36}" + "".join(f"{each:>24}" for each in PARTS))
    for name, row in found["scores"].items():
        cells = (
            f"{each['mean']:.1f} ({each['least']:.1f} to {each['most']:.1f})"
            for each in row.values()
        )
        print(f"{name:36}" + "".join(f"{cell:>24}" for cell in cells))
    for name, row in found["means"].items():
        print(
            f"mean of {name + ' seeds':28}"
            + "".join(f"{'yes' if each else 'no':>24}" for each in row.values())
        )


if __name__ == "__main__":
    main()
