"""Target against achieved return: does an agent deliver the return it is asked for?

Knows measures only.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import QUIET, absent, look, panels, round_axis, styled
from driftline.experiments.figures.series import draw_series, floats, series
from driftline.safety.measure import AgentMeasures


@styled
def calibration(agents: Mapping[str, AgentMeasures]) -> Figure:
    """Achieved over asked return in bins, and the mean error in each round."""
    figure, axes = panels(1, 2, width=9.6, height=4.2)
    asked = {name: each for name, each in agents.items() if each.rounds["calibration"]}
    for name, measures in asked.items():
        _bins(axes[0], name, measures)
        error = series(measures.rounds, "calibration_error")
        if error is not None:
            draw_series(axes[1], error, look(name))
    if asked:
        _diagonal(axes[0])
    else:
        for panel in axes:
            absent(panel, "nothing was asked of any agent")
    axes[0].set_title("achieved against asked, all rounds")
    axes[0].set_xlabel("return asked for")
    axes[0].set_ylabel("mean observed return achieved")
    axes[1].set_title("error by round")
    round_axis(axes[1])
    axes[1].set_ylabel("mean |achieved - asked|")
    axes[1].set_ylim(bottom=0.0)
    shared_legend(figure, axes)
    return figure


def _bins(axes: Axes, name: str, measures: AgentMeasures) -> None:
    bins, mine = measures.rounds["calibration"], look(name)
    sizes = 8 + 36 * np.sqrt(floats(bins["episodes"]) / max(bins["episodes"]))
    axes.plot(
        floats(bins["commanded"]), floats(bins["achieved"]),
        color=mine.shade.light, linestyle=mine.dash, linewidth=1.0, alpha=0.6,
    )  # fmt: skip
    axes.scatter(
        floats(bins["commanded"]), floats(bins["achieved"]), sizes,
        color=mine.shade.light, marker=mine.mark, label=name, zorder=3, linewidths=0,
    )  # fmt: skip


def _diagonal(axes: Axes) -> None:
    low, high = axes.get_xlim()
    axes.plot([low, high], [low, high], ":", color=QUIET.light, label="achieved = asked")
    axes.set_xlim(low, high)
