"""The page's further tables: imitation, tests of onset, null models, the pattern, controls.

Knows digests and what is said of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from driftline.experiments.gridworlds.comparisons import (
    AGAINST,
    LEVEL,
    OnsetTest,
    caution,
    onset_tests,
)
from driftline.experiments.gridworlds.digest import GM, Digest, Suite
from driftline.experiments.gridworlds.explanations import explanation
from driftline.experiments.gridworlds.pattern import SLACK, Pattern, patterns
from driftline.experiments.report_page.elements import (
    Markup,
    agent_name,
    chip,
    details,
    joined,
    pair,
    paragraph,
    section,
    table,
    text,
)
from driftline.experiments.report_page.several import link
from driftline.experiments.wording import (
    NOTHING,
    breakable,
    count,
    listed,
    measured,
    number,
    percent,
)

JUDGED = ("jensen_shannon", "mean")
"""The distance and the statistic of an episode's steps that the suite's page tells of."""


def imitation_section(suite: Suite) -> Markup:
    """The demonstrators and the model of them, world by world."""
    said = (
        f"After offline training alone, {GM} over all its rounds: its true return beside its "
        "demonstrators', how often it shows what nobody wants, with the upper limit, and why it "
        "does not imitate where it does not."
    )
    headings = [
        *("world", "demonstrators' true return", "gm's", "gm's share of it"),
        *("undesired, demonstrators", "undesired, gm", "what is behind it"),
    ]
    rows = [_imitated(world) for world in suite.worlds if GM in world.imitated]
    return section("imitation", "Imitation", paragraph(said), table(headings, rows, "explained"))


def _imitated(world: Digest) -> list[Markup]:
    theirs, mine = world.imitated["demonstrators"], world.imitated[GM]
    worst = max(
        (name for name, bad in world.undesired.items() if bad),
        key=lambda name: mine.prevalence[name].value,
        default="",
    )
    shares = [measured(each.prevalence.get(worst), share=True) for each in (theirs, mine)]
    return [
        link(world.name),
        pair(*measured(theirs.true_return)),
        pair(*measured(mine.true_return)),
        pair(*measured(mine.ratio, share=True)),
        pair(*shares[0]),
        pair(shares[1][0], f"{breakable(worst)} {shares[1][1]}"),
        text(explanation(world)),
    ]


def tests_table(suite: Suite) -> list[Markup]:
    """Log-rank tests against `AGAINST`, those that hold first, the others on a click."""
    found = onset_tests(suite)
    if not found:
        return [paragraph(f"No agent plays beside {AGAINST}, so no onsets are compared.")]
    held = [each for each in found if each.differs]
    plain = sum(each.p_value < LEVEL for each in found)
    said = [
        f"Each agent's onsets against {AGAINST}'s by log-rank tests: of "
        f"{count(len(found), 'test')}, {plain} differ one by one (p < {LEVEL:g}) and {len(held)} "
        "once corrected for all of them (Holm)."
    ]
    few = caution(suite, len(found))
    if few:
        said.append(f"Caution: {few}.")
    headings = ["world", "behaviour", "agent", "its onset", "p", "p, corrected"]
    parts = [paragraph(" ".join(said))]
    if held:
        parts.append(table(headings, [_test(each) for each in held]))
    rest = sorted((each for each in found if not each.differs), key=lambda each: each.p_value)
    shown = table(headings, [_test(each) for each in rest])
    return [*parts, details("The tests that do not hold once corrected", shown)]


def _test(each: OnsetTest) -> list[Markup]:
    when = {True: "sooner", False: "later", None: "as late"}[each.sooner]
    return [
        text(each.world),
        text(each.behaviour),
        agent_name(each.agent),
        text(when),
        text(number(each.p_value)),
        text(number(each.adjusted)),
    ]


def nulls_table(suite: Suite) -> Markup:
    """Every null model beside the curve it belongs to."""
    rows = [
        [
            link(world.name),
            text(behaviour),
            agent_name(agent),
            pair(percent(null.start), f"from {null.origin}"),
            text(null.words),
            text(null.comparison),
        ]
        for world, behaviour in suite.rows()
        for agent, null in world.nulls.get(behaviour, {}).items()
    ]
    without = [
        [link(world.name), text(behaviour), text(listed(sorted(agents))), text(why)]
        for world, behaviour in suite.rows()
        for why, agents in _by_reason(world.without_null.get(behaviour, {})).items()
    ]
    headings = ["world", "behaviour", "agent", "share at the start", "null model", "the agent"]
    parts = [table(headings, rows)] if rows else []
    if without:
        parts.append(table(["world", "behaviour", "agents", "why there is no null model"], without))
    if not parts:
        return paragraph("No agent of this study has a null model: none learns as an OGM agent.")
    return details("Null models and excess speed", joined(parts))


def _by_reason(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    """The agents of each reason."""
    found: dict[str, list[str]] = {}
    for agent, why in reasons.items():
        found.setdefault(why, []).append(agent)
    return found


def pattern_section(suite: Suite) -> Markup:
    """High visible return, low performance: where it was published and where it was found."""
    found = patterns(suite)
    parts = [
        paragraph(
            "The suite's authors report of A2C and Rainbow, which learn from scratch, a high "
            "visible return beside a low performance in worlds whose specification is flawed "
            "(Leike et al. 2017). Here it counts as found where the visible return has come three "
            "quarters of the way from the demonstrators' to the best known, or to within a "
            f"{percent(SLACK)} of the returns' span of it, and the performance lags it by a "
            "quarter or more. In distributional-shift agents from scratch learn on the very levels "
            "they are tested on, so that the failure published of agents trained elsewhere cannot "
            "appear here."
        ),
        paragraph(_pattern_sentence(found), "wide"),
        table(
            ["world", "agent", "published?", "found?", "in numbers"],
            [_pattern(each) for each in found],
            "plain",
        ),
    ]
    return section("pattern", "The published pattern", *parts)


def _pattern_sentence(found: Sequence[Pattern]) -> str:
    expected = [each for each in found if each.expected]
    if not expected:
        return "No agent from scratch plays a world of which the pattern was published."
    seen, missed = _pairs(expected, True), _pairs(expected, False)
    said = f"Of {count(len(expected), 'pair')} of a world and an agent with the published pattern "
    said += f"it appears in {len(seen)}{f' ({listed(seen)})' if seen else ''}"
    said += f", not in {listed(missed)}." if missed else "."
    others = _pairs([each for each in found if not each.expected], True)
    return said + (f" Beyond them it appears in {listed(others)}." if others else "")


def _pairs(patterns: Sequence[Pattern], found: bool) -> list[str]:
    """Worlds with the agents in them that do, or do not, show the pattern."""
    return [f"{each.world} with {each.agent}" for each in patterns if each.found is found]


def _pattern(each: Pattern) -> list[Markup]:
    return [
        text(each.world),
        agent_name(each.agent),
        text("yes" if each.expected else NOTHING),
        chip("yes" if each.found else "none", "yes" if each.found else "no"),
        text(each.words),
    ]


def controls_section(suite: Suite) -> Markup:
    """The negative controls of every world in one table."""
    said = (
        "Nothing should be found where there is nothing: agents in the world that pays the hidden "
        "reward openly (where performance is the visible reward there is no such other world), "
        "flags dealt out by chance, true returns dealt out anew. The last column is "
        "of the detector that knows no world and reads divergence alone."
    )
    headings = [
        *("world", "behaviour", "honest world: onset", "at the end"),
        *("seeds that rise by chance", "correlation by chance, at most"),
        *("dealt anew, at most", "divergence detector"),
    ]
    rows = [_control(world, behaviour) for world, behaviour in suite.rows()]
    return section("controls", "Negative controls", paragraph(said), table(headings, rows))


def _control(world: Digest, behaviour: str) -> list[Markup]:
    honest = next(iter(world.controls.values()), None)
    onset, final = NOTHING, (NOTHING, "")
    if honest is not None:
        found = honest.behaviours[behaviour]
        onset = f"{sum(seed.reached for seed in found.seeds)} of {len(found.seeds)} seeds"
        final = measured(found.final_prevalence, share=True)
    flags = world.flags.get(behaviour, ())
    rising = sum(
        seed.fit is not None and seed.fit.rises for each in flags for seed in each.random.seeds
    )
    seeds = sum(len(each.random.seeds) for each in flags)
    chance = [abs(each.random_correlation) for each in flags]
    anew = [max(abs(each.low), abs(each.high)) for each in world.permuted]
    return [
        link(world.name),
        text(behaviour),
        text(onset),
        pair(*final),
        text(f"{rising} of {seeds}" if seeds else NOTHING),
        text(_most(chance)),
        text(_most(anew)),
        pair(*_detector(world.summary.get("divergence_detector"), behaviour)),
    ]


def _most(values: Sequence[float]) -> str:
    known = [each for each in values if each == each]
    return number(max(known)) if known else NOTHING


def _detector(found: Any, behaviour: str) -> tuple[str, str]:
    """The median agent's AUROC by mean Jensen-Shannon divergence, and over how many agents.

    ``found``: a world's part of a summary, by behaviour and agent.
    """
    told = found.get(behaviour, {}) if isinstance(found, Mapping) else {}
    areas = {
        agent: score["auroc"]
        for agent, scores in told.items()
        for score in scores
        if (score["distance"], score["statistic"]) == JUDGED and score["auroc"] is not None
    }
    if not areas:
        return NOTHING, ""
    middle = float(np.median(list(areas.values())))
    return f"AUROC {number(middle)}", f"median of {count(len(areas), 'agent')}"
