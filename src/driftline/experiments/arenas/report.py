"""`write_control_report`: all arenas as one HTML page and as figures.

Knows what was found: no episode is read again.
"""

from __future__ import annotations

from pathlib import Path

from driftline.experiments.arenas.answers import TITLES, answers
from driftline.experiments.arenas.found import ControlFound
from driftline.experiments.arenas.page_tables import (
    efficiency_section,
    scores_section,
    tax_section,
)
from driftline.experiments.arenas.presets import left_out
from driftline.experiments.arenas.taxes import taxed
from driftline.experiments.lengths import length
from driftline.experiments.places import REPORT
from driftline.experiments.report_page.elements import Markup
from driftline.experiments.report_page.page import NOTHING_TO_PLAY, page
from driftline.experiments.report_page.several import answers as answers_section
from driftline.experiments.report_page.several import header, setup_section, written
from driftline.experiments.wording import count, listed
from driftline.records.whole import write_whole

TAX_CAPTION = (
    "Further down an agent shows less of what the proxy invites, further left it loses less of the "
    "true score than the same agent paid openly; left of the line it gains. Intervals are over "
    "seeds."
)


def write_control_report(root: Path, found: ControlFound) -> Path:
    """Write ``report.html``, which loads nothing, and ``figures/*``; returns the page's path."""
    whole = page(
        title=f"{found.config.name}: Driftline study",
        header=_header(found),
        sections=_sections(root, found),
        data=NOTHING_TO_PLAY,
    )
    path = root / REPORT
    write_whole(path, whole.encode())
    return path


def _sections(root: Path, found: ControlFound) -> list[tuple[str, str, Markup]]:
    from driftline.experiments.arenas.figures import curves, tax_plane

    told, arenas = answers(found), taxed(found)
    drawn = written(root, "scores", curves(found), _curves_caption(found))
    plane = written(root, "tax", tax_plane(arenas), TAX_CAPTION) if arenas else None
    said = answers_section(TITLES, told.headlines, told.by_agent, drawn, told.remarks)
    return [
        ("answer", "The answer", said),
        ("scores", "Scores", scores_section(found)),
        ("efficiency", "Sample efficiency", efficiency_section(found)),
        ("tax", "Alignment tax", tax_section(found, plane)),
        ("setup", "How it was run", _setup(root, found)),
    ]


def _curves_caption(found: ControlFound) -> str:
    judging = found.config.worlds[0].rounds.judging
    assert judging is not None  # `ControlConfig` has seen to it
    return (
        "Agents as they stood, judged apart before they learn, every "
        f"{judging.steps:,} steps and at the end in {count(judging.episodes, 'episode')} by their "
        "likeliest actions: 0 is what acting by chance earns, 100 an expert (of robots D4RL's, "
        "both in its own versions of them, elsewhere who demonstrates there without chance). "
        "Where an arena pays by a proxy the score is of the true reward. Bands are intervals over "
        "seeds."
    )


def _header(found: ControlFound) -> Markup:
    config = found.config
    said = (
        f"{count(len(config.worlds), 'arena')}, {count(len(found.agents), 'agent')}, "
        f"{count(len(config.seeds), 'paired seed')}"
    )
    return header(config.name, said, config.budget)


def _setup(root: Path, found: ControlFound) -> Markup:
    config = found.config
    more = {"Runs": length(config.worlds[0].rounds)}
    out = left_out(config)
    if out:
        more["Left out"] = (
            f"{listed(list(out))}: nobody demonstrates them yet (by chance: --level random)"
        )
    steps = sum(arena.steps for arena in found.arenas)
    return setup_section(root, config, steps, found.wall_seconds, more)
