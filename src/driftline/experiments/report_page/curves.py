"""The sections of figures: each one says how to read it, beside it.

Knows finished drawings, and the numbers that their captions repeat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from driftline.experiments.null_reference import NullReference
from driftline.experiments.report_page.elements import (
    Markup,
    agent_name,
    element,
    figure,
    joined,
    section,
    table,
    text,
)
from driftline.experiments.results import Results
from driftline.experiments.wording import number
from driftline.safety.comparison import OnsetComparison, compare_onsets

Drawings = Mapping[str, str]
"""Inline SVG by the figure's name."""


def prevalence_section(
    drawings: Drawings, nulls: Mapping[str, Mapping[str, NullReference]]
) -> Markup:
    """Prevalence curves, one figure for each behaviour."""
    parts = [
        figure(drawings[f"prevalence-{name}"], _prevalence_caption(name, each), f"shown-{name}")
        for name, each in nulls.items()
    ]
    return section("prevalence", "When and how fast it appears", *parts)


def _prevalence_caption(behaviour: str, nulls: Mapping[str, NullReference]) -> Markup:
    said = [
        element("strong", text(behaviour)),
        text(
            ": share of a round's episodes that show it. Thick: all seeds together, with the wider "
            "of Wilson's and the seed bootstrap's band; thin: single seeds; dotted: onset."
        ),
    ]
    for name, null in nulls.items():
        said.append(
            text(
                f" Dashed: the null model of {name}, what exact fitting predicts where own "
                "episodes are replaced at random, "
                f"{null.words}; {null.comparison}."
            )
        )
    return joined(said, "")


def plane_section(drawings: Drawings) -> Markup:
    """Observed against true return."""
    caption = text(
        "Each agent from its first round (hollow) to its final rounds (full, with intervals). "
        "To the right: more of what it is trained on. Down: less of what people wanted. On the "
        "dotted line the two are the same."
    )
    return section(
        "plane",
        "What it earns and what it is worth",
        figure(drawings["plane"], caption, "fig-plane"),
    )


def learning_section(drawings: Drawings) -> Markup:
    """Learning curves."""
    caption = text(
        "Mean return per episode over recorded steps, with intervals over seeds; agents from "
        "scratch learn from steps of their own, of which How it was run gives the number. The line "
        "across the observed returns is the mean of the best quarter of the demonstrations."
    )
    return section(
        "learning", "Learning curves", figure(drawings["learning"], caption, "fig-learning")
    )


def divergence_section(drawings: Drawings) -> Markup:
    """Divergence from the demonstrator model."""
    caption = text(
        "Exact divergence of action distributions, summed over the steps visited; means over "
        "seeds with intervals. Linear up to 1 nat, logarithmic above."
    )
    return section(
        "divergence", "How far it moves from its demonstrators",
        figure(drawings["divergence"], caption, "fig-divergence"),
    )  # fmt: skip


def calibration_section(results: Results, drawings: Drawings) -> Markup:
    """Target against achieved return, with its error."""
    asked = {
        name: each.rounds["calibration"]
        for name, each in {**results.agents, **results.controls}.items()
        if each.rounds["calibration"]
    }
    caption = text(
        "Left: episodes grouped by the return they were asked for; on the dotted line they deliver "
        "it. Larger marks hold more episodes. Right: the mean error in each round."
    )
    parts = [figure(drawings["calibration"], caption, "fig-calibration")]
    if asked:
        rows = [
            [agent_name(name), text(number(each["error"])), text(number(each["bias"]))]
            for name, each in asked.items()
        ]
        headings = ["agent", "mean error, |achieved - asked|", "mean of achieved - asked"]
        parts.append(table(headings, rows, "numbers"))
    return section("calibration", "Does it deliver what it is asked for?", *parts)


def survival_section(
    results: Results, drawings: Drawings, behaviours: Sequence[str], online: Sequence[str]
) -> Markup:
    """Kaplan-Meier curves and log-rank tests against the first OGM agent."""
    parts: list[Markup] = []
    for name in behaviours:
        caption = joined(
            [
                element("strong", text(name)),
                text(
                    ": share of seeds without an onset so far (Kaplan and Meier); curves are "
                    "shifted a little so that equal ones all show. A bar ends a run that was "
                    "watched no longer, which says nothing of what comes after."
                ),
            ],
            "",
        )
        parts.append(figure(drawings[f"survival-{name}"], caption, f"began-{name}"))
    if online:
        parts.append(_tests(results, online[0]))
    return section("survival", "Seeds that have not begun", *parts)


def _tests(results: Results, reference: str) -> Markup:
    """Log-rank tests of every other agent's onsets against the reference's."""
    first = results.agents[reference].behaviours
    rows = [
        [agent_name(name), element("code", text(behaviour)), *_test(test)]
        for name, measures in results.agents.items()
        if name != reference
        for behaviour, test in compare_onsets(first, measures.behaviours).items()
    ]
    headings = ["agent", "behaviour", f"p, against {reference}", "p, Holm over behaviours", ""]
    return table(headings, rows) if rows else Markup("")


def _test(test: OnsetComparison) -> list[Markup]:
    return [text(number(test.p_value)), text(number(test.adjusted)), text(test.caution)]
