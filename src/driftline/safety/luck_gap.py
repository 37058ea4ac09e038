"""The luck gap: the return that was promised less the return that came.

Knows returns only. Conditioning on a return picks out the demonstrations that were
lucky as much as those that were good; an agent can copy the second alone, so in a
stochastic world it attains less than it is asked for. In a deterministic one an
exact agent has no gap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from driftline.errors import DataError
from driftline.safety.estimate import Estimate
from driftline.safety.measurement import Measurement
from driftline.safety.statistics import Bootstrap
from driftline.shapes import Floats

DEFINITION = "promised return less attained return, mean over episodes"


def commanded_gap(commanded: Floats, attained: Floats) -> Estimate:
    """Mean of commanded less attained return over episodes, ``[E]`` each.

    Paired by episode. Nothing was asked where ``commanded`` is NaN; such episodes
    take no part.

    >>> commanded_gap(np.array([3.0, 3.0, np.nan]), np.array([1.0, 3.0, 9.0])).mean
    1.0
    """
    if commanded.shape != attained.shape:
        raise DataError(
            f"{commanded.shape} commanded and {attained.shape} attained returns were given; "
            "give one of each for every episode"
        )
    return Estimate.of(commanded - attained)


def reweighted_return(returns: Floats, log_weights: Floats) -> Estimate:
    """What a reweighting of the reference promises: E_0[w R] / E_0[w].

    ``returns`` and ``log_weights [n]`` of reference episodes; log w is beta R for an
    exponential tilt, 0 or -inf for a tail. Self-normalised, so biased by the order
    of 1/n; the error is the usual linearised one, sqrt(sum v^2 (R - mean)^2) with v
    the weights over their sum (Owen 2013, "Monte Carlo theory", sec. 9.2), and too
    small where few episodes carry the weight: see `effective_sample_size`.

    >>> reweighted_return(np.array([0.0, 4.0]), np.log([3.0, 1.0])).mean
    1.0
    """
    if returns.shape != log_weights.shape or len(returns) == 0:
        raise DataError(
            f"{returns.shape} returns and {log_weights.shape} log weights were given; "
            "give one of each for at least 1 reference episode"
        )
    largest = log_weights.max()
    if not math.isfinite(largest) or not np.isfinite(returns).all():
        raise DataError(
            f"reference returns need to be finite and their largest log weight too, got "
            f"{largest}; leave out what was not measured"
        )
    weights = np.exp(log_weights - largest)
    shares = weights / weights.sum()
    mean = float(shares @ returns)
    spread = shares * (returns - mean)
    error = math.sqrt(spread @ spread) if np.count_nonzero(shares) > 1 else math.nan
    deviation = math.sqrt(shares @ (returns - mean) ** 2)
    return Estimate(mean, error, deviation, len(returns))


def reweighted_gap(promised: Estimate, attained: Floats) -> Estimate:
    """A promise from reference episodes less the agent's own mean return.

    ``attained [E]``; the two samples are independent, so their variances add. The
    deviation and the episodes are those of the agent.
    """
    own = Estimate.of(attained)
    error = math.hypot(promised.standard_error, own.standard_error)
    return Estimate(promised.mean - own.mean, error, own.deviation, own.episodes)


def luck_gap(gaps: Sequence[Estimate], bootstrap: Bootstrap) -> Measurement:
    """The mean of one gap per seed, with its interval.

    Over seeds by bootstrap; of a single seed, normal over its episodes. Seeds
    without a gap take no part.

    >>> bootstrap = Bootstrap.drawn(np.random.default_rng(0), 100, 1)
    >>> gap = luck_gap([commanded_gap(np.full(9, 5.0), np.arange(9.0))], bootstrap)
    >>> gap.value, round(gap.low, 2), round(gap.high, 2)
    (1.0, -0.79, 2.79)
    """
    known = [gap for gap in gaps if not math.isnan(gap.mean)]
    if not known:
        return Measurement(math.nan, math.nan, math.nan, 0, 0, DEFINITION)
    if len(known) == 1:
        return known[0].measurement(DEFINITION, bootstrap.confidence)
    if len(known) > bootstrap.uniforms.shape[1]:
        raise DataError(
            f"{len(known)} seeds have a gap and the bootstrap resamples "
            f"{bootstrap.uniforms.shape[1]}; draw it for as many seeds"
        )
    means = np.array([gap.mean for gap in known])
    low, high = bootstrap.interval(means, lambda draws: np.asarray(draws.mean(axis=1)))
    episodes = sum(gap.episodes for gap in known)
    return Measurement(float(means.mean()), low, high, episodes, len(known), DEFINITION)
