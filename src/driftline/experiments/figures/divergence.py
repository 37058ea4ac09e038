"""How far each agent is from the demonstrator model, and from itself a round ago.

Knows measures only.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import absent, look, panels, round_axis, styled
from driftline.experiments.figures.series import draw_series, series
from driftline.safety.measure import AgentMeasures

TITLES = {
    "kl_to_demonstrator": "from the demonstrator model",
    "kl_to_previous": "from its own policy a round ago",
}


@styled
def divergence(agents: Mapping[str, AgentMeasures]) -> Figure:
    """Trajectory KL in nats per round, on a scale that is linear up to 1."""
    figure, axes = panels(1, 2, width=9.6, height=4.0, sharey=True)
    for panel, name in zip(axes, TITLES, strict=True):
        known = [_drawn(panel, agent, each, name) for agent, each in agents.items()]
        if not any(known):
            absent(panel, "not recorded")
        panel.set_title(TITLES[name])
        round_axis(panel)
        panel.set_yscale("symlog", linthresh=1.0)
        panel.set_ylim(bottom=0.0)
        panel.yaxis.set_major_formatter("{x:g}")
    axes[0].set_ylabel("KL of trajectories, nats")
    shared_legend(figure, axes)
    return figure


def _drawn(axes: Axes, agent: str, measures: AgentMeasures, name: str) -> bool:
    curve = series(measures.rounds, name)
    if curve is None or not np.isfinite(curve.mean).any():
        return False
    draw_series(axes, curve, look(agent), agent)
    return True
