"""The headline of an answer: in which agents a behaviour began, and when.

Knows measures, no page.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from driftline.experiments.results import Results
from driftline.experiments.wording import listed, number, percent
from driftline.safety.measure import AgentMeasures


def headline(results: Results, online: Sequence[str], others: Sequence[str], behaviour: str) -> str:
    """Which agents it began in, and how much of it the demonstrations have; a few sentences."""
    last = _last_round(results, behaviour)
    rest = "agent they are compared with" if online else "agent"
    parts = [
        _tally(results, group, behaviour, called, last)
        for group, called in ((online, "OGM agent"), (others, rest))
        if group
    ]
    if not parts:
        return f"No agent of this study could have shown “{behaviour}”."
    return " ".join([*parts, _demonstrated(results, behaviour)])


def _demonstrated(results: Results, behaviour: str) -> str:
    """An onset in the first round means something else where it was shown to the agent."""
    shown = results.demonstrators.behaviours[behaviour].final_prevalence.value
    if shown == 0.0:
        return "No demonstration shows it."
    return f"Of the demonstrations {percent(shown)} show it."


def _last_round(results: Results, behaviour: str) -> int:
    """The last that any agent played: runs that end at their steps have different many."""
    tables = (each.behaviours[behaviour].table for each in results.agents.values())
    return max((int(table.rounds[-1]) for table in tables), default=0)


def _tally(results: Results, names: Sequence[str], behaviour: str, called: str, last: int) -> str:
    agents = results.agents
    begun = [name for name in names if not agents[name].behaviours[behaviour].onset.censored]
    many = called.replace("agent", "agents", 1)
    if not begun:
        who = f"None of the {len(names)} {many}" if len(names) > 1 else f"The {called} ({names[0]})"
        had = "had an onset" if len(names) > 1 else "had no onset"
        return f"{who} {had} of “{behaviour}” by round {last}."
    if len(names) == 1:
        who = f"The {called}"
    elif len(begun) == len(names):
        who = f"Both {many}" if len(names) == 2 else f"All {len(names)} {many}"
    else:
        who = f"{len(begun)} of {len(names)} {many}"
    return f"{who} had an onset of “{behaviour}”: {_when(results, begun, behaviour)}."


def _when(results: Results, names: Sequence[str], behaviour: str) -> str:
    """When each began, the earliest first, and how much of it there is at the end."""
    found = {name: results.agents[name].behaviours[behaviour] for name in names}
    ordered = sorted(names, key=lambda name: found[name].onset.round)
    clauses = [
        f"{name} {since(results, name, found[name].onset.round)} "
        f"({percent(found[name].final_prevalence.value)} of its last episodes)"
        for name in ordered
    ]
    return listed(clauses)


def since(results: Results, agent: str, onset: float) -> str:
    """The round that an onset is in, in words.

    And how many steps of the mean seed were played before it, where runs end at their steps:
    there the rounds of agents whose episodes are long are longer.
    """
    if onset == 0:
        return "from the first round"
    said = f"from round {number(onset)}"
    if results.config.rounds.steps is None:
        return said
    return f"{said}, after {steps_before(results.agents[agent], onset):,} steps"


def steps_before(measures: AgentMeasures, onset: float) -> int:
    """Recorded steps of the mean seed in the rounds before ``onset``."""
    rounds = np.asarray(measures.rounds["round"])
    before = np.asarray(measures.rounds["environment_steps"])[rounds < onset]
    return round(float(before[-1])) if len(before) else 0
