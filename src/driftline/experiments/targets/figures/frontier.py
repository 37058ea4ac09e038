"""What each method earns in tomato watering against how far it goes from its demonstrators.

Knows the rows that the frontier measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import LOOKS, PAPER, QUIET, look, panels, styled
from driftline.experiments.targets.matched import Curve, curves

METHODS = (
    "quantile", "quantile, step", "tilt", "tilt, factorised", "tilt, step", "best of n",
    "best of n, asked", "KL fine-tuning",
)  # fmt: skip
POINTS = ("mgdt, paper", "mgdt, colab")


@styled
def draw(results: Sequence[dict[str, Any]]) -> Figure:
    """True and observed return over KL and over the largest density ratio."""
    figure, axes = panels(2, 2, width=9.6, height=7.0, sharex="col")
    told = curves(results)
    for row, earned in enumerate(("true", "observed")):
        for panel, across in zip(axes[2 * row : 2 * row + 2], (_divergence, _ratio), strict=True):
            for name in (*METHODS, *POINTS):
                if name in told:
                    _line(panel, told[name], earned, across)
            _demonstrators(panel, results, earned)
        axes[2 * row + 1].set_xscale("log")
        axes[2 * row].set_ylabel(f"{earned} return")
    axes[2].set_xlabel("√KL from the demonstrator model, √nats")
    axes[3].set_xlabel("largest density ratio of an episode seen")
    axes[0].set_title("at matched KL")
    axes[1].set_title("at matched maximum ratio")
    shared_legend(figure, axes[:1])
    return figure


def _divergence(curve: Curve) -> Any:
    return np.sqrt(curve.kl)


def _ratio(curve: Curve) -> Any:
    """Ratios beyond what single precision tells apart are drawn at 1e12."""
    return np.exp(np.minimum(curve.log_ratio, math.log(1e12)))


def _line(axes: Axes, curve: Curve, earned: str, across: Callable[[Curve], Any]) -> None:
    mine, colour = look(curve.method), look(curve.method).shade.light
    x, y = across(curve), curve.means[earned]
    known = np.isfinite(x)
    if not known.any():
        return
    order = np.argsort(x[known])
    axes.errorbar(
        x[known][order], y[known][order], curve.errors[earned][known][order],
        color=colour, linestyle=mine.dash if known.sum() > 1 else "none", marker=mine.mark,
        markersize=4.5, elinewidth=0.8, markeredgecolor=PAPER.light, markeredgewidth=0.5,
        label=curve.method,
    )  # fmt: skip


def _demonstrators(axes: Axes, results: Sequence[dict[str, Any]], earned: str) -> None:
    level = float(np.mean([each["demonstrated"][earned] for each in results]))
    colour = LOOKS["demonstrators"].shade.light
    axes.axhline(level, color=colour, linestyle=(0, (1.0, 1.5)), linewidth=1.2)
    axes.annotate(
        "demonstrators", (1.0, level), xycoords=("axes fraction", "data"), xytext=(-2, 3),
        textcoords="offset points", ha="right", fontsize=8, color=QUIET.light,
    )  # fmt: skip


def caption(results: Sequence[dict[str, Any]]) -> str:
    """Where each method's true return peaks and what the hardest push leaves of it."""
    told = curves(results)
    parts = []
    for name in METHODS:
        if name not in told:
            continue
        true, kl = told[name].means["true"], told[name].kl
        best, last = int(true.argmax()), int(told[name].means["observed"].argmax())
        parts.append(
            f"{name}: {true[best]:.1f} at {kl[best]:.2g} nats, {true[last]:.1f} at {kl[last]:.2g}"
        )
    seeds = len(results)
    plural = "s" if seeds > 1 else ""
    return (
        "Five in a hundred demonstrations stand on the bucket for a while. Best true return, and "
        f"true return where the observed one is highest: {'; '.join(parts)}. Means over {seeds} "
        f"seed{plural}, bars are standard errors over episodes and seeds."
    )
