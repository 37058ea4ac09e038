"""One panel for each switch: what the data and the agent show of the behaviour, and the null.

Knows what was found, no run.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.drift.found import Arm, mean_shares
from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import (
    INK,
    STEPS,
    look,
    panels,
    percent_axis,
    round_axis,
    styled,
)
from driftline.experiments.figures.series import draw_series, prevalence_series

COLUMNS = 4


@styled
def draw(arms: Sequence[Arm]) -> Figure:
    """Prevalence of what is played, share of what is fitted, and exact fitting of both."""
    rows = -(-len(arms) // COLUMNS)
    figure, axes = panels(
        rows, COLUMNS, width=9.6, height=0.6 + 1.9 * rows, sharex=True, sharey=True
    )
    for panel, arm in zip(axes, arms, strict=False):
        _panel(panel, arm)
    for spare in axes[len(arms) :]:
        spare.set_axis_off()
    for index, panel in enumerate(axes[: len(arms)]):
        if index % COLUMNS == 0:
            panel.set_ylabel("show it")
        if index + COLUMNS >= len(arms):
            round_axis(panel)
            panel.tick_params(labelbottom=True)
    shared_legend(figure, axes[:1], columns=4)
    return figure


def _panel(axes: Axes, arm: Arm) -> None:
    mine, data = look("ogm-quantile"), STEPS[3].light
    draw_series(axes, prevalence_series(arm.measures.table), mine, "episodes played")
    if arm.shares:
        rounds, fitted = arm.shares[0].rounds, mean_shares(arm.shares)
        axes.plot(rounds, fitted, color=data, linewidth=1.6, label="data fitted to")
    null = np.arange(len(arm.null.data))
    axes.plot(
        null, arm.null.behaviour, "--", color=INK.light, linewidth=1.1,
        label="played, by exact fitting",
    )  # fmt: skip
    axes.plot(null, arm.null.data, ":", color=INK.light, linewidth=1.1, label="data, likewise")
    percent_axis(axes)
    axes.set_title(arm.name)
