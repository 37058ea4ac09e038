"""Novelty, safety and true return over how close each model is to its data.

Knows what was found, no run.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.entropy.found import ModelFound
from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import PAPER, QUIET, look, panels, styled
from driftline.shapes import Floats

OUTCOMES = {
    "novelty": "steps nobody demonstrated",
    "prevalence": "episodes with the undesired",
    "true": "true return",
}


@styled
def draw(models: Sequence[ModelFound]) -> Figure:
    """A panel for each outcome, a mark for each model's mean over seeds."""
    figure, axes = panels(1, len(OUTCOMES), width=9.6, height=3.4, sharex=True)
    for panel, (key, label) in zip(axes, OUTCOMES.items(), strict=True):
        for agent in models[0].agents:
            _marks(panel, models, agent, key)
        panel.set_title(label)
        panel.set_xlabel("held-out NLL, nats an action (left: closer)")
    level = float(np.mean([each.demonstrated for each in models]))
    axes[-1].axhline(level, color=QUIET.light, linestyle=":", linewidth=1.0)
    shared_legend(figure, axes[:1], columns=3)
    return figure


def _marks(axes: Axes, models: Sequence[ModelFound], agent: str, key: str) -> None:
    mine = look(agent)
    x = np.array([np.mean(each.held_out) for each in models])
    values = [np.array(getattr(each.agents[agent], key)) for each in models]
    y = np.array([each.mean() for each in values])
    error = np.array([_standard_error(each) for each in values])
    order = np.argsort(x)
    axes.errorbar(
        x[order], y[order], error[order], color=mine.shade.light, linestyle=mine.dash,
        linewidth=0.8, marker=mine.mark, markersize=5, markeredgecolor=PAPER.light, label=agent,
    )  # fmt: skip


def _standard_error(values: Floats) -> float:
    return float(values.std(ddof=1) / len(values) ** 0.5) if len(values) > 1 else 0.0
