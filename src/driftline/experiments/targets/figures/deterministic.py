"""One frontier with every way to it, and how far the ways are apart.

Knows the part's plain results.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.figures.look import (
    ALARM,
    INK,
    LOOKS,
    QUIET,
    SPARE,
    Look,
    panels,
    styled,
)
from driftline.experiments.wording import count, number
from driftline.shapes import Floats

SAME = 1e-9
"""Total variation below which two distributions count as one."""
LEAST = 1e-17
"""What is drawn of a distance of 0 on a logarithmic axis."""
SHOWN = 100
"""Marks in a strip."""
WAYS = {
    "per step": ("return resampled at each step", LOOKS["tilt, step"]),
    "factorised": ("action weights E[exp βR | h, a]", LOOKS["tilt, factorised"]),
    "control": ("KL-regularised optimum", LOOKS["KL fine-tuning"]),
    "drawn once": ("return drawn once", LOOKS["tilt"]),
    "agent": ("the agent as it acts", SPARE[0]),
}
QUANTILIZERS = {
    "factorised": ("threshold kept, action weights", LOOKS["quantile, step"]),
    "drawn once": ("return drawn once from the tail", LOOKS["quantile"]),
    "agent": ("the agent as it acts", SPARE[0]),
}
RINGS = {
    "per step": ("o", 13.0, 1.3),
    "factorised": ("s", 9.0, 1.3),
    "control": ("D", 5.6, 1.3),
    "drawn once": ("o", 2.6, 0.0),
    "agent": ("+", 17.0, 1.0),
}
"""Mark, size and width of the line: concentric, so that all five can be seen at one place."""


@styled
def draw(result: dict[str, Any]) -> Figure:
    """The Gibbs frontier of one world with every mark on it; total variation over all worlds."""
    figure, axes = panels(1, 2, width=9.6, height=3.8)
    _frontier(axes[0], result)
    _strips(axes[1], result)
    return figure


def _frontier(axes: Axes, result: dict[str, Any]) -> None:
    told = result["frontier"]
    curve = told["curve"]
    axes.plot(
        curve["kl"], curve["mean"], color=QUIET.light, linewidth=1.2, zorder=1,
        label="tilt of the trajectories, every β",
    )  # fmt: skip
    for name, (said, look) in WAYS.items():
        mine = [each for each in told["marks"] if each["method"] == name]
        if mine:
            mark, size, edge = RINGS[name]
            axes.plot(
                [each["kl"] for each in mine], [each["mean"] for each in mine], mark,
                markersize=size, markeredgewidth=edge, markeredgecolor=look.shade.light,
                markerfacecolor=look.shade.light if edge == 0 else "none", label=said,
            )  # fmt: skip
    for each in told["marks"]:
        if each["method"] == "control":
            axes.annotate(
                f"{each['beta']:g}", (each["kl"], each["mean"]), xytext=(10, -11),
                textcoords="offset points", fontsize=8,
            )  # fmt: skip
    size = result["worlds"][told["world"]]
    axes.set_title(f"one world, {size['trajectories']} trajectories; numbers are β")
    axes.set_xlabel("KL from the demonstrator, nats")
    axes.set_ylabel("mean return")
    axes.legend(loc="lower right", fontsize=8)


def _strips(axes: Axes, result: dict[str, Any]) -> None:
    rows = [
        (f"{kind}: {said}", look, _distances(result[f"{kind}s"], name))
        for kind, ways in (("tilt", WAYS), ("quantilizer", QUANTILIZERS))
        for name, (said, look) in ways.items()
    ]
    for place, (_, look, distances) in enumerate(rows):
        _strip(axes, -place, look, distances)
    axes.axvline(SAME, color=ALARM.light, linewidth=1.0, linestyle="--")
    axes.annotate(
        "one distribution\nbelow 1e-9", (SAME, -1.0), xytext=(5, 0), textcoords="offset points",
        fontsize=8, color=ALARM.light, va="center",
    )  # fmt: skip
    axes.set_yticks([-place for place in range(len(rows))], [said for said, _, _ in rows])
    axes.set_xscale("log")
    axes.set_xlim(LEAST / 2, 1.0)
    axes.set_xlabel("total variation from the reweighted trajectories")
    axes.set_title(f"{count(len(result['worlds']), 'world')}, every strength")


def _distances(rows: list[dict[str, Any]], name: str) -> Floats:
    return np.array([each["distances"][name] for each in rows if name in each["distances"]])


def _strip(axes: Axes, place: int, look: Look, distances: Floats) -> None:
    """Up to `SHOWN` distances evenly among all, the ends with them, spread across the strip."""
    if len(distances) == 0:
        return
    shares = np.linspace(0.0, 1.0, min(SHOWN, len(distances)))
    shown = np.maximum(np.quantile(distances, shares, method="nearest"), LEAST)
    across = place + 0.28 * np.sin(2.4 * np.arange(len(shown)))
    axes.plot(
        shown, across, "o", color=look.shade.light, markersize=2.2, alpha=0.45, markeredgewidth=0
    )
    axes.plot(shown[-1], place, "|", color=INK.light, markersize=9)


def caption(result: dict[str, Any]) -> str:
    """The largest distance of all, and what the quantilizer's nominal numbers are worth."""
    tilts, cuts = result["tilts"], result["quantilizers"]
    largest = max(max(each["distances"].values()) for each in tilts)
    cut = max(max(each["distances"].values()) for each in cuts)
    ratio = max(each["factorised"]["ratio"] for each in cuts)
    low = min(each["factorised"]["kl"] / each["nominal"]["kl"] for each in cuts)
    tied = max(abs(each["tie_broken"]["kl"] - each["nominal"]["kl"]) for each in cuts)
    return (
        f"In {count(len(result['worlds']), 'random world')} without chance, resampling the return "
        "at each step, weighing actions by E[exp βR | h, a], the KL-regularised optimum, a return "
        "drawn once and the agent's own policy are one distribution over trajectories: the "
        f"largest total variation from p0(τ) exp(βR)/Z is {number_of(largest)}, for the "
        f"quantilizer {number_of(cut)}. A mark off the curve or right of the line would "
        f"contradict it. The quantilizer's largest density ratio is {number(ratio)} times 1/q; its "
        f"KL is {number(low)} to 1 times log 1/q because q cuts ties among returns, and log 1/q to "
        f"{number_of(tied)} nats once ties are broken."
    )


def number_of(tiny: float) -> str:
    """A number near rounding in powers of ten.

    >>> number_of(7.96e-15), number_of(0.0)
    ('8e-15', '0')
    """
    return f"{tiny:.0e}".replace("e-0", "e-") if tiny else "0"
