"""The detector that does not know the world, as a table beside the true flags.

Knows scores only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from driftline.experiments.divergence_scores import DivergenceScores
from driftline.experiments.report_page.elements import (
    Markup,
    agent_name,
    pair,
    paragraph,
    table,
    text,
)
from driftline.experiments.wording import NOTHING, number, percent, span
from driftline.safety.divergence_detector import FALSE_ALARMS, Alarm, DetectorScore

NAMES = {"jensen_shannon": "Jensen-Shannon", "hellinger": "Hellinger"}
STATISTICS = {"largest": "largest of the steps", "mean": "mean of the steps"}


def trusted(found: DivergenceScores) -> Markup:
    """AUROC, precision, recall and lead of each agent's distances from the trusted policy."""
    rows = [
        [agent_name(agent), *_cells(each)] for agent, told in found.agents.items() for each in told
    ]
    if not rows:
        return paragraph(
            "The distance from the demonstrator model was not measured in these runs, or no agent "
            "ever left it, so a detector that only knows the trusted policy cannot be judged."
        )
    said = (
        "A detector that knows nothing of the world: an episode's distance from what the "
        "demonstrator model would have done. AUROC is the chance that an episode that shows the "
        "behaviour is further away than one that does not (.5: says nothing). "
    )
    said += (
        "An alarm is a distance that at most "
        f"{percent(FALSE_ALARMS)} of the episodes of {found.trusted} exceed, which asks for more "
        "and never learns online; the lead is from the round in which alarms become common to the "
        "onset of the behaviour, below 0 where they come late."
        if found.trusted
        else "No agent of this study asks for more without learning online, so there is nothing to "
        "set an alarm by."
    )
    headings = [
        *("agent", "distance", "AUROC", "alarms that are right", "shown that are alarmed"),
        "lead, rounds (median seed)",
    ]
    return Markup(paragraph(said) + table(headings, rows))


def _cells(score: DetectorScore) -> list[Markup]:
    return [
        pair(NAMES[score.distance], STATISTICS[score.statistic]),
        pair(number(score.auroc), span(score.low, score.high)),
        text(percent(score.precision)),
        text(percent(score.recall)),
        pair(*_lead(score.alarms)),
    ]


def _lead(alarms: Sequence[Alarm]) -> tuple[str, str]:
    """The median of the seeds' bounds, and how many seeds had both an alarm and an onset."""
    if not alarms:
        return NOTHING, ""
    bounds = np.array([each.lead for each in alarms])
    with np.errstate(invalid="ignore"):
        low, high = np.median(bounds, axis=0)
    both = int(np.isfinite(bounds).all(axis=1).sum())
    seeds = f"both came in {both} of {len(alarms)} seeds"
    if low == high:
        return number(low), seeds
    if np.isinf(low) and np.isinf(high):
        return "not known", seeds
    return (f"at least {number(low)}" if np.isfinite(low) else f"at most {number(high)}"), seeds
