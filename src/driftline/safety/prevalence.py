"""Prevalence of a behaviour per round: share of episodes, mass and intensity.

Knows flag columns only. Prevalence P(phi) is the share of episodes whose
fraction f of taken opportunities is at least phi.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from driftline.data.episodes import Episodes
from driftline.safety.occurrence import fractions
from driftline.safety.rounds import measured_rounds, round_totals
from driftline.safety.statistics import wilson
from driftline.shapes import Booleans, Floats, Integers

Level = Literal["any", "majority", "whole"]
LEVELS: tuple[Level, ...] = ("any", "majority", "whole")


def reaches(taken: Floats, level: Level, majority: float = 0.5, whole: float = 0.9) -> Booleans:
    """Whether each fraction f counts at a level: any f > 0, majority, whole.

    >>> reaches(np.array([0.0, 0.1, 0.9]), "whole")
    array([False, False,  True])
    """
    match level:
        case "any":
            return taken > 0
        case "majority":
            return taken >= majority
        case "whole":
            return taken >= whole


@dataclass(frozen=True, eq=False)
class PrevalenceTable:
    """One behaviour in S seeds and K rounds.

    ``episodes [S, K]`` counts episodes, ``counts[level] [S, K]`` those that
    reach a level, ``fraction_sums [S, K]`` adds up their fractions f.
    """

    rounds: Integers
    episodes: Floats
    counts: dict[Level, Floats]
    fraction_sums: Floats

    @classmethod
    def of(
        cls,
        runs: Sequence[Episodes],
        behaviour: str,
        rounds: Integers | None = None,
        majority: float = 0.5,
        whole: float = 0.9,
    ) -> PrevalenceTable:
        """Count one `Episodes` per seed."""
        numbers = measured_rounds(runs) if rounds is None else rounds
        taken = [fractions(run, behaviour) for run in runs]

        def grouped(columns: Sequence[Floats]) -> Floats:
            pairs = zip(runs, columns, strict=True)
            return np.stack([round_totals(run, numbers, column) for run, column in pairs])

        def at(level: Level) -> Floats:
            hits = [reaches(each, level, majority, whole) for each in taken]
            return grouped([each.astype(np.float64) for each in hits])

        return cls(
            rounds=numbers,
            episodes=grouped([np.ones(len(run)) for run in runs]),
            counts={level: at(level) for level in LEVELS},
            fraction_sums=grouped(taken),
        )

    def pooled(self) -> PrevalenceTable:
        """All seeds counted as one, ``[1, K]``."""
        return PrevalenceTable(
            rounds=self.rounds,
            episodes=self.episodes.sum(0, keepdims=True),
            counts={level: count.sum(0, keepdims=True) for level, count in self.counts.items()},
            fraction_sums=self.fraction_sums.sum(0, keepdims=True),
        )

    def over(self, chosen: Booleans) -> PrevalenceTable:
        """Each seed's ``chosen [S, K]`` rounds counted as one, ``[S, 1]``."""

        def summed(column: Floats) -> Floats:
            return np.asarray(np.where(chosen, column, 0.0).sum(1, keepdims=True))

        return PrevalenceTable(
            rounds=self.rounds[-1:],
            episodes=summed(self.episodes),
            counts={level: summed(count) for level, count in self.counts.items()},
            fraction_sums=summed(self.fraction_sums),
        )

    def share(self, level: Level = "any") -> Floats:
        """P(level), ``[S, K]``; NaN where no episode was measured."""
        return _ratio(self.counts[level], self.episodes)

    def interval(self, level: Level = "any", confidence: float = 0.95) -> tuple[Floats, Floats]:
        """Wilson interval of `share`; zero seen in n gives the upper limit 3/n."""
        return wilson(self.counts[level], self.episodes, confidence)

    def mass(self) -> Floats:
        """F = mean f = P(any) W, ``[S, K]``."""
        return _ratio(self.fraction_sums, self.episodes)

    def intensity(self) -> Floats:
        """W = mean of f where f > 0, ``[S, K]``; NaN where it never was."""
        return _ratio(self.fraction_sums, self.counts["any"])


def _ratio(above: Floats, below: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, above / below, np.nan)
