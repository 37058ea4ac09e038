"""The page's tables: scores of every agent, steps to two levels, the price of safety.

Knows what was found.
"""

from __future__ import annotations

import math

from driftline.baselines.ppo_settings import PPOSettings
from driftline.experiments.arenas.efficiency import Efficiency, efficiencies
from driftline.experiments.arenas.found import MILESTONE, ArenaFound, ControlFound
from driftline.experiments.arenas.overtaking import against_leader
from driftline.experiments.arenas.taxes import taxed, taxes
from driftline.experiments.arenas.taxes_said import NO_PRICE
from driftline.experiments.config import FrozenSettings
from driftline.experiments.names import CONTROL
from driftline.experiments.report_page.elements import (
    Markup,
    agent_name,
    chip,
    element,
    pair,
    paragraph,
    section,
    table,
    text,
)
from driftline.experiments.report_page.several import link
from driftline.experiments.wording import (
    NOTHING,
    brackets,
    change,
    count,
    listed,
    measured,
    number,
    three_digits,
)
from driftline.safety.crossings import Passage
from driftline.safety.paired import Paired


def scores_section(found: ControlFound) -> Markup:
    """Every agent of every arena, whoever is ahead first."""
    said = (
        "Mean scores over seeds with their intervals: before anything was learnt online"
        f"{f', after {MILESTONE:,} steps' if found.longer else ''} and at the end. An arena's "
        "agents stand in the order of their final means. The last column has the difference to "
        "the agent that is ahead, over paired seeds; of the one that is, to the next. Agents that "
        "are paid the true reward openly are not in the order. Each arena's name leads to its own "
        "report."
    )
    headings = ["arena", "agent", "offline", "at the end", "against who is ahead"]
    if found.longer:
        headings.insert(3, f"at {MILESTONE:,} steps")
    rows = [row for arena in found.arenas for row in _scores(found, arena)]
    return section("scores", "Scores", paragraph(said), table(headings, rows, "numbers grouped"))


def _scores(found: ControlFound, arena: ArenaFound) -> list[list[Markup]]:
    ordered = sorted(arena.agents, key=lambda name: -float(arena.final(name).mean()))
    rows = []
    for index, name in enumerate([*ordered, *arena.controls]):
        cells = [agent_name(name), _cell(arena, name, 0), _cell(arena, name, -1)]
        if found.longer:
            cells.insert(2, pair(*measured(arena.after(name, MILESTONE))))
        rows.append([_heading(arena, index), *cells, _against(arena, name)])
    return rows


def _heading(arena: ArenaFound, index: int) -> Markup:
    """The arena's name in the first of its rows, what was demonstrated there in it too."""
    if index:
        return Markup("")
    mean, best = (number(each) for each in arena.demonstrated)
    return Markup(
        link(arena.name) + element("small", text(f"demonstrated {mean}, best tenth {best}"))
    )


def _cell(arena: ArenaFound, name: str, at: int) -> Markup:
    scores = arena.scores[name]
    mean, low, high = (float(each[at]) for each in (scores.mean, scores.low, scores.high))
    return pair(number(mean), brackets(low, high))


def _against(arena: ArenaFound, name: str) -> Markup:
    found = against_leader(arena, name)
    if found is None:
        return text(NOTHING)
    told = pair(*difference(found))
    if name != arena.best(arena.agents):
        return told
    sure = found.sign > 0
    return Markup(chip("yes" if sure else "none", "ahead" if sure else "ahead, not surely") + told)


def difference(found: Paired) -> tuple[str, str]:
    """A mean difference, and its interval."""
    value = found.difference
    if math.isnan(value.value):
        return NOTHING, ""
    return change(value.value, 0.0), brackets(value.low, value.high)


def efficiency_section(found: ControlFound) -> Markup:
    """Steps to the demonstrations' best tenth and to the best final score of the others."""
    said = (
        "Steps until an agent's judged score first reaches a level, on the straight line between "
        "two judgements: by when half of the seeds had, how many of them did, and the first and "
        "the last of those. A seed that never did counts as one that had not by its end. The best "
        "tenth is the mean score of the best tenth of the demonstrations; the best of the others "
        "is the highest mean final score of an agent that is no online generative model."
        f"{_chance(found)}{_copies(found)}"
    )
    headings = ["arena", "agent", "to the best tenth", "to the best of the others"]
    rows, before = [], ""
    for each in efficiencies(found):
        arena = next(a for a in found.arenas if a.name == each.arena)
        first, before = each.arena != before, each.arena
        rows.append(_efficiency(arena, each, first))
    whole = table(headings, rows, "numbers grouped")
    return section("efficiency", "Sample efficiency", paragraph(said), whole)


def _chance(found: ControlFound) -> str:
    """What agents that never learn say of the others."""
    frozen = _of_kind(found, FrozenSettings)
    if not frozen:
        return ""
    return (
        " Scores of a few episodes wander, and who is judged often reaches a level by chance as "
        f"well: {listed(frozen)}, which learn nothing, show how often."
    )


def _copies(found: ControlFound) -> str:
    """Whose steps are not the recorded ones."""
    apart = _of_kind(found, PPOSettings)
    if not apart:
        return ""
    return f" The steps of {listed(apart)} are of copies of its own, as many as it recorded."


def _of_kind(found: ControlFound, kind: type) -> list[str]:
    """Agents with a learner of that kind, in any arena."""
    return list(
        dict.fromkeys(
            each.name
            for arena in found.arenas
            for each in arena.config.agents
            if isinstance(each.learner, kind)
        )
    )


def _efficiency(arena: ArenaFound, each: Efficiency, first: bool) -> list[Markup]:
    heading = Markup("")
    if first:
        levels = f"best tenth {number(each.best_tenth.level)}"
        if each.best_other is not None:
            levels += f", {each.other} {number(each.best_other.level)}"
        heading = Markup(link(arena.name) + element("small", text(levels)))
    other = text(NOTHING) if each.best_other is None else pair(*passage(each.best_other))
    return [heading, agent_name(each.agent), pair(*passage(each.best_tenth)), other]


def passage(found: Passage) -> tuple[str, str]:
    """When half of the seeds had reached a level; how many did, from when to when.

    >>> passage(Passage(1.0, (20.0, 30.0, float("inf")), (90.0, 90.0, 80.0)))
    ('30', '2 of 3 seeds, 20 to 30')
    >>> passage(Passage(1.0, (float("inf"),), (8_000.0,)))
    ('> 8,000', '0 of 1 seed')
    """
    seeds = f"{found.reached} of {count(len(found.times), 'seed')}"
    known = [each for each in found.times if math.isfinite(each)]
    if len(known) > 1:
        seeds += f", {three_digits(min(known)):,} to {three_digits(max(known)):,}"
    if math.isfinite(found.median):
        return f"{three_digits(found.median):,}", seeds
    return f"> {min(found.watched):,.0f}", seeds


def tax_section(found: ControlFound, plane: Markup | None) -> Markup:
    """True score lost against the agent that is paid openly, and what it kept away."""
    arenas = taxed(found)
    if not arenas or plane is None:
        return section("tax", "Alignment tax", paragraph(NO_PRICE))
    said = (
        f"In arenas that pay by a proxy: what an agent loses of the true score against {CONTROL}, "
        "which is the same as ogm-quantile but for being paid the true reward openly, over the "
        "seeds that both play; and in which share of its final episodes it shows what the proxy "
        "invites. Scores are of episodes by the likeliest actions, shares of those that agents "
        "learn from."
    )
    rows = [row for arena in arenas for row in _taxes(arena)]
    headings = ["arena", "agent", "true score at the end", "lost", "shown at the end"]
    whole = table(headings, rows, "numbers grouped")
    return section("tax", "Alignment tax", paragraph(said), plane, whole)


def _taxes(arena: ArenaFound) -> list[list[Markup]]:
    told = taxes(arena)
    head = Markup(link(arena.name) + element("small", text(f"invites “{arena.invited}”")))
    rows = [
        [
            Markup("") if index else head,
            agent_name(name),
            _cell(arena, name, -1),
            pair(*difference(each.lost)),
            pair(*measured(each.shown, share=True)),
        ]
        for index, (name, each) in enumerate(told.items())
    ]
    shown = pair(*measured(arena.shown[CONTROL], share=True))
    openly = [agent_name(CONTROL), _cell(arena, CONTROL, -1), text(NOTHING), shown]
    return [*rows, [Markup(""), *openly]]
