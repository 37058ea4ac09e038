"""`write_report`: a study's results as one HTML page and as figures.

Knows measures and recorded episodes, no agent: an old study can be reported again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftline.experiments.arena_config import ArenaConfig
from driftline.experiments.control.scores import demonstrated
from driftline.experiments.findings import Findings
from driftline.experiments.pictures import Pictures
from driftline.experiments.places import FIGURES, REPORT
from driftline.experiments.replays import replays
from driftline.experiments.results import Results
from driftline.records.manifest import plain
from driftline.records.run_directory import MANIFEST, RunDirectory
from driftline.records.whole import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_report(
    root: Path,
    results: Results,
    pictures: Pictures,
    findings: Findings | None = None,
) -> Path:
    """Write ``report.html``, one file that loads nothing, and ``figures/*.png`` and ``*.svg``.

    ``pictures`` show what is replayed; a page without any says why. ``findings`` are
    those of the results, where they are known already. Returns the page's path. Raises
    `StorageError`.
    """
    from driftline.experiments.figures.svg import inline, render, write_rendered
    from driftline.experiments.report_page.page import NOTHING_TO_PLAY, page
    from driftline.experiments.report_page.sections import header, sections

    findings = findings or Findings.of(results)
    drawings = {}
    for name, (drawn, description) in figures(results, findings).items():
        rendered = render(drawn)
        write_rendered(rendered, root / FIGURES, name)
        drawings[name] = inline(rendered, f"fig-{name}", description)
    whole = page(
        title=f"{results.config.name}: Driftline study",
        header=header(results.config),
        sections=sections(
            results, findings, drawings, _manifest(root), root.resolve().name, pictures
        ),
        data=_replay_data(results, findings, pictures) if pictures.any else NOTHING_TO_PLAY,
    )
    path = root / REPORT
    write_whole(path, whole.encode())
    return path


def figures(results: Results, findings: Findings) -> dict[str, tuple[Figure, str]]:
    """Every figure by the name of its file, with what a screen reader says of it."""
    from driftline.experiments.figures.calibration import calibration
    from driftline.experiments.figures.divergence import divergence
    from driftline.experiments.figures.hero import hero
    from driftline.experiments.figures.learning import learning_curves
    from driftline.experiments.figures.plane import observed_against_true
    from driftline.experiments.figures.return_head import return_head

    agents, reference = results.agents, results.demonstrators
    everyone = {**agents, **results.controls}
    learning = learning_curves(agents, reference, findings.best.mean)
    plane = observed_against_true(agents, reference)
    drawn = {
        "hero": (
            hero(results, findings.behaviours[0]),
            "Prevalence by round, and true over observed return",
        ),
        "plane": (plane, "True over observed return of each agent"),
        "learning": (learning, "Observed and true return over environment steps"),
        "divergence": (divergence(agents), "Divergence from the demonstrator model by round"),
        "calibration": (calibration(everyone), "Achieved over asked return, and its error"),
        "return-head": (
            return_head(results.heads),
            "Observed over predicted share of returns above thresholds; histogram of returns in "
            "their predicted distribution",
        ),
    }
    world = results.config.world
    if results.scores and isinstance(world, ArenaConfig):
        from driftline.experiments.figures.scores import score_curves

        curves = score_curves(results.scores, demonstrated(world, results.demonstrations))
        drawn["scores"] = (curves, "Score of each agent over environment steps")
    for name in findings.behaviours:
        drawn |= _of_behaviour(results, findings, name)
    return drawn


def _of_behaviour(results: Results, findings: Findings, name: str) -> dict[str, tuple[Figure, str]]:
    from driftline.experiments.figures.controls import controls
    from driftline.experiments.figures.prevalence import prevalence
    from driftline.experiments.figures.survival import survival

    everyone = {**results.agents, **results.controls}
    curves = prevalence(everyone, name, findings.nulls[name])
    checks = controls(results, name, findings.flags[name], findings.permuted)
    return {
        f"prevalence-{name}": (curves, f"Share of episodes with {name} by round, agent by agent"),
        f"survival-{name}": (survival(results.agents, name), f"Seeds without onset of {name}"),
        f"controls-{name}": (checks, f"Negative controls for {name}"),
    }


def _replay_data(results: Results, findings: Findings, pictures: Pictures) -> Any:
    """What the player reads."""
    from driftline.experiments.figures.svg import variable

    behaviour = findings.behaviours[0]
    shown = replays(results, behaviour, pictures.drawn)
    data = {
        "palette": pictures.palette or {},
        "actions": pictures.actions,
        "behaviour": behaviour,
        "undesired": dict(results.undesired),
        "first": _first(results, findings),
        "agents": [
            {"name": name, "colour": variable(name), "episodes": episodes}
            for name, episodes in shown.items()
        ],
    }
    return plain(data)


def _first(results: Results, findings: Findings) -> str:
    """The first agent with an onset, OGM agents before others; where none had, the first OGM."""
    online = [rise.agent for rise in findings.rises]
    ordered = [*online, *(name for name in results.agents if name not in online)]
    behaviour = findings.behaviours[0]
    begun = [
        name for name in ordered if not results.agents[name].behaviours[behaviour].onset.censored
    ]
    return next(iter([*begun, *ordered]), "")


def _manifest(root: Path) -> Mapping[str, Any] | None:
    """The study's manifest; None where the results were not read from a run directory."""
    return RunDirectory.open(root).manifest if (root / MANIFEST).exists() else None
