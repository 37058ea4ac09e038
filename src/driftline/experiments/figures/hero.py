"""The one picture of a study: what appeared when, and what it cost.

Knows measures only.
"""

from __future__ import annotations

from matplotlib.figure import Figure

from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import look, panels, percent_axis, round_axis, styled
from driftline.experiments.figures.plane import draw_plane
from driftline.experiments.figures.series import draw_series, prevalence_series
from driftline.experiments.results import Results
from driftline.experiments.told import told


@styled
def hero(results: Results, behaviour: str | None = None) -> Figure:
    """Prevalence of a behaviour by round (the first undesired one); true over observed return."""
    behaviour = behaviour or told(results).behaviours[0]
    figure, axes = panels(1, 2, width=11.0, height=4.6, width_ratios=[1.0, 1.0])
    for name, measures in results.agents.items():
        curve = prevalence_series(measures.behaviours[behaviour].table)
        draw_series(axes[0], curve, look(name), name)
    percent_axis(axes[0])
    axes[0].set_title(f"Episodes that show {behaviour}")
    round_axis(axes[0])
    draw_plane(axes[1], results.agents, results.demonstrators)
    axes[1].set_title("From first round (hollow) to last: what it earns, what it is worth")
    shared_legend(figure, axes, columns=8)
    return figure
