"""Hold agents that a critic guides against the published method, robot by robot.

Knows no training. ``STUDIES`` are directories of ``driftline study hopper``, ``hopper-odt`` and the
like, all of as many steps; of each the agents named are read, in every seed that is finished. By
default a ``-odt`` study has three times the demonstrations, of the same level.

    python reproductions/value_guidance/guided_scores.py STUDIES... --out DIRECTORY

Writes ``comparison.svg``, ``.png`` and ``.json``, and prints the table: an agent's mean score
before anything was learnt online and over the judgements of the last quarter, which one jumpy
judgement does not decide, and the mean over robots beside that of the method compared with.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from driftline.experiments.arena_config import ArenaConfig
from driftline.experiments.config import StudyConfig
from driftline.experiments.config_json import from_json
from driftline.experiments.control.scores import Curve, curve
from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import look, panels, styled
from driftline.experiments.figures.series import Series, draw_series
from driftline.experiments.names import ROBOTS
from driftline.experiments.plan import run_path
from driftline.experiments.run import finished
from driftline.records.run_directory import RunDirectory

COMPARED = "odt"
AGENTS = ("ogm-guided", "ogm-quantile", "odt-guided", COMPARED)
LAST = 0.25
"""Of the steps of a run: over their judgements what it came to is averaged."""
POINTS = 41
Found = dict[str, dict[str, list[Curve]]]
"""By robot and agent, the scores of every seed that is finished, over steps."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("studies", type=Path, nargs="+")
    parser.add_argument("--agents", nargs="+", default=AGENTS)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    found, steps = read(options.studies, options.agents)
    told = table(found, steps)
    options.out.mkdir(parents=True, exist_ok=True)
    figure = curves(found)
    figure.savefig(options.out / "comparison.svg", metadata={"Date": None})
    figure.savefig(options.out / "comparison.png", dpi=160)
    (options.out / "comparison.json").write_text(json.dumps(told, indent=1) + "\n")
    tell(told)


def read(studies: Sequence[Path], agents: Sequence[str]) -> tuple[Found, float]:
    """Scores of all finished runs, and their steps; ends the program where there are none."""
    found: Found = {}
    lengths: dict[Path, int | None] = {}
    for root in studies:
        config = study(root)
        task, steps = config.world.task, config.rounds.steps
        lengths[root] = steps
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{place} {each:,}" for place, each in lengths.items())
            sys.exit(
                f"the studies have runs of different lengths ({told} steps); give those of one"
            )
        for agent in (each.name for each in config.agents if each.name in agents):
            paths = [run_path(root, agent, seed) for seed in config.seeds]
            runs = [curve(task, judged(path)) for path in paths if finished(path)]
            if len(runs) < len(paths):
                print(f"{root}: {len(runs)} of {len(paths)} seeds of {agent} are finished")
            if runs and agent in found.get(task, {}):
                sys.exit(f"{agent} on {task} is in two of the studies; leave one of them out")
            if runs:
                found.setdefault(task, {})[agent] = runs
    if not found:
        sys.exit(f"none of the studies has a finished run of {', '.join(agents)}")
    [length] = set(lengths.values())
    assert length is not None  # as robots' studies end
    return found, float(length)


def study(root: Path) -> StudyConfig:
    """The study in ``root``; ends the program where it is not of a robot, paid as it should be."""
    configuration = RunDirectory.open(root).manifest["configuration"]
    if configuration["kind"] != StudyConfig.__name__:
        sys.exit(f"{root} is of several arenas; give the directories below {root / 'worlds'}")
    config = from_json(StudyConfig, configuration)
    world = config.world
    if not isinstance(world, ArenaConfig) or world.task not in ROBOTS or world.proxy is not None:
        sys.exit(f"{root} is no study of a robot, paid as Gymnasium does; leave it out")
    return config


def judged(path: Path) -> list[Mapping[str, Any]]:
    """What was recorded of the judgements of a run."""
    return [each for each in RunDirectory.open(path).events() if each["event"] == "Judged"]


def came_to(run: Curve, steps: float) -> float:
    """The mean score over the last quarter of ``steps``, which runs end a round beyond at most."""
    when, scores = run
    return float(scores[when >= (1.0 - LAST) * steps].mean())


def table(found: Found, length: float) -> dict[str, Any]:
    """Every seed's scores, and means over robots of the agents that all robots have."""
    robots = {
        task: {
            agent: {
                "steps": [int(steps[-1]) for steps, _ in runs],
                "before": [float(scores[0]) for _, scores in runs],
                "after": [came_to(run, length) for run in runs],
            }
            for agent, runs in by_agent.items()
        }
        for task, by_agent in found.items()
    }
    everywhere = set.intersection(*(set(each) for each in robots.values()))
    means = {
        agent: float(np.mean([np.mean(each[agent]["after"]) for each in robots.values()]))
        for agent in sorted(everywhere)
    }
    beside = means.get(COMPARED, 0.0)
    times = {agent: mean / beside for agent, mean in means.items()} if beside > 0.0 else {}
    return {"robots": robots, "means": means, "times": times}


def tell(told: Mapping[str, Any]) -> None:
    """Print the table."""
    print(f"{'score':14}{'':14}{'steps':>9}{'before':>9}{'after':>9}  seeds")
    for task, by_agent in told["robots"].items():
        for agent, each in by_agent.items():
            seeds = ", ".join(f"{after:.1f}" for after in each["after"])
            cells = "".join(f"{np.mean(each[when]):>9.1f}" for when in ("before", "after"))
            print(f"{task:14}{agent:14}{min(each['steps']):>9,}{cells}  {seeds}")
    for agent, mean in told["means"].items():
        beside = f"  {told['times'][agent]:.2f} times {COMPARED}" if told["times"] else ""
        print(f"{'all robots':14}{agent:14}{'':18}{mean:>9.1f}{beside}")
    lacking = {name for each in told["robots"].values() for name in each} - set(told["means"])
    if lacking:
        print(f"no mean over all robots: {', '.join(sorted(lacking))}, which not all of them have")


@styled
def curves(found: Found) -> Figure:
    """A panel for each robot: the mean of the seeds in the band from the lowest to the highest."""
    figure, axes = panels(1, len(found), width=3.6 * len(found), height=3.6)
    for panel, (task, by_agent) in zip(axes, found.items(), strict=True):
        for agent, runs in by_agent.items():
            steps = np.linspace(0.0, min(float(run[0][-1]) for run in runs), POINTS)
            seeds = np.stack([np.interp(steps, *run) for run in runs])
            drawn = Series(steps, seeds.mean(0), seeds.min(0), seeds.max(0))
            draw_series(panel, drawn, look(agent), agent)
        panel.set_title(task)
        panel.set_xlabel("environment steps of one seed")
    axes[0].set_ylabel("score (0: by chance, 100: an expert)")
    shared_legend(figure, axes)
    return figure


if __name__ == "__main__":
    main()
