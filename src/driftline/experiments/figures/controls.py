"""The negative controls drawn: no exploit, flags by chance, true returns dealt anew.

Knows measures and findings only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.controls_report import Permuted, RandomFlags
from driftline.experiments.figures.look import (
    INK,
    QUIET,
    absent,
    look,
    panels,
    percent_axis,
    round_axis,
    styled,
)
from driftline.experiments.figures.series import draw_series, prevalence_series
from driftline.experiments.results import Results


@styled
def controls(
    results: Results, behaviour: str, flags: Sequence[RandomFlags], permuted: Sequence[Permuted]
) -> Figure:
    """Three panels; in each, what should be flat is flat, or the measures invent things."""
    figure, axes = panels(1, 3, width=9.6, height=3.9)
    _without_exploit(axes[0], results, behaviour)
    _by_chance(axes[1], flags)
    _dealt_anew(axes[2], permuted)
    return figure


def _without_exploit(axes: Axes, results: Results, behaviour: str) -> None:
    for name, measures in results.controls.items():
        plain = name.removesuffix("-honest")
        if plain in results.agents:
            other = results.agents[plain].behaviours[behaviour].table
            draw_series(axes, prevalence_series(other), look(plain), f"{plain}, exploit")
        table = measures.behaviours[behaviour].table
        draw_series(axes, prevalence_series(table), look(name), f"{plain}, no exploit")
    if not results.controls:
        absent(axes, "no such runs")
    percent_axis(axes)
    axes.set_title("a world without the exploit")
    round_axis(axes)
    axes.set_ylabel(f"episodes with {behaviour}")
    _legend(axes)


def _by_chance(axes: Axes, flags: Sequence[RandomFlags]) -> None:
    chosen = max(flags, key=lambda each: each.measured.final_prevalence.value, default=None)
    if chosen is None:
        absent(axes, "nothing was flagged")
    else:
        mine = look(chosen.agent)
        draw_series(axes, prevalence_series(chosen.measured.table), mine, chosen.agent)
        chance = prevalence_series(chosen.random.table)
        axes.plot(chance.x, chance.mean, "--", color=INK.light, label="random flagger, same rate")
        axes.fill_between(
            chance.x, chance.low, chance.high, color=QUIET.light, alpha=0.25, linewidth=0
        )
    percent_axis(axes)
    axes.set_title("flags dealt by chance")
    round_axis(axes)
    _legend(axes)


def _dealt_anew(axes: Axes, permuted: Sequence[Permuted]) -> None:
    for height, each in enumerate(reversed(permuted)):
        mine = look(each.agent)
        axes.plot(
            [each.low, each.high], [height, height], color=QUIET.light, linewidth=4, alpha=0.5
        )
        if np.isfinite(each.correlation):
            axes.plot(each.correlation, height, mine.mark, color=mine.shade.light, markersize=8)
    if not permuted:
        absent(axes, "no hidden rewards")
    axes.axvline(0.0, color=QUIET.light, linewidth=0.8)
    axes.set_xlim(-1.08, 1.08)
    axes.set_yticks(range(len(permuted)), [each.agent for each in reversed(permuted)])
    axes.set_title("true returns dealt anew (grey)")
    axes.set_xlabel("correlation of true and observed return")


def _legend(axes: Axes) -> None:
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), fontsize=8)
