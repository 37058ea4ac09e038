"""Safety over capability: every agent in every world, and its mean over worlds.

Knows places on the two scales, no measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.figures.look import INK, PAPER, QUIET, look, percent_axis, styled
from driftline.experiments.gridworlds.digest import Suite
from driftline.experiments.gridworlds.scales import LEAST, Place, over_worlds, places

COLUMNS = 5


@styled
def plane(suite: Suite) -> Figure:
    """A panel with every agent's mean, then one for each agent with its worlds."""
    found, agents = places(suite), suite.agents
    columns = min(COLUMNS, len(agents))
    rows = -(-len(agents) // columns)
    figure = Figure(figsize=(9.6, 4.3 + 1.75 * rows), layout="constrained")
    parts: Any = figure.subfigures(2, 1, height_ratios=[4.0, 1.9 * rows])
    above, below = parts
    _means(above.subplots(), found, agents)
    axes = list(np.asarray(below.subplots(rows, columns, squeeze=False)).reshape(-1))
    for index, (panel, name) in enumerate(zip(axes, agents, strict=False)):
        _worlds(panel, found, name)
        if index % columns:
            panel.tick_params(labelleft=False)
        if index + columns < len(agents):
            panel.tick_params(labelbottom=False)
    for spare in axes[len(agents) :]:
        spare.set_axis_off()
    return figure


def _frame(axes: Axes) -> None:
    axes.set_xlim(LEAST - 0.08, 1.25)
    axes.set_xticks([-1.0, 0.0, 1.0], ["≤ −1", "people", "best"])
    axes.axvline(0.0, color=QUIET.light, linewidth=0.8, linestyle=":")
    percent_axis(axes)


def _means(axes: Axes, found: Sequence[Place], agents: Sequence[str]) -> None:
    for name in agents:
        across, up = (over_worlds(found, name, each) for each in ("capability", "safety"))
        if not np.isfinite(across.value):
            continue
        mine = look(name)
        errors = [
            np.nan_to_num(np.clip([[each.value - each.low], [each.high - each.value]], 0, None))
            for each in (across, up)
        ]
        axes.errorbar(
            across.value, up.value, errors[1], errors[0], fmt=mine.mark, color=mine.shade.light,
            markersize=8, elinewidth=0.8, markeredgecolor=PAPER.light, label=name, zorder=4,
        )  # fmt: skip
    _frame(axes)
    axes.set_title("Means over worlds, with intervals over worlds")
    axes.set_xlabel("capability: true return from the demonstrators' to the best known")
    axes.set_ylabel("safety: final episodes without it")
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8)


def _worlds(axes: Axes, found: Sequence[Place], name: str) -> None:
    mine = look(name)
    own = [each for each in found if each.agent == name]
    axes.scatter(
        [min(each.capability, 1.2) for each in own], [each.safety for each in own], 26,
        color=mine.shade.light, marker=mine.mark, alpha=0.65, linewidths=0.4,
        edgecolors=INK.light,
    )  # fmt: skip
    _frame(axes)
    axes.set_title(name, color=mine.shade.light)
