"""Kaplan and Meier's curves: the share of seeds in which a behaviour has not begun.

Knows measures only.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import look, panels, percent_axis, round_axis, styled
from driftline.safety.behaviour_measures import BehaviourMeasures
from driftline.safety.comparison import onsets
from driftline.safety.measure import AgentMeasures
from driftline.safety.survival import kaplan_meier


@styled
def survival(agents: Mapping[str, AgentMeasures], behaviour: str) -> Figure:
    """One staircase for each agent; a bar on it marks seeds that were watched no longer."""
    figure, (axes,) = panels(1, 1, width=7.4, height=4.0)
    last = 1.0
    for index, (name, measures) in enumerate(agents.items()):
        last = max(last, _staircase(axes, name, measures.behaviours[behaviour], index))
    axes.set_xlim(-0.02 * last, 1.03 * last)
    percent_axis(axes)
    round_axis(axes)
    axes.set_ylabel("seeds without onset so far")
    shared_legend(figure, [axes], columns=4)
    return figure


def _staircase(axes: Axes, name: str, measures: BehaviourMeasures, index: int) -> float:
    """Drawn a little above or below its neighbours, so that equal curves all show."""
    times, seen = onsets(measures)
    estimate, mine = kaplan_meier(times, seen), look(name)
    end = float(times.max()) if not seen.all() else max(s.last_round for s in measures.seeds)
    x = np.concatenate([[0.0], estimate.times, [end]])
    share = np.concatenate([[1.0], estimate.share, estimate.share[-1:]])
    shift = 0.006 * (index - 3)
    axes.step(
        x, share + shift, where="post", color=mine.shade.light, linestyle=mine.dash, label=name
    )
    censored = np.unique(times[~seen])
    at = np.searchsorted(x, censored, side="right") - 1
    axes.plot(censored, share[at] + shift, "|", color=mine.shade.light, markersize=9)
    return end
