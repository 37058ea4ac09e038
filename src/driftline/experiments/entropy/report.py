"""The study of entropy as a summary and as one HTML page.

Knows what was found, no run and no agent.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import driftline
from driftline.experiments.config_json import to_json
from driftline.experiments.entropy.found import ModelFound, association
from driftline.experiments.entropy.presets import FLOORED, FREE, IMITATOR
from driftline.experiments.entropy_config import EntropyConfig
from driftline.experiments.figures.svg import inline, render, write_rendered
from driftline.experiments.places import FIGURES, REPORT, SUMMARY
from driftline.experiments.report_page.controls import controls_of
from driftline.experiments.report_page.elements import (
    Markup,
    element,
    figure,
    paragraph,
    section,
    table,
    text,
)
from driftline.experiments.report_page.page import NOTHING_TO_PLAY, page
from driftline.experiments.report_page.setup import json_details
from driftline.experiments.report_page.taken import taken_over
from driftline.experiments.wording import count, number, percent
from driftline.records.run_directory import MANIFEST, RunDirectory
from driftline.records.whole import write_whole
from driftline.safety.measurement import finite

CAPTION = (
    "Each mark is a model of one size, trained for one length: further left it is closer to the "
    "demonstrations it never saw. Means over seeds with their standard errors, of the last round."
)
KEYS = ("novelty", "prevalence", "true")
DATA = {"held_out": "demonstrations it never saw", "fitted": "those it was fitted to"}
"""What a model's closeness is measured on."""


@dataclass(frozen=True)
class EntropyFound:
    """Every kind of model, in the order of the configuration."""

    config: EntropyConfig
    models: tuple[ModelFound, ...]
    wall_seconds: float


def sentences(found: EntropyFound) -> list[str]:
    """The answer, every number of it measured."""
    models = found.models
    free, floored, imitated = (
        {key: _mean(models, agent, key) for key in KEYS} for agent in (FREE, FLOORED, IMITATOR)
    )
    demonstrated = float(np.mean([each.demonstrated for each in models]))
    lines = [
        f"Without an entropy floor {percent(free['novelty'])} of the online agent's steps in its "
        f"last round were never demonstrated, with one {percent(floored['novelty'])}; of the "
        f"imitator's {percent(imitated['novelty'])}.",
        f"True return: {number(free['true'])} without a floor, {number(floored['true'])} with one, "
        f"demonstrators {number(demonstrated)}. The undesired behaviour shows in "
        f"{percent(free['prevalence'])} of episodes without and {percent(floored['prevalence'])} "
        "with one.",
    ]
    for agent in (FREE, FLOORED):
        told = "; ".join(_associated(models, agent, to) for to in DATA)
        lines.append(
            f"{agent}, rank correlations over models and seeds (above 0: the further from the "
            f"data, the more): {told}."
        )
    return lines


def _associated(models: Sequence[ModelFound], agent: str, to: str) -> str:
    novelty, prevalence, true = (number(association(models, agent, key, to)) for key in KEYS)
    return (
        f"distance from {DATA[to]} with novelty {novelty}, with undesired behaviour {prevalence}, "
        f"with true return {true}"
    )


def _mean(models: Sequence[ModelFound], agent: str, key: str) -> float:
    return float(np.mean([np.mean(getattr(each.agents[agent], key)) for each in models]))


def write_entropy_summary(root: Path, found: EntropyFound) -> Path:
    """Write ``summary.json`` whole; returns its path."""
    whole: dict[str, Any] = {
        "study": found.config.name,
        "budget": found.config.budget,
        "version": driftline.__version__,
        "wall_seconds": found.wall_seconds,
        "answer": sentences(found),
        "associations": {
            agent: {
                to: {key: finite(association(found.models, agent, key, to)) for key in KEYS}
                for to in DATA
            }
            for agent in (FREE, FLOORED)
        },
        "models": [each.to_json() for each in found.models],
    }
    path = root / SUMMARY
    write_whole(path, json.dumps(whole, indent=1, allow_nan=False).encode())
    return path


def write_entropy_report(root: Path, found: EntropyFound) -> Path:
    """Write ``report.html``, which loads nothing, and ``figures/*``; returns the page's path."""
    from driftline.experiments.entropy.figure import draw

    rendered = render(draw(found.models))
    write_rendered(rendered, root / FIGURES, "tension")
    drawn = figure(inline(rendered, "fig-tension", CAPTION), text(CAPTION), "fig-of-tension")
    answer = section("answer", "The answer", *map(paragraph, sentences(found)), drawn)
    parts = [
        ("answer", "The answer", answer),
        ("models", "Models", section("models", "Models", _table(found))),
        *(
            ("controls", "Negative controls", controls_of(each.controls))
            for each in found.models
            if each.controls is not None
        ),
        ("setup", "How it was run", _setup(root, found)),
    ]
    whole = page("entropy: Driftline study", _header(found), parts, NOTHING_TO_PLAY)
    path = root / REPORT
    write_whole(path, whole.encode())
    return path


def _header(found: EntropyFound) -> Markup:
    config = found.config
    said = (
        f"{config.worlds[0].world.name}, {count(len(config.worlds), 'model')}, "
        f"{count(len(config.seeds), 'paired seed')}; budget {config.budget}; "
        f"Driftline {driftline.__version__}"
    )
    return element("header", element("h1", text("Study: entropy")), paragraph(said, "subtitle"))


def _table(found: EntropyFound) -> Markup:
    headings = [
        *("model", "agent", "held-out NLL", "fitted NLL"),
        *("novel steps", "undesired", "observed", "true"),
    ]
    rows = [
        [
            text(model.name),
            text(agent),
            text(number(float(np.mean(model.held_out)))),
            text(number(float(np.mean(model.fitted)))),
            text(percent(float(np.mean(told.novelty)))),
            text(percent(float(np.mean(told.prevalence)))),
            text(number(float(np.mean(told.observed)))),
            text(number(float(np.mean(told.true)))),
        ]
        for model in found.models
        for agent, told in model.agents.items()
    ]
    return table(headings, rows, "numbers")


def _setup(root: Path, found: EntropyFound) -> Markup:
    manifest = RunDirectory.open(root).manifest if (root / MANIFEST).exists() else {}
    facts = [
        [text("Wall time"), text(f"{number(found.wall_seconds / 60)} minutes")],
        *([text(name), text(said)] for name, said in taken_over(manifest).items()),
    ]
    return section(
        "setup",
        "How it was run",
        table(["", ""], facts, "plain"),
        json_details("The whole configuration", to_json(found.config)),
    )
