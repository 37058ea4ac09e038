"""Width of a transition: rounds from 10% to 90% of its plateau.

Knows successes of trials per round only. A binomial logistic with floor and
plateau is fitted by maximum likelihood: w = t90 - t10 = 2 ln 9 s = 4.394 s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from scipy.stats import chi2

from driftline.safety.statistics import Bootstrap, interquartile_mean, percentiles
from driftline.safety.transition import fit_levels, log_likelihood
from driftline.shapes import Floats, Integers

WIDTH_PER_SCALE = 2 * float(np.log(9.0))
_NARROWEST = 0.25
_COARSE_WIDTHS, _WIDTHS, _MIDPOINTS = 16, 36, 80
_KEPT_DEPTH = 9.0
_PLAUSIBLE_GAIN = float(chi2.ppf(0.95, 3)) / 2


@dataclass(frozen=True, eq=False)
class LogisticFit:
    """P(t) = floor + (plateau - floor) / (1 + exp(-(t - midpoint) / s)), rising.

    ``widths [G]`` ascending, with ``profile [G]``, the greatest log-likelihood
    at each. ``gain``: log-likelihood above a constant's. ``interval``: rounds
    between two measurements.
    """

    floor: float
    plateau: float
    midpoint: float
    width: float
    log_likelihood: float
    gain: float
    interval: float
    widths: Floats
    profile: Floats

    @property
    def rises(self) -> bool:
        """Whether a rise explains the curve better than a constant (3 parameters, 5%)."""
        return self.gain > _PLAUSIBLE_GAIN

    def limits(self, confidence: float = 0.95) -> tuple[float, float]:
        """Profile-likelihood limits of the width; infinite where the data set none.

        A width under a quarter of a measuring interval is a step as good as
        any: the lower limit is then 0.
        """
        depth = chi2.ppf(confidence, 1) / 2
        inside = np.flatnonzero(self.profile >= self.profile.max() - depth)
        low, high = int(inside[0]), int(inside[-1])
        lower = 0.0 if self._narrowest(low) else self._crossing(low - 1, low, depth)
        upper = (
            float("inf") if high == len(self.widths) - 1 else self._crossing(high + 1, high, depth)
        )
        return lower, upper

    def draw(self, uniforms: Floats) -> Floats:
        """Widths drawn from the profile likelihood, flat in log width, like ``uniforms``."""
        weight = np.exp(self.profile - self.profile.max())
        below = np.concatenate([[0.0], np.cumsum((weight[1:] + weight[:-1]) / 2)])
        return np.asarray(np.exp(np.interp(uniforms * below[-1], below, np.log(self.widths))))

    def _narrowest(self, index: int) -> bool:
        return index == 0 and bool(self.widths[0] <= _NARROWEST * self.interval * (1 + 1e-9))

    def _crossing(self, outside: int, inside: int, depth: float) -> float:
        """Where the profile crosses its limit, linear in log width."""
        if outside < 0:
            return float(self.widths[0])
        level = self.profile.max() - depth
        drop = self.profile[inside] - self.profile[outside]
        share = (self.profile[inside] - level) / drop
        away, here = np.log(self.widths[outside]), np.log(self.widths[inside])
        return float(np.exp(here + share * (away - here)))


@dataclass(frozen=True)
class Width:
    """``value`` in ``[low, high]`` rounds, measured every ``interval`` rounds.

    NaN: no transition was seen. ``high`` infinite: its end was not seen.
    """

    value: float
    low: float
    high: float
    interval: float

    @property
    def resolved(self) -> bool | None:
        """False: faster than resolved, the upper limit is under 2 intervals."""
        return None if np.isnan(self.value) else bool(self.high >= 2 * self.interval)

    @property
    def text(self) -> str:
        """The width in words."""
        match self.resolved:
            case None:
                return "no transition seen"
            case False:
                return (
                    f"faster than resolved (under {self.high:.2g} rounds, measured every "
                    f"{self.interval:g}); measure more often"
                )
            case True:
                high = f"{self.high:.2g}" if np.isfinite(self.high) else "unbounded"
                return f"{self.value:.2g} rounds ({self.low:.2g} to {high})"


def fit_logistic(rounds: Integers, successes: Floats, trials: Floats) -> LogisticFit | None:
    """Fit the rounds with trials; None with fewer than 3 of them.

    ``rounds``, ``successes`` and ``trials`` are ``[K]``. Every midpoint from
    the first round to half a span after the last, and every width from a quarter of a measuring
    interval to twice the span, is tried, which no local optimum can trap.
    """
    ran = trials > 0
    if ran.sum() < 3:
        return None
    curve = _Curve(rounds[ran].astype(np.float64), successes[ran], trials[ran])
    coarse = np.geomspace(_NARROWEST * curve.interval, 2 * curve.span, _COARSE_WIDTHS)
    midpoints, profile = curve.profile(coarse, curve.midpoints()[None])
    kept = np.flatnonzero(profile >= profile.max() - _KEPT_DEPTH)
    low, high = max(kept[0] - 1, 0), min(kept[-1] + 1, len(coarse) - 1)
    widths = np.geomspace(coarse[low], coarse[high], _WIDTHS)
    near = np.interp(np.log(widths), np.log(coarse), midpoints)
    nearest = midpoints[np.abs(np.log(widths[:, None] / coarse)).argmin(1)]
    return curve.fit(widths, np.stack([near, nearest], axis=1))


def seed_width(fit: LogisticFit | None, confidence: float = 0.95) -> Width:
    """The width of one curve with its profile-likelihood limits."""
    if fit is None or not fit.rises:
        return Width(float("nan"), float("nan"), float("nan"), fit.interval if fit else 1.0)
    return Width(fit.width, *fit.limits(confidence), fit.interval)


def width_over_seeds(fits: list[LogisticFit], bootstrap: Bootstrap, uniforms: Floats) -> Width:
    """Interquartile mean of the seeds' widths, with an interval.

    Seeds that begin at different rounds are not pooled, which would take their
    spread for slowness. In the bootstrap every drawn seed brings a width drawn
    from its own profile likelihood (``uniforms [B, >= S]``), so that few seeds
    do not pass for more certain than their episodes make them.
    """
    rising = [fit for fit in fits if fit.rises]
    if not rising:
        return Width(float("nan"), float("nan"), float("nan"), fits[0].interval if fits else 1.0)
    seeds = len(rising)
    value = float(interquartile_mean(np.array([fit.width for fit in rising])))
    chosen, samples = bootstrap.indices(seeds), np.empty((len(uniforms), seeds))
    for index, fit in enumerate(rising):
        samples = np.where(chosen == index, fit.draw(uniforms[:, :seeds]), samples)
    limits = percentiles(interquartile_mean(samples), bootstrap.confidence)
    low, high = (float(each) for each in limits)
    ends = [fit.limits(bootstrap.confidence) for fit in rising]
    steps = np.median([low == 0 for low, _ in ends]) > 0.5
    open_ended = np.mean([np.isinf(high) for _, high in ends]) > 0.5
    return Width(
        value=value,
        low=0.0 if steps else min(low, value),
        high=float("inf") if open_ended else max(high, value),
        interval=max(fit.interval for fit in rising),
    )


@dataclass(frozen=True, eq=False)
class _Curve:
    """A measured curve and the likelihood of midpoints and widths under it."""

    rounds: Floats
    successes: Floats
    trials: Floats

    @property
    def interval(self) -> float:
        return float(np.median(np.diff(self.rounds)))

    @property
    def span(self) -> float:
        return float(self.rounds[-1] - self.rounds[0])

    @property
    def latest(self) -> float:
        return float(self.rounds[-1]) + self.span / 2

    def midpoints(self) -> Floats:
        step = max(self.interval / 2, self.span / _MIDPOINTS)
        return np.arange(self.rounds[0], self.latest + step / 2, step)

    def rise(self, widths: Floats, midpoints: Floats) -> Floats:
        """Logistic rises ``[..., K]``."""
        scales = widths / WIDTH_PER_SCALE
        return np.asarray(expit((self.rounds - midpoints[..., None]) / scales[..., None]))

    def likelihoods(self, widths: Floats, midpoints: Floats) -> Floats:
        """Greatest log-likelihood at ``widths [G]`` and ``midpoints [G, M]``, ``[G, M]``.

        A fall counts as a constant: only rises are transitions here.
        """
        broad = np.broadcast_to(widths[:, None], midpoints.shape)
        rises = self.rise(broad, midpoints).reshape(-1, len(self.rounds))
        levels = fit_levels(rises, self.successes, self.trials)
        fell = levels.plateau < levels.floor
        return np.where(fell, self.constant(), levels.log_likelihood).reshape(midpoints.shape)

    def constant(self) -> float:
        share = self.successes.sum() / self.trials.sum()
        return float(log_likelihood(self.successes, self.trials, np.array(share)))

    def profile(self, widths: Floats, midpoints: Floats) -> tuple[Floats, Floats]:
        """The best midpoint of each width and its log-likelihood, by closing in."""
        candidates = np.broadcast_to(midpoints, (len(widths), midpoints.shape[-1]))
        step = max(self.interval / 2, self.span / _MIDPOINTS)
        rows = np.arange(len(widths))
        while True:
            found = self.likelihoods(widths, candidates)
            at = found.argmax(axis=1)
            best = candidates[rows, at]
            if step < 0.02 * self.interval:
                return best, found[rows, at]
            around = best[:, None] + step * np.linspace(-0.75, 0.75, 7)
            candidates, step = np.clip(around, self.rounds[0], self.latest), step / 4

    def fit(self, widths: Floats, near: Floats) -> LogisticFit:
        midpoints, profile = self.profile(widths, near)
        width, top = _peak(widths, profile)
        at = int(profile.argmax())
        rise = self.rise(np.array([width]), midpoints[at : at + 1])
        levels = fit_levels(rise, self.successes, self.trials)
        return LogisticFit(
            floor=float(levels.floor[0]),
            plateau=float(levels.plateau[0]),
            midpoint=float(midpoints[at]),
            width=width,
            log_likelihood=top,
            gain=top - self.constant(),
            interval=self.interval,
            widths=widths,
            profile=profile,
        )


def _peak(widths: Floats, profile: Floats) -> tuple[float, float]:
    """The width at the profile's maximum, by a parabola through its three highest points."""
    at = int(profile.argmax())
    if at in (0, len(widths) - 1):
        return float(widths[at]), float(profile[at])
    left, top, right = profile[at - 1 : at + 2]
    bend = left - 2 * top + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    step = np.log(widths[at + 1] / widths[at])
    return float(widths[at] * np.exp(shift * step)), float(top - 0.25 * (left - right) * shift)
