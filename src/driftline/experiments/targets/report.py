"""`write_targets_report`: the study of targets as one HTML page and as figures.

Knows the parts' results as files hold them, so an old study can be reported again.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import driftline
from driftline.experiments.config_json import to_json
from driftline.experiments.figures.svg import inline, render, write_rendered
from driftline.experiments.places import FIGURES, REPORT
from driftline.experiments.report_page.elements import (
    Markup,
    chip,
    element,
    figure,
    joined,
    paragraph,
    section,
    table,
    text,
)
from driftline.experiments.report_page.page import NOTHING_TO_PLAY, page
from driftline.experiments.report_page.setup import json_details
from driftline.experiments.report_page.taken import taken_over
from driftline.experiments.targets.claims import claims
from driftline.experiments.targets.figures import overview
from driftline.experiments.targets.matched import at_distance, curves
from driftline.experiments.targets.results import TargetsResults
from driftline.experiments.targets_config import PARTS, PartName
from driftline.experiments.wording import count, number
from driftline.records.run_directory import MANIFEST, RunDirectory
from driftline.records.whole import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OVERVIEW = "overview"
TITLES: dict[PartName, str] = {
    "frontier": "Tomato watering, pushed",
    "deterministic": "One optimum, several roads",
    "stochastic": "Where luck parts them",
    "learnt": "A transformer's tilt",
    "finetuned": "Fine-tuning to the same optimum",
    "densityless": "A tilt without densities",
    "estimators": "Measuring divergence",
}
SAID = {str(part): title for part, title in TITLES.items()}
KL_LEVELS = (0.25, 0.5, 1.0, 2.0, 4.0)
RATIO_LEVELS = (2.0, 5.0, 10.0, 20.0, 50.0)


def write_targets_report(root: Path, results: TargetsResults) -> Path:
    """Write ``report.html``, which loads nothing, and ``figures/*``; returns the page's path."""
    assert set(TITLES) == set(PARTS)
    drawn = {part: _drawn(root, part, results) for part in TITLES}
    captions = {part: _module(part).caption(_given(part, results)) for part in TITLES}
    asked = figure(
        _rendered(root, OVERVIEW, overview.draw(results.parts["frontier"][0])),
        text(overview.CAPTION),
        "fig-of-overview",
    )
    answer = section("answer", "The answer", _claims(results), asked)
    parts: list[tuple[str, str, Markup]] = [("answer", "The answer", answer)]
    for part, title in TITLES.items():
        content = [figure(drawn[part], text(captions[part]), f"fig-of-{part}")]
        content += _matched(results) if part == "frontier" else []
        parts.append((part, title, section(part, title, *content)))
    parts.append(("setup", "How it was run", _setup(root, results)))
    whole = page(
        title="targets: Driftline study",
        header=_header(results),
        sections=parts,
        data=NOTHING_TO_PLAY,
    )
    path = root / REPORT
    write_whole(path, whole.encode())
    return path


def _claims(results: TargetsResults) -> Markup:
    rows = [
        [text(each.said), text(each.measured), text(each.wanted), _held(each.held)]
        for each in claims(results)
    ]
    return table(["claim", "measured", "wanted", ""], rows, "plain")


def _held(held: bool) -> Markup:
    return chip("yes" if held else "no", "holds" if held else "fails")


def _module(part: PartName) -> Any:
    return importlib.import_module(f"driftline.experiments.targets.figures.{part}")


def _given(part: PartName, results: TargetsResults) -> Any:
    """All seeds of the frontier, the one result of every other part."""
    return results.parts[part] if part == "frontier" else results.parts[part][0]


def _drawn(root: Path, part: PartName, results: TargetsResults) -> str:
    return _rendered(root, part, _module(part).draw(_given(part, results)))


def _rendered(root: Path, name: str, drawn: Figure) -> str:
    rendered = render(drawn)
    write_rendered(rendered, root / FIGURES, name)
    return inline(rendered, f"fig-{name}", SAID.get(name, "What each target asks for"))


def _header(results: TargetsResults) -> Markup:
    config = results.config
    said = (
        f"Every way to ask for a high return, exact where it can be; "
        f"{count(len(config.seeds), 'seed')} of tomato watering, {config.exact.worlds} enumerated "
        f"worlds; budget {config.budget}; Driftline {driftline.__version__}"
    )
    return element("header", element("h1", text("Study: targets")), paragraph(said, "subtitle"))


def _matched(results: TargetsResults) -> list[Markup]:
    """True return (observed below) of every method at the same distance."""
    told = curves(results.parts["frontier"])

    def cell(method: str, level: float, by: str) -> Markup:
        true, observed = (
            at_distance(told[method], name, level, by) for name in ("true", "observed")
        )
        return Markup(f"{text(number(true))}<small>{text(number(observed))}</small>")

    tables = []
    for by, levels, heading in (
        ("kl", KL_LEVELS, "KL of {:g} nats"),
        ("log_ratio", tuple(float(each) for each in RATIO_LEVELS), "ratio of {:g}"),
    ):
        rows: Sequence[Sequence[Markup]] = [
            [
                text(name),
                *(cell(name, each if by == "kl" else _log(each), by) for each in levels),
            ]
            for name in told
        ]
        tables.append(table(["", *(heading.format(each) for each in levels)], rows))
    said = (
        "True return, and the observed one below it, where a method is that far from the "
        "demonstrator model; a dash where its strengths do not reach there. What is promised is a "
        "choice among whole episodes, which needs resets and takes luck for skill."
    )
    return [paragraph(said), joined(tables)]


def _log(ratio: float) -> float:
    return math.log(ratio)


def _setup(root: Path, results: TargetsResults) -> Markup:
    manifest = RunDirectory.open(root).manifest if (root / MANIFEST).exists() else {}
    facts = {
        "Budget": results.config.budget,
        "Seeds of the frontier": ", ".join(str(seed) for seed in results.config.seeds),
        "Wall time": f"{number(results.wall_seconds / 60)} minutes",
        "Driftline": driftline.__version__,
        **taken_over(manifest),
        "Manifest sha256": str(manifest.get("sha256", "not read from a run directory")),
    }
    rows = [[text(name), text(value)] for name, value in facts.items()]
    command = f"driftline study targets --budget {results.config.budget} --out {root.name}"
    return section(
        "setup",
        "How it was run",
        table(["", ""], rows, "plain"),
        element("pre", element("code", text(command))),
        json_details("The whole configuration", to_json(results.config)),
    )
