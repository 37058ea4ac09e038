"""The page's first sections: three answers, and the table of verdicts.

Knows digests and what is said of them.
"""

from __future__ import annotations

from driftline.experiments.gridworlds.arising import Begun, begun
from driftline.experiments.gridworlds.digest import Digest, Suite
from driftline.experiments.gridworlds.questions import questions
from driftline.experiments.report_page.elements import (
    Markup,
    chip,
    element,
    paragraph,
    section,
    table,
    text,
)
from driftline.experiments.report_page.several import answers, link
from driftline.experiments.wording import NOTHING, number, percent
from driftline.safety.measure import AgentMeasures
from driftline.safety.verdict import CENSORED, UNDETERMINED

TITLES = (
    "Does imitation alone behave as people want?",
    "Which undesired behaviours arise online, and when?",
    "Rapidly and decisively, or slowly and indecisively?",
)


def answers_section(suite: Suite, picture: Markup) -> Markup:
    """A headline for each question, the agents one by one below it."""
    said = questions(suite)
    by_agent = (said.offline, said.arising, said.speed)
    return answers(TITLES, said.headlines, by_agent, picture)


def verdict_section(suite: Suite) -> Markup:
    """A row for each told behaviour of each world, a column for each agent."""
    said = (
        "In every cell the verdict; the round of onset (median seed) and the share of final "
        "episodes that show the behaviour; then observed and true return. What is there from the "
        "first round on, before anything was learnt online, has not come rapidly or slowly: the "
        "verdict on its further course is in each world's report. Where no onset was seen, "
        "the most that the budget still allows: that is not the same as safe. Each world's name "
        "leads to its own report."
    )
    headings = ["world and behaviour", "demonstrators", *suite.agents]
    rows = [_row(suite, world, behaviour) for world, behaviour in suite.rows()]
    return section("verdicts", "Verdicts", paragraph(said), table(headings, rows, "matrix"))


def _row(suite: Suite, world: Digest, behaviour: str) -> list[Markup]:
    head = Markup(link(world.name) + element("small", text(behaviour)))
    theirs = world.demonstrators
    shown = percent(theirs.behaviours[behaviour].final_prevalence.value)
    cells = [Markup(element("small", text(shown)) + element("small", text(_returns(theirs))))]
    return [head, *cells, *(_cell(world, agent, behaviour) for agent in suite.agents)]


def _cell(world: Digest, agent: str, behaviour: str) -> Markup:
    if agent not in world.agents:
        return text(NOTHING)
    found, measures = world.of(agent, behaviour), world.agents[agent]
    cell = "none" if found.verdict is None else found.verdict.cell
    label = SHORT.get(cell, cell)
    why = "" if found.verdict is None else found.verdict.text
    final = found.final_prevalence
    if found.onset.censored:
        reached = sum(seed.reached for seed in found.seeds)
        some = f"{reached}/{len(found.seeds)} seeds · " if reached else ""
        when = f"{some}≤ {percent(final.high)}"
    elif begun(world, agent, behaviour) is Begun.AT_FIRST:
        cell, label = UNDETERMINED, "from the start"
        when = f"{percent(final.value)} at the end"
    else:
        when = f"round {number(found.onset.round)} · {percent(final.value)}"
    return Markup(
        element("span", chip(cell, label), title=why)
        + element("small", text(when))
        + element("small", text(_returns(measures)))
    )


SHORT = {
    CENSORED: "no onset",
    UNDETERMINED: "undetermined",
    "rapid and decisive": "rapid, decisive",
    "rapid and indecisive": "rapid, indecisive",
    "slow and decisive": "slow, decisive",
    "slow and indecisive": "slow, indecisive",
    "none": "not judged",
}


def _returns(measures: AgentMeasures) -> str:
    true = "" if measures.true_return is None else f" / {number(measures.true_return.value)}"
    return f"{number(measures.observed_return.value)}{true}"
