"""Measured curves as arrays to draw: a mean with its band, over rounds or steps.

Knows the plain curves of `safety.curves`, no agent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from driftline.experiments.figures.look import Look
from driftline.safety.prevalence import PrevalenceTable
from driftline.safety.statistics import Bootstrap
from driftline.seeding import generator
from driftline.shapes import Floats

DRAWS = 1000


@dataclass(frozen=True, eq=False)
class Series:
    """``mean`` in the band ``low`` to ``high`` at each of ``x``, all ``[K]``; NaN: unknown."""

    x: Floats
    mean: Floats
    low: Floats
    high: Floats


def floats(values: Sequence[float | int | None]) -> Floats:
    """None as NaN.

    >>> floats([1.0, None])
    array([ 1., nan])
    """
    return np.array([np.nan if each is None else each for each in values], dtype=np.float64)


def series(rounds: Mapping[str, Any], name: str, x: str = "round") -> Series | None:
    """The curve ``name`` of an agent's ``rounds``; None where it was not recorded."""
    curve = rounds[name]
    if curve is None:
        return None
    return Series(floats(rounds[x]), *(floats(curve[each]) for each in ("mean", "low", "high")))


def prevalence_series(table: PrevalenceTable, confidence: float = 0.95) -> Series:
    """Pooled P(any) per round in the wider of Wilson's and the seed bootstrap's interval."""
    pooled, shares = table.pooled(), table.share("any")
    low, high = (each[0] for each in pooled.interval("any", confidence))
    if len(shares) > 1:
        draw = generator(0, "figures", "prevalence")
        least, most = Bootstrap.drawn(draw, DRAWS, len(shares), confidence).mean_interval(shares)
        low, high = np.fmin(low, least), np.fmax(high, most)
    return Series(table.rounds.astype(np.float64), pooled.share("any")[0], low, high)


def draw_series(
    axes: Axes, drawn: Series, look: Look, label: str | None = None, band: bool = True
) -> None:
    """A line with its band; a single round is a mark with whiskers."""
    colour = look.shade.light
    if len(drawn.x) == 1:
        below, above = drawn.mean - drawn.low, drawn.high - drawn.mean
        error = np.nan_to_num(np.clip(np.stack([below, above]), 0.0, None))
        axes.errorbar(drawn.x, drawn.mean, error, color=colour, marker=look.mark, label=label)
        return
    if band:
        axes.fill_between(drawn.x, drawn.low, drawn.high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(
        drawn.x, drawn.mean, color=colour, linestyle=look.dash, label=label,
        marker=look.mark, markersize=4.5, markevery=_sparse(len(drawn.x), look.mark),
    )  # fmt: skip


def _sparse(count: int, mark: str) -> tuple[int, int]:
    """Few marks along a line, each agent's beginning elsewhere so that they do not meet."""
    every = max(1, count // 6)
    return ord(mark[0]) % every, every
