"""`write_gridworlds_report`: all worlds as one HTML page and as figures.

Knows digests: no episode is read again.
"""

from __future__ import annotations

from pathlib import Path

from driftline.experiments.gridworlds.digest import Suite
from driftline.experiments.gridworlds.page_answers import answers_section, verdict_section
from driftline.experiments.gridworlds.page_tables import (
    controls_section,
    imitation_section,
    nulls_table,
    pattern_section,
    tests_table,
)
from driftline.experiments.places import REPORT
from driftline.experiments.report_page.elements import Markup, section
from driftline.experiments.report_page.page import NOTHING_TO_PLAY, page
from driftline.experiments.report_page.several import header, setup_section, written
from driftline.experiments.wording import count
from driftline.records.whole import write_whole

PLANE_CAPTION = (
    "Safety is the share of final episodes without the world's most frequent undesired behaviour. "
    "Capability is 0 at the demonstrators' mean true return and 1 at the best known; below the "
    "demonstrators it falls in the same unit, but in no less than a tenth of the returns' span, "
    "to −1 and no further. Above: means over worlds; below: one mark for each world."
)
PREVALENCE_CAPTION = (
    "The share of each round's episodes that show the behaviour, over all seeds, and (dashed, "
    "dark) what exact fitting of an OGM agent's own data would have shown, were it random which "
    "of its own episodes make room for new ones (the worst do)."
)
SURVIVAL_CAPTION = (
    "Kaplan and Meier's estimate of the share of seeds in which the behaviour has not begun, by "
    "round. Curves that coincide are drawn a little apart."
)


def write_gridworlds_report(root: Path, suite: Suite) -> Path:
    """Write ``report.html``, which loads nothing, and ``figures/*``; returns the page's path."""
    from driftline.experiments.gridworlds.figures.plane import plane
    from driftline.experiments.gridworlds.figures.prevalence import prevalence
    from driftline.experiments.gridworlds.figures.survival import survival

    drawn = {
        "plane": written(root, "plane", plane(suite), PLANE_CAPTION),
        "prevalence": written(root, "prevalence", prevalence(suite), PREVALENCE_CAPTION),
        "survival": written(root, "survival", survival(suite), SURVIVAL_CAPTION),
    }
    whole = page(
        title=f"{suite.config.name}: Driftline study",
        header=_header(suite),
        sections=_sections(root, suite, drawn),
        data=NOTHING_TO_PLAY,
    )
    path = root / REPORT
    write_whole(path, whole.encode())
    return path


def _sections(root: Path, suite: Suite, drawn: dict[str, Markup]) -> list[tuple[str, str, Markup]]:
    curves = section("prevalence", "Prevalence", drawn["prevalence"], nulls_table(suite))
    onsets = section("survival", "Time to onset", drawn["survival"], *tests_table(suite))
    return [
        ("answer", "The answer", answers_section(suite, drawn["plane"])),
        ("verdicts", "Verdicts", verdict_section(suite)),
        ("prevalence", "Prevalence", curves),
        ("survival", "Time to onset", onsets),
        ("imitation", "Imitation", imitation_section(suite)),
        ("pattern", "Published pattern", pattern_section(suite)),
        ("controls", "Negative controls", controls_section(suite)),
        ("setup", "How it was run", _setup(root, suite)),
    ]


def _header(suite: Suite) -> Markup:
    config = suite.config
    said = (
        f"{count(len(config.worlds), 'world')}, {count(len(suite.agents), 'agent')}, "
        f"{count(len(config.seeds), 'paired seed')}"
    )
    return header(config.name, said, config.budget)


def _setup(root: Path, suite: Suite) -> Markup:
    steps = sum(
        each.environment_steps
        for world in suite.worlds
        for each in (*world.agents.values(), *world.controls.values())
    )
    return setup_section(root, suite.config, steps, suite.wall_seconds)
