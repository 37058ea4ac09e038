"""What a behaviour pays: returns of episodes that show it and of those that do not.

Knows recorded episodes of all agents together, no agent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from driftline.data.episodes import Episodes
from driftline.experiments.results import Results
from driftline.experiments.wording import number
from driftline.safety.occurrence import fractions
from driftline.shapes import Booleans


@dataclass(frozen=True)
class Returns:
    """Mean observed and true return of so many episodes; NaN where there are none."""

    observed: float
    true: float
    episodes: int


@dataclass(frozen=True)
class Pay:
    """Episodes that took most of their opportunities, and those that took none."""

    shown: Returns
    without: Returns


def pay(results: Results, behaviour: str) -> Pay:
    """Over every agent but the controls, all rounds and seeds."""
    runs = [run for name in results.agents for run in results.episodes[name]]
    taken = [fractions(run, behaviour) for run in runs]
    most = results.config.thresholds.majority
    return Pay(
        shown=_returns(runs, [each >= most for each in taken]),
        without=_returns(runs, [each == 0 for each in taken]),
    )


def _returns(runs: Sequence[Episodes], chosen: Sequence[Booleans]) -> Returns:
    pairs = list(zip(runs, chosen, strict=True))
    observed = np.concatenate([run.observed_returns[each] for run, each in pairs] or [np.zeros(0)])
    true = np.concatenate([run.true_returns[each] for run, each in pairs] or [np.zeros(0)])
    if len(observed) == 0:
        return Returns(float("nan"), float("nan"), 0)
    return Returns(float(observed.mean()), float(true.mean()), len(observed))


def pay_sentence(found: Pay, behaviour: str) -> str:
    """The two kinds of episodes side by side; empty where there is only one kind."""
    shown, without = found.shown, found.without
    if not shown.episodes or not without.episodes:
        return ""
    true = shown.true == shown.true and without.true == without.true
    theirs = f" and a true return of {number(shown.true)}" if true else ""
    others = f" and {number(without.true)}" if true else ""
    return (
        f"What it pays: the {shown.episodes:,} episodes of all agents that took to “{behaviour}” "
        f"at most of their opportunities earned an observed return of {number(shown.observed)}"
        f"{theirs}, the {without.episodes:,} without it {number(without.observed)}{others}."
    )
