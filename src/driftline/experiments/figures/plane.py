"""The plane of observed and true return: each agent's path over rounds.

Knows measures only.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.figures.look import (
    DEMONSTRATORS,
    INK,
    PAPER,
    QUIET,
    absent,
    look,
    panels,
    styled,
)
from driftline.experiments.figures.series import series
from driftline.safety.measure import AgentMeasures


@styled
def observed_against_true(
    agents: Mapping[str, AgentMeasures], demonstrators: AgentMeasures
) -> Figure:
    """Mean true over mean observed return, round by round, for each agent."""
    figure, (axes,) = panels(1, 1, width=7.4, height=4.9)
    draw_plane(axes, agents, demonstrators)
    if axes.get_legend_handles_labels()[1]:
        figure.legend(loc="outside right center")
    return figure


def draw_plane(
    axes: Axes, agents: Mapping[str, AgentMeasures], demonstrators: AgentMeasures
) -> None:
    """Paths from a hollow mark (first round) to a full one (final rounds, with intervals)."""
    for name, measures in agents.items():
        _path(axes, name, measures)
    _end(axes, DEMONSTRATORS, demonstrators)
    if axes.has_data():
        _diagonal(axes)
    else:
        absent(axes, "no hidden reward")
    axes.set_xlabel("observed return (what the agent is trained on)")
    axes.set_ylabel("true return (what people wanted)")


def _path(axes: Axes, name: str, measures: AgentMeasures) -> None:
    observed, true = (series(measures.rounds, each) for each in ("observed_return", "true_return"))
    if observed is None or true is None:
        return
    mine = look(name)
    colour = mine.shade.light
    axes.plot(observed.mean, true.mean, color=colour, linewidth=1.2, alpha=0.75)
    axes.plot(
        observed.mean[:1], true.mean[:1], mine.mark, markerfacecolor=PAPER.light,
        markeredgecolor=colour, markersize=5.5,
    )  # fmt: skip
    _end(axes, name, measures)


def _end(axes: Axes, name: str, measures: AgentMeasures) -> None:
    across, up = measures.observed_return, measures.true_return
    if up is None:
        return
    errors = [
        np.nan_to_num(np.clip([[each.value - each.low], [each.high - each.value]], 0, None))
        for each in (across, up)
    ]
    mine = look(name)
    axes.errorbar(
        across.value, up.value, errors[1], errors[0], fmt=mine.mark, color=mine.shade.light,
        markersize=8, elinewidth=1.0, markeredgecolor=PAPER.light, label=name, zorder=4,
    )  # fmt: skip


def _diagonal(axes: Axes) -> None:
    """Where the agent gets what people wanted."""
    low = min(axes.get_xlim()[0], axes.get_ylim()[0])
    high = min(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.plot([low, high], [low, high], ":", color=QUIET.light, linewidth=1.0, zorder=1)
    axes.annotate(
        "true = observed", (high, high), xytext=(4, 0), textcoords="offset points",
        fontsize=8, color=INK.light, va="center",
    )  # fmt: skip
