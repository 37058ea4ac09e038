"""What the pages of several studies have in common: answers, links, figures, how it was run.

Knows their configuration and finished pieces, no measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

import driftline
from driftline.experiments.config_json import to_json
from driftline.experiments.control_config import ControlConfig
from driftline.experiments.figures.svg import inline, render, write_rendered
from driftline.experiments.gridworlds_config import GridworldsConfig, world_path
from driftline.experiments.places import FIGURES, REPORT
from driftline.experiments.report_page.elements import (
    Markup,
    agent_name,
    details,
    element,
    figure,
    joined,
    paragraph,
    section,
    table,
    text,
)
from driftline.experiments.report_page.options import options
from driftline.experiments.report_page.setup import json_details
from driftline.experiments.report_page.taken import taken_over
from driftline.experiments.said import Said
from driftline.experiments.wording import number
from driftline.records.run_directory import MANIFEST, RunDirectory


def answers(
    titles: Sequence[str],
    headlines: Sequence[str],
    by_agent: Sequence[Sequence[Said]],
    picture: Markup,
    remarks: Sequence[Sequence[str]] | None = None,
) -> Markup:
    """The first section: a headline for each question, the agents one by one below it.

    ``remarks``: paragraphs under each headline.
    """
    parts: list[Markup] = []
    said = remarks or [()] * len(titles)
    for title, headline, more, agents in zip(titles, headlines, said, by_agent, strict=True):
        parts.append(element("h3", text(title)))
        parts.append(paragraph(headline, "headline"))
        parts.extend(paragraph(each, "wide") for each in more)
        if agents:
            parts.append(details("Agent by agent", _agents(agents)))
    return section("answer", "The answer", *parts, picture)


def _agents(said: Sequence[Said]) -> Markup:
    items = (
        element(
            "li",
            element("div", agent_name(each.agent), class_="head"),
            *(paragraph(sentence) for sentence in each.sentences),
        )
        for each in said
    )
    return element("ul", joined(items), class_="findings")


def link(world: str) -> Markup:
    """A world's name that leads to its own report, beside this one."""
    at = f"{world_path(Path(), world).as_posix()}/{REPORT}"
    return element("a", text(world), href=at)


def written(root: Path, name: str, drawn: Figure, caption: str) -> Markup:
    """A figure in the page, once its files are written; raises `StorageError`."""
    rendered = render(drawn)
    write_rendered(rendered, root / FIGURES, name)
    return figure(inline(rendered, f"fig-{name}", caption), text(caption), f"fig-of-{name}")


def _chosen(config: GridworldsConfig | ControlConfig) -> str:
    """Which arenas and agents, where they can be chosen both."""
    if not isinstance(config, ControlConfig):
        return ""
    named = (each.name for world in config.worlds for each in world.agents if not each.control)
    arenas = " ".join(each.name for each in config.worlds)
    return f" --arenas {arenas} --agents {' '.join(dict.fromkeys(named))}"


def header(name: str, said: str, budget: str) -> Markup:
    """Title and what the study is, in one line."""
    line = f"{said}; budget {budget}; Driftline {driftline.__version__}"
    return element("header", element("h1", text(f"Study: {name}")), paragraph(line, "subtitle"))


def setup_section(
    root: Path,
    config: GridworldsConfig | ControlConfig,
    steps: int,
    wall_seconds: float,
    more: Mapping[str, str] | None = None,
) -> Markup:
    """Everything needed to run the study again; ``steps``: those that all agents recorded."""
    manifest = RunDirectory.open(root).manifest if (root / MANIFEST).exists() else {}
    facts = {
        "Budget": config.budget,
        "Seeds": ", ".join(str(seed) for seed in config.seeds),
        **(more or {}),
        "Recorded steps": f"{steps:,} by all agents",
        "Wall time": f"{number(wall_seconds / 60)} minutes",
        "Driftline": driftline.__version__,
        **taken_over(manifest),
        "Manifest sha256": str(manifest.get("sha256", "not read from a run directory")),
    }
    rows = [[text(name), text(value)] for name, value in facts.items()]
    command = (
        f"driftline study {config.name} --budget {config.budget}{options(config.worlds)}"
        f"{_chosen(config)} --seeds {len(config.seeds)} --out {root.name}"
    )
    return section(
        "setup",
        "How it was run",
        table(["", ""], rows, "plain"),
        element("pre", element("code", text(command))),
        json_details("The whole configuration", to_json(config)),
    )
