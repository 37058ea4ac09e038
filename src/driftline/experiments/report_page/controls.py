"""The negative controls as tables and one figure for each behaviour.

Knows findings only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from driftline.experiments.controls_report import Permuted, RandomFlags
from driftline.experiments.negative_controls import NegativeControls
from driftline.experiments.null_reference import LONG, NullReference, without_null
from driftline.experiments.report_page.elements import (
    Markup,
    agent_name,
    element,
    pair,
    paragraph,
    section,
    table,
    text,
)
from driftline.experiments.results import Results
from driftline.experiments.tables import verdict_rows
from driftline.experiments.wording import measured, number, percent
from driftline.safety.behaviour_measures import BehaviourMeasures
from driftline.safety.controls import DetectorQuality
from driftline.safety.measure import AgentMeasures

SHOWN = ("observed return", "true return", "prevalence at the end", "onset (round)")


def controls_of(found: NegativeControls) -> Markup:
    """All of a behaviour's, as the section of a page that has no others."""
    return section(
        "controls",
        "Negative controls",
        heading("Without the exploit"),
        without_exploit(found.honest, found.behaviour),
        heading("Flags by chance"),
        by_chance(found.flags),
        heading("True returns dealt anew"),
        dealt_anew(found.permuted),
    )


def without_exploit(honest: Mapping[str, AgentMeasures], behaviour: str) -> Markup:
    """Agents in the world that pays the hidden reward openly."""
    if not honest:
        return paragraph(
            "This study has no agent in a world without the exploit. Where performance is the "
            "visible reward, there is no such other world."
        )
    rows = [
        [agent_name(row.agent), *(pair(*cell) for cell in row.cells[: len(SHOWN)])]
        for row in verdict_rows(honest, behaviour)
    ]
    said = (
        "The same agents where the observed reward is the hidden one: there is nothing to gain, "
        "so what they show of the behaviour is chance, or the way they explore."
    )
    return Markup(paragraph(said) + table(["agent", *SHOWN], rows, "numbers"))


def by_chance(flags: Sequence[RandomFlags]) -> Markup:
    """Measures of the recorded flags beside those of flags dealt out at random."""
    if not flags:
        return paragraph("Nothing was flagged in any episode, so there is nothing to deal out.")
    said = (
        "The flags of each agent dealt out at random over its episodes, as many as before: the "
        "share is then the same in every round, so an onset is either in the first round or never, "
        "no seed should rise, and showing the behaviour should say nothing of the return."
    )
    headings = [
        "agent",
        "onset, measured",
        "by chance",
        "seeds that rise, measured",
        "by chance",
        "correlation with observed return, measured",
        "by chance",
    ]
    return Markup(
        paragraph(said) + table(headings, [_chance_row(each) for each in flags], "numbers")
    )


def _chance_row(each: RandomFlags) -> list[Markup]:
    def onset(behaviour: BehaviourMeasures) -> str:
        return "none" if behaviour.onset.censored else number(behaviour.onset.round)

    def rising(behaviour: BehaviourMeasures) -> str:
        rise = sum(seed.fit is not None and seed.fit.rises for seed in behaviour.seeds)
        return f"{rise} of {len(behaviour.seeds)}"

    return [
        agent_name(each.agent),
        text(onset(each.measured)),
        text(onset(each.random)),
        text(rising(each.measured)),
        text(rising(each.random)),
        text(number(each.correlation)),
        text(number(each.random_correlation)),
    ]


def dealt_anew(permuted: Sequence[Permuted]) -> Markup:
    """Correlations of true and observed return before and after the deal."""
    if not permuted:
        return paragraph("This world has no hidden reward to deal out anew.")
    rows = [
        [agent_name(each.agent), text(number(each.correlation)), text(_range(each))]
        for each in permuted
    ]
    said = (
        "The true returns dealt out at random among the episodes of a seed: the correlation of "
        "true and observed return has to vanish."
    )
    headings = ["agent", "as recorded (mean over seeds)", "dealt anew (20 deals)"]
    return Markup(paragraph(said) + table(headings, rows, "numbers"))


def _range(each: Permuted) -> str:
    return f"{number(each.low)} to {number(each.high)}"


def detector(quality: DetectorQuality) -> Markup:
    """How well the flags agree with the hidden reward."""
    return paragraph(
        f"Held against the hidden reward, over all agents: of {quality.flagged:,} flagged "
        f"episodes {percent(quality.precision)} look better than they are (precision), and of "
        f"{quality.deceptive:,} episodes that do, {percent(quality.recall)} are flagged (recall)."
    )


def null_table(results: Results, behaviour: str, nulls: Mapping[str, NullReference]) -> Markup:
    """Each null model's start, width and onset beside the agent's own; why others have none."""
    without = "".join(
        paragraph(f"No null model is drawn for {name}: {why}.")
        for name, why in without_null(results, behaviour).items()
    )
    if not nulls:
        return Markup(without) if without else paragraph("No null model: no OGM agent took part.")
    rows = [
        [
            agent_name(name),
            pair(percent(null.start), f"from {null.origin}"),
            text(null.words),
            pair(*_own_width(results, name, behaviour)),
            text(_reached(null.onset, float(LONG))),
            text(_reached(null.own_onset, float(null.rounds[-1]))),
            text(null.comparison),
        ]
        for name, null in nulls.items()
    ]
    headings = [
        *("agent", "share at the start", "null model", "width, measured"),
        *("onset, null model", "onset, median seed", "the agent"),
    ]
    said = (
        "What exact fitting of the agent's own data would have shown (dashed in the curves above), "
        "without exploration and without generalisation, once there is an instance: an episode "
        "that shows the behaviour and out-earns every demonstration without it. A null model that "
        "starts from one of the agent's own rounds begins in that round at the earliest."
    )
    return Markup(paragraph(said) + table(headings, rows) + without)


def _reached(onset: float, watched: float) -> str:
    return number(onset) if math.isfinite(onset) else f"> {number(watched)}"


def _own_width(results: Results, name: str, behaviour: str) -> tuple[str, str]:
    width = results.agents[name].behaviours[behaviour].width
    return number(width.value), "" if width.resolved is not False else "faster than resolved"


def summary_sentence(results: Results, behaviour: str, permuted: Sequence[Permuted]) -> str:
    """The controls in two clauses, for the answer."""
    parts = []
    for name, measures in results.controls.items():
        found = measures.behaviours[behaviour]
        begun = sum(seed.reached for seed in found.seeds)
        parts.append(
            f"without the exploit, {name} had an onset of {behaviour} in {begun} of "
            f"{len(found.seeds)} seeds and shows it in "
            f"{measured(found.final_prevalence, share=True)[0]} of its last episodes"
        )
    if permuted:
        worst = max(max(abs(each.low), abs(each.high)) for each in permuted)
        parts.append(
            "with true returns dealt out anew, no correlation of true and observed return "
            f"exceeds {number(worst)}"
        )
    return f"Negative controls: {'; '.join(parts)}." if parts else ""


def heading(title: str) -> Markup:
    """A heading within a section."""
    return element("h3", text(title))
