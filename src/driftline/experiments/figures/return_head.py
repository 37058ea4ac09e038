"""The return head's reliability before and after the action, and where returns fell in it.

Knows what offline runs recorded, pooled over seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import QUIET, STEPS, absent, panels, percent_axis, styled
from driftline.experiments.heads import MOMENTS, WORDS, Heads
from driftline.experiments.over_seeds import Recorded
from driftline.shapes import Floats

MARKS = ("o", "s", "^", "D")
BINS = 10
SHORTEST = 0.004
"""Share of a line's outcomes below which a bin of it is left out."""


@styled
def return_head(found: Heads | None) -> Figure:
    """Two reliability plots and the histogram of the probability integral transform."""
    figure, axes = panels(1, 3, width=9.6, height=3.7)
    for panel, moment in zip(axes, MOMENTS, strict=False):
        panel.set_title(f"{WORDS[moment]}")
        records = [] if found is None else found.of(moment)
        if records:
            _reliability(panel, records)
        else:
            absent(panel, "not recorded")
    axes[0].set_ylabel("share of returns that did")
    _histogram(axes[2], found)
    shared_legend(figure, axes)
    return figure


def _reliability(axes: Axes, records: Sequence[Recorded]) -> None:
    """Each seed's bins as dots, all seeds together as a line for each threshold."""
    axes.plot([0, 1], [0, 1], ":", color=QUIET.light, label="as often as predicted")
    for number in range(max(len(each["exceedance"]) for each in records)):
        curves = [e["exceedance"][number] for e in records if number < len(e["exceedance"])]
        colour, mark = STEPS[number % len(STEPS)].light, MARKS[number % len(MARKS)]
        columns = [_joined(curves, name) for name in ("predicted", "observed", "outcomes")]
        axes.scatter(columns[0], columns[1], 7, color=colour, alpha=0.3, linewidths=0)
        predicted, observed = pooled(*columns)
        axes.plot(
            predicted, observed, color=colour, marker=mark, markersize=4.5, linewidth=1.4,
            label=f"{_ordinal(number)} threshold{_span(records, number)}",
        )  # fmt: skip
    percent_axis(axes)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xticks([0.0, 0.5, 1.0], ["0%", "50%", "100%"])
    axes.set_xlabel("predicted to reach the threshold")


def _joined(curves: Sequence[Any], name: str) -> Floats:
    return np.concatenate([np.asarray(each[name], np.float64) for each in curves])


def pooled(predicted: Floats, observed: Floats, outcomes: Floats) -> tuple[Floats, Floats]:
    """Points of several seeds gathered into bins of equal width, weighed by outcomes.

    >>> pooled(np.array([0.11, 0.13, 0.9]), np.array([0.0, 1.0, 1.0]), np.array([1.0, 3.0, 4.0]))
    (array([0.125, 0.9  ]), array([0.75, 1.  ]))
    """
    member = np.minimum((predicted * BINS).astype(np.int64), BINS - 1)
    held = np.bincount(member, outcomes, BINS)
    kept = held > SHORTEST * outcomes.sum()
    sums = (np.bincount(member, outcomes * each, BINS)[kept] for each in (predicted, observed))
    first, second = (each / held[kept] for each in sums)
    return first, second


def _ordinal(number: int) -> str:
    return ("lowest", "second", "third", "highest")[min(number, 3)]


def _span(records: Sequence[Recorded], number: int) -> str:
    """The thresholds of the seeds, as a legend has them."""
    known = [e["thresholds"][number] for e in records if number < len(e["thresholds"])]
    low, high = f"{min(known):.3g}", f"{max(known):.3g}"
    return f", {low}" if low == high else f", {low} to {high}"


def _histogram(axes: Axes, found: Heads | None) -> None:
    axes.set_title("where returns fell")
    bars = [] if found is None else [(each, found.histogram(each)) for each in MOMENTS]
    known = [(moment, shares) for moment, shares in bars if shares is not None]
    if not known:
        absent(axes, "not recorded")
        return
    looks = zip(known, (STEPS[1], STEPS[3]), ("-", (0, (4.0, 1.2))), strict=False)
    for (moment, shares), shade, dash in looks:
        edges = np.arange(len(shares) + 1) / len(shares)
        axes.stairs(
            shares, edges, color=shade.light, linestyle=dash, linewidth=1.8, label=WORDS[moment]
        )
    level = 1 / len(known[0][1])
    axes.axhline(level, color=QUIET.light, linestyle=":")
    axes.set_ylim(0.0, max(2.0 * level, 1.15 * max(float(each.max()) for _, each in known)))
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
    axes.set_xticks([0.0, 0.5, 1.0], ["0%", "50%", "100%"])
    axes.set_xlabel("predicted to stay at or below it")
    axes.set_ylabel("share of predictions")
