"""The sections a reader needs first: the answer, the verdicts, the imitation check.

Know measures and findings; every number comes from them.
"""

from __future__ import annotations

from collections.abc import Sequence

from driftline.experiments.answer import Answer, Finding
from driftline.experiments.imitation import TOLERANCE, BestQuarter, Imitation, Rise
from driftline.experiments.report_page.elements import (
    Markup,
    agent_name,
    chip,
    details,
    element,
    joined,
    pair,
    paragraph,
    section,
    table,
    text,
)
from driftline.experiments.results import Results
from driftline.experiments.tables import HEADINGS, VerdictRow, demonstrator_row, verdict_rows
from driftline.experiments.wording import NOTHING, measured, number, percent
from driftline.safety.verdict import CENSORED, UNDETERMINED


def answer_section(said: Answer, remarks: Sequence[str], picture: Markup) -> Markup:
    """Headlines, what each OGM agent did, the others in a sentence, one picture."""
    parts = [paragraph(each, "headline") for each in said.headlines]
    parts.append(_findings(said.online))
    parts += [paragraph(each, "wide") for each in said.comparisons]
    parts += [paragraph(each, "wide") for each in remarks if each]
    return section("answer", "The answer", *parts, picture)


def _findings(findings: Sequence[Finding]) -> Markup:
    if not findings:
        return Markup("")
    several = len({finding.behaviour for finding in findings}) > 1
    return element("ul", joined(_finding(each, several) for each in findings), class_="findings")


def _finding(finding: Finding, several: bool) -> Markup:
    head = [agent_name(finding.agent)]
    if several:
        head.append(element("code", text(finding.behaviour)))
    if finding.cell:
        head.append(chip(finding.cell, _short(finding.cell)))
    return element(
        "li", element("div", *head, class_="head"), paragraph(" ".join(finding.sentences))
    )


def _short(cell: str) -> str:
    return {CENSORED: "no onset seen", UNDETERMINED: "undetermined"}.get(cell, cell)


def verdict_section(results: Results, said: Answer) -> Markup:
    """One table for each behaviour; demonstrators are the reference row."""
    parts = [
        paragraph(
            "Returns and prevalence are means over seeds in the final "
            f"{percent(results.config.thresholds.final_share)} of the rounds, with "
            f"{100 * results.config.thresholds.confidence:g}% intervals below them; every column "
            "is defined at the end of this page. A run that ended before an onset is called "
            "censored, with the most that its budget allows: that is not the same as safe."
        )
    ]
    for behaviour, undesired in results.undesired.items():
        kind = "undesired" if undesired else "not undesired"
        parts.append(element("h3", element("code", text(behaviour)), text(f" ({kind})")))
        rows = [demonstrator_row(results.demonstrators, behaviour)]
        rows += verdict_rows(results.agents, behaviour)
        headings = ["agent", "verdict", *HEADINGS]
        parts.append(table(headings, [_verdict_row(row) for row in rows], "verdicts numbers"))
        parts.append(_seeds(results, behaviour))
    if said.compared:
        parts.append(details("The compared agents in words", _findings(said.compared)))
    return section("verdicts", "Verdicts", *parts)


def _verdict_row(row: VerdictRow) -> list[Markup]:
    if row.cell == NOTHING:
        said = text(row.text)
    else:
        said = element("span", chip(row.cell, _short(row.cell)), title=row.text)
        if row.reservation:
            said = Markup(said + element("small", text(row.reservation)))
    return [agent_name(row.agent), said, *(pair(*cell) for cell in row.cells)]


SEED_COLUMNS = {
    "onset": "onset",
    "midpoint": "t50",
    "width": "width",
    "decisiveness": "decisive",
    "stutter": "stutter",
    "detected": "noticed",
    "harmed": "harm",
    "expected_harm": "harmful episodes",
    "shape": "best shape (AIC)",
}


def _seeds(results: Results, behaviour: str) -> Markup:
    rows = [
        [agent_name(name), text(str(seed)), *(_seed_cell(row[key]) for key in SEED_COLUMNS)]
        for name, measures in results.agents.items()
        for seed, row in zip(
            results.config.seeds, measures.behaviours[behaviour].seed_table(), strict=True
        )
        if row["onset"] is not None
    ]
    if not rows:
        return Markup("")
    headings = ["agent", "seed", *SEED_COLUMNS.values()]
    return details("Seed by seed, where it began", table(headings, rows, "numbers"))


def _seed_cell(value: object) -> Markup:
    return text(value if isinstance(value, str) else number(value))  # type: ignore[arg-type]


def imitation_section(
    imitated: Sequence[Imitation], best: BestQuarter, rises: Sequence[Rise]
) -> Markup:
    """Whether the offline phase made the demonstrators, and whether OGM left them behind."""
    behaviours = list(imitated[0].prevalence)
    headings = ["agent", "true return", "of the demonstrators'"]
    headings += [f"episodes with {name}" for name in behaviours]
    headings.append(f"within {percent(TOLERANCE)}?")
    parts = [
        paragraph(
            "A generative model of the demonstrations should first of all act like the "
            "demonstrators. Frozen agents are measured over all their rounds."
        ),
        table(headings, [_imitation_row(each, behaviours) for each in imitated]),
    ]
    if rises:
        parts.append(
            paragraph(
                f"The best quarter of the demonstrations earns an observed return of "
                f"{number(best.begins)} (the third quartile) or more, {number(best.mean)} on "
                "average, part of which is luck. Whether an OGM agent rises above them:"
            )
        )
        headings = [
            "agent",
            "observed return at the end",
            "first round above the quartile",
            "above the quartile?",
            "above the quarter's average?",
        ]
        parts.append(table(headings, [_rise_row(each) for each in rises]))
    return section("imitation", "Imitation check", *parts)


def _imitation_row(each: Imitation, behaviours: list[str]) -> list[Markup]:
    shares = [pair(*measured(each.prevalence[name], share=True)) for name in behaviours]
    reference = each.agent == "demonstrators"
    ratio = ("100%", "") if reference else measured(each.ratio, share=True)
    if reference:
        judged = text("the reference")
    elif each.conditioned and not each.faithful and each.ratio is not None and each.ratio.value > 1:
        judged = text("above: it is asked for more")
    else:
        judged = _yes(each.faithful)
    return [
        agent_name(each.agent),
        pair(*measured(each.true_return)),
        pair(*ratio),
        *shares,
        judged,
    ]


def _rise_row(each: Rise) -> list[Markup]:
    first = NOTHING if each.first_round is None else str(each.first_round)
    return [
        agent_name(each.agent),
        pair(*measured(each.observed_return)),
        text(first),
        _yes(each.above_quartile),
        _yes(each.above_mean),
    ]


def _yes(value: bool | None) -> Markup:
    if value is None:
        return text("no hidden reward to say by")
    return chip("yes" if value else "no", "yes" if value else "no")
