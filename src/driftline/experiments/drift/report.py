"""The study of drift as a summary and as one HTML page.

Knows what was found, no run and no agent.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import driftline
from driftline.experiments.config_json import to_json
from driftline.experiments.drift.found import Arm, DriftFound
from driftline.experiments.figures.svg import inline, render, write_rendered
from driftline.experiments.places import FIGURES, REPORT, SUMMARY
from driftline.experiments.report_page.controls import controls_of
from driftline.experiments.report_page.elements import (
    Markup,
    element,
    figure,
    pair,
    paragraph,
    section,
    table,
    text,
)
from driftline.experiments.report_page.page import NOTHING_TO_PLAY, page
from driftline.experiments.report_page.setup import json_details
from driftline.experiments.report_page.taken import taken_over
from driftline.experiments.wording import NOTHING, count, number, percent, span
from driftline.records.run_directory import MANIFEST, RunDirectory
from driftline.records.whole import write_whole
from driftline.safety.measurement import finite
from driftline.safety.phase_diagram import Boundary, Deviation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PHASE_CAPTION = (
    "Each circle is an agent, filled as far as its last episodes show the behaviour. Above the "
    "line exact fitting has it die out. The dashed line is where exact fitting stands after as "
    "many rounds as were played; squares are the measured boundary, with its interval over seeds "
    "and between the shares that were tried."
)
ARMS_CAPTION = (
    "One switch changed at a time from the first panel. What the agent plays (blue), what its "
    "model is fitted to (orange), and what exact fitting with random replacement predicts of both."
)


def sentences(found: DriftFound) -> list[str]:
    """The answer, every number of it measured."""
    told, last = found.deviation, found.config.study.rounds.rounds
    lines = [
        f"Of {told.sought} boundaries {told.found} lay between the shares that were tried after "
        f"{last} rounds; on average the behaviour died out at a share of demonstrations "
        f"{number(abs(told.mean))} {'above' if told.mean > 0 else 'below'} the predicted "
        f"alpha = 1 - q, and {number(told.size)} away from it; from where exact fitting stands "
        f"after as many rounds it was {number(found.from_exact.size)} away. The shares tried "
        f"on either side of a boundary are {number(told.gap)} apart on average."
        if told.found
        else "No boundary lay between the shares of demonstrations that were tried."
    ]
    alive = [arm for arm in found.arms if arm.measures.final_prevalence.value >= 0.5]
    dead = [arm for arm in found.arms if arm not in alive]
    lines.append(
        f"Of {count(len(found.arms), 'arm')}, the behaviour has taken over by the end under "
        f"{_names(alive)}, and has not under {_names(dead)}; no takeover by then is no promise."
    )
    kept = [arm for arm in found.arms if arm.guaranteed >= 1]
    broken = [arm for arm in kept if any(high < arm.guaranteed - 1 for _, high in arm.window)]
    lines.append(
        f"Exact fitting guarantees a window of a round or more under {_names(kept)}; a seed had "
        f"less than that by more than a round under {_names(broken)}."
    )
    return lines


def _names(arms: list[Arm]) -> str:
    return ", ".join(arm.name for arm in arms) or "none"


def write_drift_summary(root: Path, found: DriftFound) -> Path:
    """Write ``summary.json`` whole; returns its path."""
    whole = {
        "study": found.config.name,
        "budget": found.config.budget,
        "version": driftline.__version__,
        "wall_seconds": found.wall_seconds,
        "deviation": _deviation(found.deviation),
        "deviation_from_exact_fitting": _deviation(found.from_exact),
        "answer": sentences(found),
        "phases": [
            {
                "rho": phase.rho,
                "boundaries": [_plain(each) for each in phase.boundaries],
                "cells": [
                    {"q": cell.q, "alpha": cell.alpha, "prevalence": share}
                    for cell, share in sorted(phase.prevalence.items())
                ],
            }
            for phase in found.phases
        ],
        "arms": {arm.name: _arm(arm) for arm in found.arms},
        "negative_controls": found.controls.to_json(),
    }
    path = root / SUMMARY
    write_whole(path, json.dumps(whole, indent=1, allow_nan=False).encode())
    return path


def _deviation(told: Deviation) -> dict[str, Any]:
    numbers = {name: finite(getattr(told, name)) for name in ("mean", "size", "gap")}
    return {**asdict(told), **numbers}


def _plain(each: Boundary) -> dict[str, Any]:
    return {
        "q": each.q,
        "predicted": each.predicted,
        **{name: finite(getattr(each, name)) for name in ("alpha", "low", "high")},
        "beyond": None if np.isfinite(each.alpha) else ("above" if each.alpha > 0 else "below"),
    }


def _arm(arm: Arm) -> dict[str, Any]:
    return {
        "final_prevalence": arm.measures.final_prevalence.to_json(),
        "onset": arm.measures.onset.to_json(),
        "observed_return": arm.observed,
        "true_return": finite(arm.true),
        "kl": finite(arm.kl),
        "refresh_rate": arm.rho,
        "rounds_held_back": finite(arm.held),
        "guaranteed_window": finite(arm.guaranteed),
        "windows": [[finite(low), finite(high)] for low, high in arm.window],
        "data": [[float(x) for x in each.data] for each in arm.shares],
        "acting": [[float(x) for x in each.acting] for each in arm.shares],
    }


def write_drift_report(root: Path, found: DriftFound) -> Path:
    """Write ``report.html``, which loads nothing, and ``figures/*``; returns the page's path."""
    from driftline.experiments.drift.figures import arms, phase

    diagram = _drawn(root, "phase", phase.draw(found.phases), PHASE_CAPTION)
    curves = _drawn(root, "arms", arms.draw(found.arms), ARMS_CAPTION)
    answer = section("answer", "The answer", *map(paragraph, sentences(found)), diagram)
    parts = [
        ("answer", "The answer", answer),
        ("switches", "Switches", section("switches", "Switches", curves, _switches(found))),
        ("controls", "Negative controls", controls_of(found.controls)),
        ("setup", "How it was run", _setup(root, found)),
    ]
    whole = page("drift: Driftline study", _header(found), parts, NOTHING_TO_PLAY)
    path = root / REPORT
    write_whole(path, whole.encode())
    return path


def _drawn(root: Path, name: str, drawn: Figure, caption: str) -> Markup:
    rendered = render(drawn)
    write_rendered(rendered, root / FIGURES, name)
    return figure(inline(rendered, f"fig-{name}", caption), text(caption), f"fig-of-{name}")


def _header(found: DriftFound) -> Markup:
    config = found.config
    agents, seeds = len(config.study.agents), len(config.seeds)
    said = (
        f"{config.study.world.name}, {config.behaviour}; {count(agents, 'agent')}, "
        f"{count(seeds, 'paired seed')}, {config.study.rounds.rounds} rounds; budget "
        f"{config.budget}; Driftline {driftline.__version__}"
    )
    return element("header", element("h1", text("Study: drift")), paragraph(said, "subtitle"))


def _switches(found: DriftFound) -> Markup:
    headings = [
        *("switch", "shown at the end", "onset", "true return", "KL, nats"),
        *("new each round", "rounds held back by its budget"),
        *("window guaranteed", "window seen"),
    ]
    return table(headings, [_row(arm) for arm in found.arms], "numbers")


def _row(arm: Arm) -> list[Markup]:
    final, onset = arm.measures.final_prevalence, arm.measures.onset
    low = float(np.median([each[0] for each in arm.window]))
    high = float(np.median([each[1] for each in arm.window]))
    return [
        text(arm.name),
        pair(percent(final.value), span(final.low, final.high, share=True)),
        text("none" if onset.censored else number(onset.round)),
        text(number(arm.true)),
        text(number(arm.kl)),
        text(percent(arm.rho)),
        text(percent(arm.held) if arm.held >= 0 else NOTHING),
        text(number(arm.guaranteed) if arm.guaranteed > 0 else NOTHING),
        text(number(low) if low == high else span(low, high)),
    ]


def _setup(root: Path, found: DriftFound) -> Markup:
    manifest = RunDirectory.open(root).manifest if (root / MANIFEST).exists() else {}
    facts = [
        [text("Wall time"), text(f"{number(found.wall_seconds / 60)} min")],
        *([text(name), text(said)] for name, said in taken_over(manifest).items()),
        [text("Manifest"), text(str(manifest.get("sha256", "not read from a run directory")))],
    ]
    return section(
        "setup",
        "How it was run",
        table(["", ""], facts, "plain"),
        json_details("Configuration", to_json(found.config)),
    )
