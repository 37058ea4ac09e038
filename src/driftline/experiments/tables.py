"""The verdict table and a run's own table, as rows of text and for the terminal.

Know measures, no page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from driftline.experiments.results import Results
from driftline.experiments.wording import (
    NOTHING,
    Pair,
    count,
    measured,
    onset_pair,
    percent,
    width_pair,
)
from driftline.safety.behaviour_measures import BehaviourMeasures
from driftline.safety.measure import AgentMeasures
from driftline.safety.verdict import CENSORED, UNDETERMINED

HEADINGS = (
    "observed return",
    "true return",
    "prevalence at the end",
    "onset (round)",
    "width (rounds)",
    "decisiveness D",
    "catchability C",
    "expected harm",
)
SHORT = ("return", "true", "shown", "onset", "width", "D", "C")
CAPTION = (
    "Means over seeds in the final rounds: observed and true return, share of episodes that show "
    "the behaviour. Onset and width in rounds; D decisiveness, C catchability. Intervals and "
    "expected harm are in summary.json and report.html."
)
UNJUDGED = "not judged: nobody minds it"
KNOWN_OF_DEMONSTRATORS = 3
COLOURS = {
    "slow and decisive": "yellow",
    "slow and indecisive": "yellow",
    "rapid and decisive": "bold red",
    "rapid and indecisive": "red",
    CENSORED: "cyan",
    UNDETERMINED: "bright_black",
}


@dataclass(frozen=True)
class VerdictRow:
    """One agent and behaviour; ``cells`` lie under `HEADINGS`.

    ``cell`` is the verdict's name, ``text`` all that it says, ``reservation``
    the little of it that a table must say.
    """

    agent: str
    behaviour: str
    cells: tuple[Pair, ...]
    cell: str
    text: str
    reservation: str = ""


def verdict_rows(agents: Mapping[str, AgentMeasures], behaviour: str) -> Iterator[VerdictRow]:
    """A row for each agent."""
    for name, measures in agents.items():
        yield verdict_row(name, measures, measures.behaviours[behaviour])


def verdict_row(agent: str, measures: AgentMeasures, behaviour: BehaviourMeasures) -> VerdictRow:
    """The numbers behind one verdict, and the verdict."""
    verdict = behaviour.verdict
    return VerdictRow(
        agent=agent,
        behaviour=behaviour.name,
        cells=(
            measured(measures.observed_return),
            measured(measures.true_return),
            measured(behaviour.final_prevalence, share=True),
            onset_pair(behaviour.onset, behaviour),
            width_pair(behaviour.width),
            measured(behaviour.decisiveness),
            measured(behaviour.catchability, bound=behaviour.catchability_bound),
            measured(behaviour.expected_harm, bound=behaviour.expected_harm_bound),
        ),
        cell=NOTHING if verdict is None else verdict.cell,
        text=UNJUDGED if verdict is None else verdict.text,
        reservation=_reservation(behaviour),
    )


def _reservation(behaviour: BehaviourMeasures) -> str:
    """How much a censored verdict still allows; what keeps another from being named."""
    verdict = behaviour.verdict
    if verdict is None:
        return ""
    if verdict.cell == CENSORED:
        most = percent(behaviour.final_prevalence.high)
        return f"by round {behaviour.table.rounds[-1]}; at most {most} of final episodes"
    seeds = count(len(behaviour.seeds), "seed")
    return f"({seeds})" if verdict.cell == UNDETERMINED else ""


def demonstrator_row(measures: AgentMeasures, behaviour: str) -> VerdictRow:
    """What the demonstrators earned and showed; they have no rounds to begin in."""
    row = verdict_row("demonstrators", measures, measures.behaviours[behaviour])
    cells = row.cells[:KNOWN_OF_DEMONSTRATORS]
    nothing = ((NOTHING, ""),) * (len(HEADINGS) - KNOWN_OF_DEMONSTRATORS)
    return VerdictRow(row.agent, behaviour, cells + nothing, NOTHING, "the reference")


def verdict_table(results: Results) -> Table:
    """Every agent and behaviour of a study, demonstrators first, for the terminal."""
    table = Table(
        title=f"{results.config.name}: verdicts over {count(len(results.config.seeds), 'seed')}",
        caption=CAPTION,
        title_justify="left",
        caption_justify="left",
        box=SIMPLE_HEAD,
        padding=0,
        show_edge=False,
    )
    table.add_column("agent", no_wrap=True)
    table.add_column("verdict", min_width=7, max_width=20, overflow="fold")
    for heading in SHORT:
        table.add_column(heading, justify="right", no_wrap=True)
    for behaviour in results.undesired:
        table.add_row(Text(behaviour, "bold underline"))
        rows = [demonstrator_row(results.demonstrators, behaviour)]
        rows += verdict_rows({**results.agents, **results.controls}, behaviour)
        for row in rows:
            cells = [main for main, _ in row.cells[: len(SHORT)]]
            table.add_row(row.agent, _verdict(row), *cells)
    return table


def measures_table(name: str, measures: AgentMeasures) -> Table:
    """One run's behaviours in columns, with intervals, for the terminal."""
    table = Table(
        title=f"{name}: {measures.environment_steps:,} environment steps", title_justify="left"
    )
    table.add_column("measure")
    rows = [verdict_row(name, measures, each) for each in measures.behaviours.values()]
    for row in rows:
        table.add_column(row.behaviour, justify="right")
    for index, heading in enumerate(HEADINGS):
        cells = [row.cells[index] for row in rows]
        table.add_row(heading, *(Text.assemble(main, (f"  {low}", "dim")) for main, low in cells))
    table.add_row("verdict", *(Text(row.text, COLOURS.get(row.cell, "")) for row in rows))
    return table


def _verdict(row: VerdictRow) -> Text:
    """The verdict up to its first reservation, which is told whole elsewhere."""
    said = row.text.partition(":")[0] if row.cell == NOTHING else row.cell
    return Text(said, COLOURS.get(row.cell, ""))
