"""The phase diagram: demonstration share over quantile, measured boundary and predicted line.

Knows boundaries and prevalences, no run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.drift.cells import Cell
from driftline.experiments.drift.phases import Phase
from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import ALARM, INK, PAPER, QUIET, look, panels, styled
from driftline.experiments.wording import MINUS
from driftline.safety.phase_diagram import Boundary, deviation

_EDGE = 0.04


@styled
def draw(phases: Sequence[Phase]) -> Figure:
    """A panel for each refresh rate."""
    figure, axes = panels(1, len(phases), width=4.9 * len(phases), height=4.6, sharey=True)
    for panel, phase in zip(axes, phases, strict=True):
        _panel(panel, phase)
    axes[0].set_ylabel("share of demonstrations, α")
    shared_legend(figure, axes[:1], columns=3)
    return figure


def _panel(axes: Axes, phase: Phase) -> None:
    line = np.array([0.0, 1.0])
    axes.plot(line, 1.0 - line, color=INK.light, linewidth=1.3, label="predicted, α = 1 − q")
    axes.plot(
        phase.levels, phase.exact, color=INK.light, linestyle="--", linewidth=1.0,
        label="exact fitting, as many rounds",
    )  # fmt: skip
    _cells(axes, phase.prevalence)
    _boundaries(axes, phase.boundaries)
    axes.set_xlim(-_EDGE, 1 + _EDGE)
    axes.set_ylim(-_EDGE, 1 + _EDGE)
    axes.set_xlabel("share of the best returns that is asked for, q")
    axes.set_title(f"a share ρ = {phase.rho:g} of own episodes is new each round\n")
    axes.text(0.0, 1.02, _told(phase), transform=axes.transAxes, fontsize=8, va="bottom")


def _cells(axes: Axes, prevalence: Mapping[Cell, float]) -> None:
    """Filled as far as the behaviour is shown in the final rounds."""
    for index, (cell, share) in enumerate(sorted(prevalence.items())):
        axes.scatter(
            cell.q, cell.alpha, s=44, marker="o", facecolor=(*_rgb(ALARM.light), share),
            edgecolor=QUIET.light, linewidth=0.7, zorder=3,
            label="shown in the last rounds (the fuller, the more)" if index == 0 else None,
        )  # fmt: skip


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))


def _boundaries(axes: Axes, found: Sequence[Boundary]) -> None:
    """Where the measured behaviour dies out; those beyond the cells are arrows at the edge."""
    mine = look("ogm-quantile")
    inside = [each for each in found if np.isfinite(each.alpha)]
    if inside:
        middle = np.array([each.alpha for each in inside])
        low = np.array([max(each.low, 0.0) for each in inside])
        high = np.array([min(each.high, 1.0) for each in inside])
        axes.errorbar(
            [each.q for each in inside], middle,
            np.clip(np.stack([middle - low, high - middle]), 0.0, None),
            color=mine.shade.light, marker=mine.mark, markersize=6, linewidth=1.4,
            markeredgecolor=PAPER.light, capsize=3, zorder=4, label="measured boundary",
        )  # fmt: skip
    for each in found:
        if np.isinf(each.alpha):
            above = each.alpha > 0
            mark, at = ("^", 1 + _EDGE / 2) if above else ("v", -_EDGE / 2)
            axes.plot(each.q, at, mark, color=mine.shade.light, clip_on=False, zorder=4)


def _told(phase: Phase) -> str:
    told = deviation(phase.boundaries)
    if not told.found:
        return "no boundary between the shares that were tried"
    mean = f"{told.mean:+.3f}".replace("-", MINUS)
    return (
        f"measured − predicted: {mean} on average, {told.size:.3f} in size "
        f"({told.found} of {told.sought} boundaries)"
    )
