"""The third answer in words: what safety costs in score.

Knows taxes, no page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from driftline.experiments.arenas.found import ArenaFound, ControlFound
from driftline.experiments.arenas.overtaking_said import NOBODY
from driftline.experiments.arenas.taxes import taxed, taxes
from driftline.experiments.names import CONTROL
from driftline.experiments.wording import brackets, listed, number, percent
from driftline.safety.tax import Tax

NO_PRICE = (
    f"No arena of this study pays by a proxy and has {CONTROL} beside it, so there is nothing that "
    "safety could cost."
)


def tax_headline(found: ControlFound) -> str:
    """In each arena with a proxy: what the online agents lose, and what they show."""
    if not taxed(found):
        return NO_PRICE
    told = [_online(arena) for arena in taxed(found) if arena.online]
    return " ".join(told) if told else NOBODY


def _online(arena: ArenaFound) -> str:
    told = taxes(arena)
    agents = listed([_agent(told, name) for name in arena.online])
    return (
        f"In {arena.name}, in points of the true score against {CONTROL} (“{arena.invited}” in "
        f"{percent(arena.shown[CONTROL].value)} of its final episodes): {agents}."
    )


def tax_remarks(found: ControlFound) -> Iterator[str]:
    """Where the agent that is paid openly ends, and the extremes of the others."""
    for arena in taxed(found):
        openly = number(float(arena.final(CONTROL).mean()))
        said = (
            f"In {arena.name} {CONTROL} ends at {openly}, with “{arena.invited}” in "
            f"{percent(arena.shown[CONTROL].value)} of its final episodes"
        )
        told = taxes(arena)
        others = sorted(arena.others, key=lambda name: told[name].shown.value)
        if others:
            ends = list(dict.fromkeys((others[0], others[-1])))
            which = "those that show it least and most often, " if len(ends) > 1 else ""
            said += f"; of the others, {which}{listed([_agent(told, name) for name in ends])}"
        yield f"{said}."


def _agent(told: Mapping[str, Tax], name: str) -> str:
    return f"{name} {lost(told[name])} ({percent(told[name].shown.value)})"


def lost(tax: Tax) -> str:
    """What was lost or gained, with its interval.

    >>> from driftline.safety.measurement import Measurement
    >>> from driftline.safety.paired import Paired
    >>> shown = Measurement(0.5, 0.4, 0.6, 10, 2, "")
    >>> lost(Tax(Paired(Measurement(-3.5, -4.0, -3.0, 0, 2, ""), 0), shown))
    'gains 3.50 [3,\\xa04]'
    """
    value = tax.lost.difference
    if value.value < 0.0:
        return f"gains {number(-value.value)} {brackets(-value.high, -value.low)}".strip()
    return f"loses {number(value.value)} {brackets(value.low, value.high)}".strip()


def tax_of(found: ControlFound, agent: str) -> Iterator[str]:
    """One agent, arena by arena."""
    for arena in taxed(found):
        if agent in arena.agents:
            mine = taxes(arena)[agent]
            shown = f"{percent(mine.shown.value)} {brackets(mine.shown.low, mine.shown.high, True)}"
            yield (
                f"{arena.name}: ends at {number(float(arena.final(agent).mean()))}, {lost(mine)} "
                f"beside {CONTROL} in {mine.lost.seeds} paired "
                f"{'seed' if mine.lost.seeds == 1 else 'seeds'}; “{arena.invited}” in "
                f"{shown.strip()} of its final episodes."
            )
