"""Scores from chance to an expert over the steps that agents had learnt from.

Knows scores, no agent.
"""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from driftline.experiments.control.scores import Scores
from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import DEMONSTRATORS, look, panels, styled
from driftline.experiments.figures.series import Series, draw_series


@styled
def score_curves(scores: Mapping[str, Scores], demonstrated: tuple[float, float]) -> Figure:
    """A curve for each agent; lines mark the demonstrations' mean and their best tenth."""
    figure, (axes,) = panels(1, 1, width=8.2, height=4.4)
    draw_scores(axes, scores, demonstrated)
    axes.set_xlabel("environment steps of one seed")
    axes.set_ylabel("score (0: by chance, 100: an expert)")
    shared_legend(figure, [axes])
    return figure


def draw_scores(
    axes: Axes, scores: Mapping[str, Scores], demonstrated: tuple[float, float]
) -> None:
    """The curves of one arena in a panel, with their intervals and the two lines."""
    for name, each in scores.items():
        draw_series(axes, Series(each.steps, each.mean, each.low, each.high), look(name), name)
    mine = look(DEMONSTRATORS)
    mean, best = demonstrated
    axes.axhline(
        mean, color=mine.shade.light, linestyle=mine.dash, linewidth=1.4, label=DEMONSTRATORS
    )
    axes.axhline(best, color=mine.shade.light, linewidth=0.9, label="their best tenth")
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
