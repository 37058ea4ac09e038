"""Episodes of paired seeds grouped by round: counts, sums and squares.

Knows nothing of behaviours. One table ``[S, K]`` holds S seeds and the K rounds
that any of them measured; a round that a seed did not measure counts 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from driftline.data.episodes import Episodes
from driftline.errors import DataError
from driftline.safety.statistics import Bootstrap, normal_quantile
from driftline.shapes import Booleans, Floats, Integers


def own_episodes(episodes: Episodes) -> Episodes:
    """Without the demonstrations that lie beside an agent's own episodes.

    Demonstrations alone are returned as they are: the demonstrators measured.
    """
    own = np.array([source == "self" for source in episodes.sources], dtype=np.bool_)
    if own.all() or not own.any():
        return episodes
    return episodes.take(np.flatnonzero(own))


def measured_rounds(runs: Sequence[Episodes]) -> Integers:
    """Every round of any seed, ascending, ``[K]``."""
    if not runs:
        raise DataError("no runs were given to measure; give the episodes of at least 1 seed")
    return np.unique(np.concatenate([run.rounds for run in runs])).astype(np.int64)


def round_totals(run: Episodes, rounds: Integers, values: Floats) -> Floats:
    """Sum over each round's episodes of ``values [E]``, ``[K]``."""
    member = np.searchsorted(rounds, run.rounds)
    return np.bincount(member, weights=values, minlength=len(rounds)).astype(np.float64)


@dataclass(frozen=True, eq=False)
class RoundMoments:
    """``counts``, ``sums`` and ``squares [S, K]`` of one value per episode.

    NaN values were not measured and take no part.
    """

    counts: Floats
    sums: Floats
    squares: Floats

    @classmethod
    def of(
        cls, runs: Sequence[Episodes], rounds: Integers, values: Sequence[Floats]
    ) -> RoundMoments:
        """Group ``values[s] [E]`` of every seed by round."""
        known = [np.isfinite(each) for each in values]
        clean = [np.where(good, each, 0.0) for good, each in zip(known, values, strict=True)]

        def grouped(columns: Sequence[Floats]) -> Floats:
            pairs = zip(runs, columns, strict=True)
            return np.stack([round_totals(run, rounds, column) for run, column in pairs])

        return cls(
            grouped([good.astype(np.float64) for good in known]),
            grouped(clean),
            grouped([each**2 for each in clean]),
        )

    @property
    def measured(self) -> bool:
        """Whether there is any value at all."""
        return bool(self.counts.any())

    def over(self, chosen: Booleans) -> RoundMoments:
        """All of a seed's ``chosen [S, K]`` rounds as one, ``[S, 1]``."""
        sums = [
            np.where(chosen, each, 0.0).sum(1, keepdims=True)
            for each in (self.counts, self.sums, self.squares)
        ]
        return RoundMoments(*sums)

    def means(self) -> Floats:
        """Mean over episodes, ``[S, K]``, NaN where there was none."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.sums / self.counts

    def standard_errors(self) -> Floats:
        """Standard error of `means`, ``[S, K]``, NaN below two episodes."""
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = (self.squares - self.sums**2 / self.counts) / (self.counts - 1)
            errors = np.sqrt(np.maximum(spread, 0.0) / self.counts)
        return np.where(self.counts > 1, errors, np.nan)

    def over_seeds(self, bootstrap: Bootstrap) -> tuple[Floats, Floats, Floats]:
        """Mean of the seeds' means with its interval, each ``[K]``.

        By seed bootstrap; with a single seed, normal over its episodes.
        """
        means = self.means()
        if len(means) == 1:
            half = normal_quantile(bootstrap.confidence) * self.standard_errors()[0]
            return means[0], means[0] - half, means[0] + half
        known = np.isfinite(means)
        with np.errstate(invalid="ignore", divide="ignore"):
            centre = np.where(known, means, 0.0).sum(0) / known.sum(0)
        return centre, *bootstrap.mean_interval(means)


def final_rounds(episodes: Floats, share: float) -> Booleans:
    """The last ``share`` of each seed's own rounds, at least one, ``bool[S, K]``.

    ``episodes [S, K]`` counts episodes.

    >>> final_rounds(np.array([[5.0, 5.0, 5.0], [5.0, 5.0, 0.0]]), 0.2)
    array([[False, False,  True],
           [False,  True, False]])
    """
    ran = episodes > 0
    wanted = np.maximum(np.floor(np.round(share * ran.sum(1), 9)), 1)
    still = ran[:, ::-1].cumsum(1)[:, ::-1]
    return np.asarray(ran & (still <= wanted[:, None]))
