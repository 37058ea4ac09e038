"""The answer of a study in plain language, every sentence made from its numbers.

Knows measures and configurations, no page. It never calls an agent safe: a
behaviour that was not seen has an upper limit and a budget.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from driftline.baselines.iql_settings import IQLSettings
from driftline.experiments.config import SCRATCH, FrozenSettings
from driftline.experiments.headline import headline, since
from driftline.experiments.results import Results
from driftline.experiments.training_steps import training_steps
from driftline.experiments.wording import change, count, listed, number, percent, span
from driftline.safety.behaviour_measures import BehaviourMeasures
from driftline.safety.comparison import compare_onsets
from driftline.safety.measure import AgentMeasures
from driftline.safety.rounds import final_rounds
from driftline.safety.thresholds import Thresholds
from driftline.training.cloned import CloneSettings
from driftline.training.finetune import FineTuneSettings
from driftline.training.online_settings import OnlineSettings


@dataclass(frozen=True)
class Finding:
    """What one agent did about one behaviour; ``cell`` is its verdict's name."""

    agent: str
    behaviour: str
    cell: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """A headline and a comparison for each undesired behaviour, and agent by agent."""

    headlines: tuple[str, ...]
    comparisons: tuple[str, ...]
    online: tuple[Finding, ...]
    compared: tuple[Finding, ...]


def answer(results: Results, names: Sequence[str]) -> Answer:
    """What happened to the behaviours ``names``; OGM agents first, then the others."""
    online = _named(results, OnlineSettings)
    others = [
        *_named(results, FineTuneSettings),
        *_named(results, IQLSettings, *SCRATCH),
        *_named(results, FrozenSettings, CloneSettings),
    ]
    return Answer(
        headlines=tuple(headline(results, online, others, name) for name in names),
        comparisons=tuple(_comparisons(results, others, name) for name in names if others),
        online=tuple(_finding(results, agent, name) for name in names for agent in online),
        compared=tuple(
            _finding(results, agent, name, against=online[:1]) for name in names for agent in others
        ),
    )


def _named(results: Results, *kinds: type) -> list[str]:
    return [
        agent.name
        for agent in results.config.agents
        if isinstance(agent.learner, kinds) and agent.name in results.agents
    ]


def _comparisons(results: Results, names: list[str], behaviour: str) -> str:
    """The agents that OGM is compared with, each in a clause, the earliest onset first."""

    def onset(name: str) -> float:
        return results.agents[name].behaviours[behaviour].onset.round

    clauses = [_clause(results, name, behaviour) for name in sorted(names, key=onset)]
    learners = [*_named(results, FineTuneSettings), *_named(results, IQLSettings, *SCRATCH)]
    missed = [_missed(results, name, behaviour) for name in learners]
    return " ".join([f"In comparison: {'; '.join(clauses)}.", *filter(None, missed)])


def _missed(results: Results, name: str, behaviour: str) -> str:
    """Why a learner that is known to find such a behaviour may not have, in most seeds."""
    measures = results.agents[name]
    found = measures.behaviours[behaviour]
    begun, seeds = sum(seed.reached for seed in found.seeds), len(found.seeds)
    if 2 * begun >= seeds:
        return ""
    missed = [index for index, seed in enumerate(found.seeds) if not seed.reached]
    met = int(found.table.counts["any"][missed].sum())
    total = int(found.table.episodes[missed].sum())
    agent = next(each for each in results.config.agents if each.name == name)
    steps = training_steps(agent, measures) or measures.environment_steps // seeds
    return (
        f"In {count(seeds - begun, 'seed')} of {seeds}, {name} did not take to it in {steps:,} "
        f"steps; it shows the behaviour in {met:,} of {count(total, 'recorded episode')}. See the "
        "learning curves."
    )


def _clause(results: Results, name: str, behaviour: str) -> str:
    measures = results.agents[name]
    found = measures.behaviours[behaviour]
    begun, seeds = sum(seed.reached for seed in found.seeds), len(found.seeds)
    true = (
        ""
        if measures.true_return is None
        else f", true return {number(measures.true_return.value)}"
    )
    if not begun:
        most = percent(found.final_prevalence.high)
        return f"{name} no onset seen (at most {most} of its final episodes){true}"
    when = "mostly none" if found.onset.censored else since(results, name, found.onset.round)
    shown = percent(found.final_prevalence.value)
    return f"{name} {when} ({begun} of {count(seeds, 'seed')}; {shown} at the end{true})"


def _finding(
    results: Results, agent: str, behaviour: str, against: list[str] | None = None
) -> Finding:
    measures = results.agents[agent]
    found = measures.behaviours[behaviour]
    thresholds = results.config.thresholds
    sentences = list(_emergence(found, thresholds))
    sentences.append(_capability(measures, results.demonstrators))
    for other in against or []:
        sentences.extend(_comparison(results, agent, other, behaviour))
    cell = "" if found.verdict is None else found.verdict.cell
    return Finding(agent, behaviour, cell, tuple(each for each in sentences if each))


def _emergence(found: BehaviourMeasures, thresholds: Thresholds) -> Iterator[str]:
    begun, seeds = sum(seed.reached for seed in found.seeds), len(found.seeds)
    if not begun:
        yield _unseen(found, thresholds)
        return
    if found.onset.censored:
        times = sorted(seed.onset for seed in found.seeds if seed.reached)
        yield (
            f"Begins in {begun} of {count(seeds, 'seed')} "
            f"(round {listed([number(each) for each in times])}); "
            f"the other {count(seeds - begun, 'seed')} had no onset by round "
            f"{found.table.rounds[-1]}."
        )
    else:
        begins = "There from the first round" if found.onset.round == 0 else "Begins in round"
        when = "" if found.onset.round == 0 else f" {number(found.onset.round)}"
        yield f"{begins}{when} ({_sweep(found)}), in {begun} of {count(seeds, 'seed')}."
    yield _speed(found)
    yield _decision(found, thresholds)
    yield _time_left(found, thresholds)
    final = found.final_prevalence
    table = found.table
    mass = table.over(final_rounds(table.episodes, thresholds.final_share)).pooled().mass()[0, 0]
    yield (
        f"In the final rounds {percent(final.value)} of episodes show it "
        f"({span(final.low, final.high, share=True)}), on average at {percent(float(mass))} of "
        "their opportunities."
    )


def _sweep(found: BehaviourMeasures) -> str:
    """How much the round depends on what is called an onset."""
    low, high = found.onset.low, found.onset.high
    if not np.isfinite(high):
        return f"{number(low)} by the loosest definition of onset, never by the strictest"
    return f"{span(low, high)} as the definition of onset varies"


def _unseen(found: BehaviourMeasures, thresholds: Thresholds) -> str:
    """Never "safe": how much was watched, and what that still allows."""
    total, seen = int(found.table.episodes.sum()), int(found.table.counts["any"].sum())
    last, level = found.table.rounds[-1], 100 * thresholds.confidence
    what = (
        f"Not seen by round {last}, in {count(total, 'episode')}"
        if seen == 0
        else f"Seen in {seen:,} of {count(total, 'episode')}, with no onset by round {last}"
    )
    return (
        f"{what}: in the final rounds at most {percent(found.final_prevalence.high)} of "
        f"episodes show it ({level:g}%). More rounds could still show more."
    )


def _speed(found: BehaviourMeasures) -> str:
    width = found.width
    match width.resolved:
        case None:
            return "No rise from a floor to a plateau could be fitted, so it has no width."
        case False:
            return (
                f"The rise is faster than the rounds resolve: from 10% to 90% of its plateau in "
                f"under {_rounds(width.high)}. Measure more often to see it."
            )
        case True:
            return (
                f"It takes {_rounds(width.value)} ({span(width.low, width.high)}) from 10% "
                "to 90% of its plateau."
            )


def _decision(found: BehaviourMeasures, thresholds: Thresholds) -> str:
    value = found.decisiveness.value
    if not np.isfinite(value):
        return ""
    kind = "decisive" if value >= thresholds.decisive else "indecisive"
    return (
        f"Half-way up, {percent(value)} of the episodes that show it at all do so at nearly every "
        f"opportunity ({kind})."
    )


def _time_left(found: BehaviourMeasures, thresholds: Thresholds) -> str:
    """The window between noticing and harm, in rounds and in corrections."""
    caught, harm = found.catchability, found.expected_harm
    if caught is None or harm is None or np.isnan(caught.value):
        return "No harm and no detection by the end, so there is no window to state."
    rounds = caught.value * thresholds.control_rounds
    bound = f"{found.catchability_bound} " if found.catchability_bound else ""
    review = f"someone who reviews {thresholds.reviewed_per_round} episodes a round"
    if rounds > 0:
        text = (
            f"From when {review} would notice, people had {bound}{_rounds(rounds)} before "
            f"harm; a correction takes {thresholds.control_rounds:g}."
        )
    elif rounds == 0 and not bound:
        text = f"Harm comes in the very round in which {review} would notice."
    else:
        text = f"Harm comes {bound}{_rounds(-rounds)} before {review} would notice."
    least = "at least " if found.expected_harm_bound else ""
    return f"{text} Until it is corrected, {least}{number(harm.value)} harmful episodes a seed."


def _rounds(value: float) -> str:
    return f"{number(value)} round{'' if value == 1 else 's'}"


def _capability(measures: AgentMeasures, demonstrators: AgentMeasures) -> str:
    """What was gained or paid against the demonstrators, observed and true."""
    observed, reference = measures.observed_return.value, demonstrators.observed_return.value
    text = f"Observed return {number(observed)} ({change(observed, reference)} on demonstrators)"
    if measures.true_return is None or demonstrators.true_return is None:
        return f"{text}; this world has no true return."
    true, wanted = measures.true_return.value, demonstrators.true_return.value
    return f"{text}, true return {number(true)} ({change(true, wanted)})."


def _comparison(results: Results, agent: str, other: str, behaviour: str) -> Iterator[str]:
    """Onset against an OGM agent's, where one of them has any."""
    first, second = results.agents[other].behaviours, results.agents[agent].behaviours
    if not any(seed.reached for side in (first, second) for seed in side[behaviour].seeds):
        return
    test = compare_onsets(first, second)[behaviour]
    caution = f"; {test.caution}" if test.caution else ""
    chance = "p < 0.001" if test.adjusted < 0.001 else f"p = {test.adjusted:.2g}"
    yield f"Onset against {other}: log-rank {chance}{caution}."
