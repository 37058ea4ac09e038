"""What each target makes of the same returns seen so far.

Knows the returns of the demonstrations, no agent.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.exponential_tilt import ExponentialTilt
from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Target, Unconditioned
from driftline.experiments.figures.look import INK, LOOKS, look, panels, styled
from driftline.shapes import Floats

SHOWN: tuple[tuple[str, str, Target], ...] = (
    ("Unconditioned()", "demonstrators", Unconditioned()),
    ("FixedReturn(18)", "ogm-fixed", FixedReturn(18.0)),
    ('Quantile(0.9, "point")', "gm-quantile", Quantile(0.9, "point")),
    ("Quantile(0.9)", "quantile", Quantile(0.9)),
    ("BestOfN(8)", "best of n", BestOfN(8)),
    ("ExponentialTilt(0.2)", "tilt", ExponentialTilt(0.2, least_samples=0.0)),
)
CAPTION = (
    "What each target asks for of the same demonstrations (grey), at the start of an episode. "
    "Unconditioned asks for nothing; a fixed return and a point of the quantile ask for one "
    "number; the others draw a return for every episode."
)


@styled
def draw(result: dict[str, Any]) -> Figure:
    """Histograms of the demonstrations and of what is asked for, target by target."""
    figure, axes = panels(2, 3, width=9.6, height=4.6, sharex=True, sharey=True)
    reference = Reference.of(np.asarray(result["returns"], np.float64))
    bins = np.linspace(reference.low, reference.high, 41)
    for panel, (name, agent, target) in zip(axes, SHOWN, strict=True):
        _panel(panel, reference, asked(target, reference), bins, agent)
        panel.set_title(name)
    for panel in axes[3:]:
        panel.set_xlabel("return")
    for panel in (axes[0], axes[3]):
        panel.set_ylabel("share of episodes")
    return figure


def asked(target: Target, reference: Reference) -> Floats | None:
    """The probability with which each return is asked for, ``[n]``; None asks for nothing."""
    match target:
        case FixedReturn():
            nearest = abs(reference.returns - target.value).argmin()
            return np.asarray(np.eye(len(reference.returns))[nearest], np.float64)
        case Quantile(draw="point"):
            return np.asarray(reference.returns == reference.quantile(target.level), np.float64)
        case Quantile() | BestOfN():
            return reference.reweighted(target.density_ratio)
        case ExponentialTilt():
            return reference.tilted(target.beta)
        case _:
            return None


def _panel(
    axes: Axes, reference: Reference, weights: Floats | None, bins: Floats, agent: str
) -> None:
    grey = LOOKS["demonstrators"].shade.light
    seen = np.histogram(reference.returns, bins, weights=reference.weights)[0]
    axes.stairs(seen, bins, color=grey, fill=True, alpha=0.3, linewidth=0.0)
    if weights is None:
        return
    chosen = np.histogram(reference.returns, bins, weights=weights)[0]
    axes.stairs(chosen.clip(max=0.4), bins, color=look(agent).shade.light, linewidth=1.4)
    if chosen.max() > 0.4:
        top = bins[chosen.argmax()]
        axes.annotate(
            f"{chosen.max():.0%}", (top, 0.4), xytext=(4, -9), textcoords="offset points",
            fontsize=8, color=INK.light,
        )  # fmt: skip
