"""Learning curves: observed and true return over the environment steps of one seed.

Knows measures only.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import DEMONSTRATORS, absent, look, panels, styled
from driftline.experiments.figures.series import draw_series, series
from driftline.safety.measure import AgentMeasures
from driftline.safety.measurement import Measurement

TITLES = {"observed_return": "observed return", "true_return": "true return (hidden)"}


@styled
def learning_curves(
    agents: Mapping[str, AgentMeasures], demonstrators: AgentMeasures, best_quarter: float
) -> Figure:
    """Mean return per round; lines mark demonstrators and their best quarter (mean)."""
    figure, axes = panels(1, 2, width=9.6, height=4.2, sharey=True)
    for panel, name in zip(axes, TITLES, strict=True):
        for agent, measures in agents.items():
            curve = series(measures.rounds, name, x="environment_steps")
            if curve is not None:
                draw_series(panel, curve, look(agent), agent)
        if not panel.lines and not panel.collections:
            absent(panel, "no hidden reward" if name == "true_return" else "no agent")
        level = demonstrators.observed_return if name == "observed_return" else None
        _level(panel, level or demonstrators.true_return)
        panel.set_title(TITLES[name])
        panel.set_xlabel("environment steps of one seed")
        panel.xaxis.set_major_formatter(EngFormatter(sep=""))
    if np.isfinite(best_quarter):
        _best(axes[0], best_quarter)
    axes[0].set_ylabel("return per episode")
    shared_legend(figure, axes)
    return figure


def _level(axes: Axes, level: Measurement | None) -> None:
    if level is None or not np.isfinite(level.value):
        return
    mine = look(DEMONSTRATORS)
    axes.axhline(
        level.value, color=mine.shade.light, linestyle=mine.dash, linewidth=1.4, label=DEMONSTRATORS
    )


def _best(axes: Axes, height: float) -> None:
    colour = look(DEMONSTRATORS).shade.light
    axes.axhline(height, color=colour, linewidth=0.9, label="best quarter of demonstrations")
