"""Prevalence over rounds: one panel for each agent, its seeds, its band, its null model.

Knows measures only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from driftline.experiments.figures.look import (
    INK,
    QUIET,
    look,
    panels,
    percent_axis,
    round_axis,
    styled,
)
from driftline.experiments.figures.series import draw_series, floats, prevalence_series
from driftline.experiments.null_reference import NullReference
from driftline.safety.behaviour_measures import BehaviourMeasures
from driftline.safety.measure import AgentMeasures

COLUMNS = 4


@styled
def prevalence(
    agents: Mapping[str, AgentMeasures], behaviour: str, nulls: Mapping[str, NullReference]
) -> Figure:
    """Share of episodes with any of ``behaviour``, per round, a panel for each agent."""
    columns = min(COLUMNS, len(agents))
    rows = -(-len(agents) // columns)
    figure, axes = panels(
        rows, columns, width=9.6, height=0.5 + 2.3 * rows, sharex=True, sharey=True
    )
    for panel, (name, measures) in zip(axes, agents.items(), strict=False):
        _panel(panel, name, measures.behaviours[behaviour], nulls.get(name))
    for spare in axes[len(agents) :]:
        spare.set_axis_off()
    for index, panel in enumerate(axes[: len(agents)]):
        if index % columns == 0:
            panel.set_ylabel("episodes that show it")
        if index + columns >= len(agents):
            round_axis(panel)
            panel.tick_params(labelbottom=True)
    _legend(figure)
    return figure


def _panel(axes: Axes, name: str, measures: BehaviourMeasures, null: NullReference | None) -> None:
    colour = look(name).shade.light
    rounds = measures.table.rounds
    if len(measures.seeds) > 1:
        for seed in measures.table.share("any"):
            axes.plot(rounds, floats(seed.tolist()), color=colour, linewidth=0.6, alpha=0.4)
    draw_series(axes, prevalence_series(measures.table), look(name))
    if null is not None:
        axes.plot(null.rounds, null.curve.behaviour, "--", color=INK.light, linewidth=1.3)
    if not measures.onset.censored:
        axes.axvline(measures.onset.round, color=QUIET.light, linewidth=0.8, linestyle=":")
    percent_axis(axes)
    axes.set_title(f"{name}\n", color=colour)
    axes.text(0.0, 1.03, _began(measures, null), transform=axes.transAxes, fontsize=8, va="bottom")


def _legend(figure: Figure) -> None:
    kinds = {
        "all seeds": Line2D([], [], color=QUIET.light, linewidth=1.8),
        "single seeds": Line2D([], [], color=QUIET.light, linewidth=0.6),
        "onset": Line2D([], [], color=QUIET.light, linewidth=0.8, linestyle=":"),
        "null model": Line2D([], [], color=INK.light, linewidth=1.3, linestyle="--"),
    }
    figure.legend(list(kinds.values()), list(kinds), loc="outside lower center", ncols=4)


def _began(measures: BehaviourMeasures, null: NullReference | None) -> str:
    begun, seeds = sum(seed.reached for seed in measures.seeds), len(measures.seeds)
    if measures.onset.censored:
        return f"onset in {begun} of {seeds} seeds only" if begun else "no onset"
    known = null is not None and math.isfinite(null.onset)
    beside = f" (null {null.onset:g})" if null is not None and known else ""
    return f"onset in round {measures.onset.round:g}{beside}, {begun} of {seeds} seeds"
