"""How three estimators of a divergence scatter, and the divergence of the best of n.

Knows the part's plain results.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.figures.look import (
    INK,
    LOOKS,
    PAPER,
    QUIET,
    SPARE,
    Look,
    panels,
    styled,
)
from driftline.experiments.wording import count, number, percent

ESTIMATORS = {
    "k1": ("log ratio l of the\nactions taken (k1)", SPARE[1]),
    "k3": ("exp(−l) − 1 + l\nof each step (k3)", SPARE[2]),
    "rao_blackwell": ("exact divergence of\nthe steps visited\n(Rao-Blackwell)", SPARE[0]),
}
HEIGHT = 0.8
"""Of the tallest bin of each estimator, of the distance between two of them."""


@styled
def draw(result: dict[str, Any]) -> Figure:
    """Estimates of single trajectories around the exact value; best of n on its formula."""
    figure, axes = panels(1, 2, width=9.6, height=3.6)
    _scatter(axes[0], result)
    _best_of(axes[1], result)
    return figure


def _scatter(axes: Axes, result: dict[str, Any]) -> None:
    for place, (name, (_, look)) in enumerate(ESTIMATORS.items()):
        _ridge(axes, float(-place), result["estimators"][name], look)
    axes.axvline(result["exact"], color=INK.light, linewidth=1.0, linestyle="--")
    axes.annotate(
        f"exact: {result['exact']:.3f}", (result["exact"], 1.0), xycoords=("data", "axes fraction"),
        xytext=(4, -2), textcoords="offset points", fontsize=8, va="top",
    )  # fmt: skip
    axes.set_yticks([0.3 - place for place in range(3)], [said for said, _ in ESTIMATORS.values()])
    axes.set_ylim(-2.15, 1.15)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("KL estimated from one trajectory, nats")
    axes.set_title(f"{count(result['trajectories'], 'trajectory', 'trajectories')}, own heights")


def _ridge(axes: Axes, place: float, told: dict[str, Any], look: Look) -> None:
    """A histogram standing on ``place``, with its deviation written at its right end."""
    counts, edges = np.array(told["counts"], np.float64), np.array(told["edges"])
    top = place + HEIGHT * counts / counts.max()
    axes.stairs(top, edges, baseline=place, fill=True, color=look.shade.light, alpha=0.35)
    axes.stairs(top, edges, baseline=place, color=look.shade.light, linewidth=1.0)
    axes.annotate(
        f"sd {told['deviation']:.2f}", (1.0, place + 0.3), xycoords=("axes fraction", "data"),
        ha="right", va="center", fontsize=9, color=INK.light,
    )  # fmt: skip


def _best_of(axes: Axes, result: dict[str, Any]) -> None:
    rows, look = result["best_of"], LOOKS["best of n"]
    most = max(each["n"] for each in rows)
    finer = np.geomspace(1.0, 1.3 * most, 200)
    axes.plot(
        finer, np.log(finer) - (finer - 1) / finer, color=QUIET.light, linewidth=1.4,
        label="log n − (n − 1)/n",
    )  # fmt: skip
    axes.errorbar(
        [each["n"] for each in rows], [each["measured"] for each in rows],
        [2 * each["standard_error"] for each in rows], fmt=look.mark, color=look.shade.light,
        markersize=7, markeredgecolor=PAPER.light, markeredgewidth=0.5,
        label=f"measured on {count(result['best_of_samples'], 'sample')}",
    )  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_xticks([each["n"] for each in rows])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("n, the best of so many returns")
    axes.set_ylabel("KL from one return, nats")
    axes.set_title("best of n")
    axes.legend(loc="upper left")


def caption(result: dict[str, Any]) -> str:
    """Deviations beside each other, biases in their standard errors, best of n off its formula."""
    told = result["estimators"]
    spread = {name: each["deviation"] for name, each in told.items()}
    off = max(abs(each["bias"]) / each["standard_error"] for each in told.values())
    worst = max(result["best_of"], key=lambda each: abs(each["measured"] / each["formula"] - 1))
    return (
        f"On a chain of {result['steps']} steps and {result['actions']} actions two policies are "
        f"exactly {result['exact']:.3f} nats apart. A trajectory's log ratio of the actions taken "
        f"deviates by {number(spread['k1'])} nats, k3 by {number(spread['k3'])}, the exact "
        f"divergence summed over the steps visited by {number(spread['rao_blackwell'])}: "
        f"{percent(spread['rao_blackwell'] / spread['k1'])} of the first, so the same error takes "
        f"{number((spread['k1'] / spread['rao_blackwell']) ** 2)} times fewer trajectories. No "
        f"mean is further off than {number(off)} standard errors; 4 or more would show a bias. "
        "The best of n is measured within "
        f"{percent(abs(worst['measured'] / worst['formula'] - 1))} of log n − (n − 1)/n (n = "
        f"{worst['n']})."
    )
