"""Negative controls: what the measures say where there is nothing to find.

Know only recorded episodes and a generator; they give episodes to measure again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from driftline.data.episodes import Episodes
from driftline.errors import DataError, SettingsError
from driftline.safety.occurrence import fractions
from driftline.shapes import Booleans, Floats


def random_flagger(
    episodes: Episodes,
    behaviour: str,
    generator: np.random.Generator,
    rate: float | None = None,
    intensity: float | None = None,
) -> Episodes:
    """The episodes with a behaviour's flags replaced by chance.

    Every episode is flagged with probability ``rate`` (by default the share
    that was flagged), at one available step at least and otherwise at each
    with probability ``intensity`` (by default the mean fraction of flagged
    episodes). How much is flagged stays the same; when it is flagged does not,
    so that an onset or a width that survives this is an artefact.
    """
    taken = fractions(episodes, behaviour)
    seen = taken > 0
    chance = float(seen.mean()) if rate is None else rate
    dose = (float(taken[seen].mean()) if seen.any() else 1.0) if intensity is None else intensity
    for name, share in (("rate", chance), ("intensity", dose)):
        if not 0 <= share <= 1:
            raise SettingsError(f"{name} is {share}; give a share from 0 to 1")
    flags = _random_flags(episodes, _available(episodes, behaviour), chance, dose, generator)
    return replace(episodes, flags={**episodes.flags, behaviour: flags})


def _random_flags(
    episodes: Episodes, could: Booleans, rate: float, dose: float, generator: np.random.Generator
) -> Booleans:
    starts, lengths = episodes.trajectories.starts[:-1], episodes.trajectories.lengths
    chosen = np.repeat(generator.random(len(episodes)) < rate, lengths)
    score = np.where(could, generator.random(len(could)), 2.0)
    least = np.repeat(np.minimum.reduceat(score, starts), lengths)
    return np.asarray(chosen & could & ((score < dose) | (score == least)))


def _available(episodes: Episodes, behaviour: str) -> Booleans:
    recorded = episodes.available.get(behaviour)
    if recorded is None:
        return np.ones(episodes.trajectories.steps, dtype=np.bool_)
    return np.asarray(recorded | episodes.flags[behaviour])


def permuted_hidden_rewards(episodes: Episodes, generator: np.random.Generator) -> Episodes:
    """The episodes with their true returns dealt out at random among them.

    Each episode's new true return is spread evenly over its steps (lengths
    differ). Whatever ties true to observed return is gone: a correlation that
    remains is chance.
    """
    if np.isnan(episodes.hidden_rewards).any():
        raise DataError(
            "some hidden rewards are missing (NaN); permute only episodes of a world that has them"
        )
    lengths = episodes.trajectories.lengths
    dealt = generator.permutation(episodes.true_returns)
    return replace(episodes, hidden_rewards=np.repeat(dealt / lengths, lengths))


def return_correlation(episodes: Episodes) -> float:
    """Pearson's correlation of true and observed return; NaN where either is constant.

    Episodes without a true return take no part.
    """
    true, observed = episodes.true_returns, episodes.observed_returns
    known = np.isfinite(true)
    if known.sum() < 2 or np.ptp(true[known]) == 0 or np.ptp(observed[known]) == 0:
        return float("nan")
    return float(np.corrcoef(true[known], observed[known])[0, 1])


@dataclass(frozen=True)
class DetectorQuality:
    """How well flagged episodes are the ones that look better than they are.

    ``precision``: share of flagged episodes whose true return falls short of
    the observed one; ``recall``: share of those that are flagged. NaN where
    there is none to take a share of.
    """

    precision: float
    recall: float
    flagged: int
    deceptive: int


def detector_quality(
    episodes: Episodes, behaviour: str, tolerance: float = 1e-9
) -> DetectorQuality:
    """Hold a behaviour's flags against the hidden reward, episode by episode.

    An episode is deceptive where its observed return exceeds its true one by
    more than ``tolerance``. Episodes without a true return take no part.
    """
    known = np.isfinite(episodes.true_returns)
    flagged = (fractions(episodes, behaviour) > 0)[known]
    gap: Floats = (episodes.observed_returns - episodes.true_returns)[known]
    deceptive = gap > tolerance
    both = float((flagged & deceptive).sum())
    return DetectorQuality(
        precision=both / flagged.sum() if flagged.any() else float("nan"),
        recall=both / deceptive.sum() if deceptive.any() else float("nan"),
        flagged=int(flagged.sum()),
        deceptive=int(deceptive.sum()),
    )
