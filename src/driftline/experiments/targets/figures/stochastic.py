"""What chance leaves of a tilt: return, what luck was to bring, and the largest density ratio.

Knows the part's plain results.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import LOOKS, PAPER, QUIET, Look, panels, styled
from driftline.experiments.wording import count, number, percent

READINGS = {
    "unattainable": ("tilt as promised, no policy's", LOOKS["promised"]),
    "control": ("KL-regularised optimum", LOOKS["KL fine-tuning"]),
    "per step": ("resampled at each step", LOOKS["tilt, step"]),
    "drawn once": ("return drawn once", LOOKS["tilt"]),
}
QUANTILIZERS = {
    "per step": ("quantilizer, threshold kept", LOOKS["quantile, step"]),
    "drawn once": ("quantilizer, drawn once", LOOKS["quantile"]),
}


SAID = 0.5
"""The caption speaks of the beta nearest to this."""


@styled
def draw(result: dict[str, Any]) -> Figure:
    """Mean return and luck gap over beta; the largest ratio over the one that was promised."""
    figure, axes = panels(1, 3, width=9.6, height=3.9)
    _returns(axes[0], result)
    _gaps(axes[1], result)
    _ratios(axes[2], result)
    for panel in axes[:2]:
        panel.set_xscale("log")
        panel.set_xticks([each["beta"] for each in result["tilts"]], minor=False)
        panel.set_xticks([], minor=True)
        panel.xaxis.set_major_formatter("{x:g}")
        panel.set_xlabel("β, per unit of return")
    shared_legend(figure, axes, columns=4)
    return figure


def _returns(axes: Axes, result: dict[str, Any]) -> None:
    betas = [each["beta"] for each in result["tilts"]]
    for name, (said, look) in READINGS.items():
        _line(axes, betas, [each["readings"][name]["mean"] for each in result["tilts"]], look, said)
    axes.axhline(
        result["demonstrated"], color=LOOKS["demonstrators"].shade.light, linewidth=1.2,
        linestyle=LOOKS["demonstrators"].dash, label="demonstrator",
    )  # fmt: skip
    axes.set_ylabel("mean return")
    axes.set_title(f"what is earned, {count(len(result['worlds']), 'world')}")


def _gaps(axes: Axes, result: dict[str, Any]) -> None:
    betas = [each["beta"] for each in result["tilts"]]
    for name, (_, look) in list(READINGS.items())[1:]:
        _line(axes, betas, [each["luck_gap"][name]["mean"] for each in result["tilts"]], look)
    axes.set_ylim(bottom=0.0)
    axes.set_ylabel("return promised less return attained")
    axes.set_title("what was asked of luck")


def _ratios(axes: Axes, result: dict[str, Any]) -> None:
    promised = [each["readings"]["unattainable"]["ratio"]["median"] for each in result["tilts"]]
    for name, (said, look) in list(READINGS.items())[1:]:
        found = [each["readings"][name]["ratio"] for each in result["tilts"]]
        _spread(axes, promised, found, look, said)
    nominal = [1.0 / each["share"] for each in result["quantilizers"]]
    for name, (said, look) in QUANTILIZERS.items():
        rows = zip(nominal, result["quantilizers"], strict=True)
        found = [{k: v * n for k, v in each["ratio"][name].items()} for n, each in rows]
        _spread(axes, nominal, found, look, said)
    ends = [1.0, max(promised + nominal)]
    axes.plot(ends, ends, ":", color=QUIET.light, linewidth=1.2, zorder=1)
    axes.annotate(
        "dotted: as promised", (0.98, 0.03), xycoords="axes fraction", fontsize=8,
        color=QUIET.light, ha="right",
    )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("largest density ratio promised")
    axes.set_ylabel("largest density ratio")
    axes.set_title("how far it goes, median world")


def _line(axes: Axes, x: Any, y: Any, look: Look, label: str | None = None) -> None:
    axes.plot(
        x, y, color=look.shade.light, linestyle=look.dash, marker=look.mark, markersize=4.5,
        markeredgecolor=PAPER.light, markeredgewidth=0.5, label=label,
    )  # fmt: skip


def _spread(axes: Axes, x: Any, found: list[dict[str, float]], look: Look, label: str) -> None:
    """The median over worlds, with a thin line up to the ninth decile."""
    middle = np.array([each["median"] for each in found])
    high = np.array([each["high"] for each in found])
    axes.vlines(x, middle, high, color=look.shade.light, linewidth=0.9, alpha=0.7)
    _line(axes, x, middle, look, label)


def caption(result: dict[str, Any]) -> str:
    """What was promised and attained at one beta, in which worlds the order holds, and ratios."""
    tilt = min(result["tilts"], key=lambda each: abs(np.log(each["beta"] / SAID)))
    said, gap = tilt["readings"], tilt["luck_gap"]
    lacks = {name: number(each["mean"]) for name, each in gap.items()}
    nats = {name: number(each["kl"]) for name, each in said.items()}
    ratios = {name: number(each["ratio"]["median"]) for name, each in said.items()}
    laws = min(min(list(each["order"].values())[:2]) for each in result["tilts"])
    cut = max(result["quantilizers"], key=lambda each: each["ratio"]["per step"]["median"])
    over, broken = cut["ratio"]["per step"], percent(cut["broken"]["per step"])
    return (
        f"In {count(len(result['worlds']), 'world')} with chance a tilt promises what no policy "
        f"attains: {number(said['unattainable']['mean'])} at β = {tilt['beta']:g}. The luck gap is "
        f"{lacks['control']} for the KL-regularised optimum, {lacks['per step']} for resampling "
        f"the return at each step and {lacks['drawn once']} for drawing it once, which is "
        f"{nats['drawn once']} nats away and has a largest ratio of {ratios['drawn once']} in the "
        f"median world, where the optimum needs {nats['control']} and {ratios['control']} (thin "
        "lines reach the ninth decile). By βE[R] − KL the order promise, optimum, resampling holds "
        f"in {percent(laws)} of the worlds, and fewer would contradict it; drawing once comes last "
        f"in {_last(result)}. A quantilizer that keeps its threshold exceeds 1/q in {broken} of "
        f"the worlds at q = {cut['share']:g}, by {number(over['median'])} times in the median and "
        f"{number(over['greatest'])} at most."
    )


def _last(result: dict[str, Any]) -> str:
    """In what share of worlds drawing once comes last, at each beta."""
    shares = [(each["beta"], each["order"]["per step ≥ drawn once"]) for each in result["tilts"]]
    always = [beta for beta, share in shares if share == 1.0]
    rest = [f"{percent(share)} at β = {beta:g}" for beta, share in shares if share < 1.0]
    whole = [f"all at β = {', '.join(f'{beta:g}' for beta in always)}"] if always else []
    return ", ".join(whole + rest)
