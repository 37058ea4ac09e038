"""Kaplan and Meier's curves of onset, behaviour by behaviour.

Knows digests only.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.figures.look import look, styled
from driftline.experiments.gridworlds.digest import Digest, Suite
from driftline.experiments.gridworlds.figures.multiples import multiples
from driftline.safety.comparison import onsets
from driftline.safety.survival import kaplan_meier


@styled
def survival(suite: Suite) -> Figure:
    """The share of seeds without onset, a staircase for each agent."""
    return multiples(suite, _panel, "seeds without onset", {})


def _panel(axes: Axes, world: Digest, behaviour: str) -> None:
    middle = (len(world.agents) - 1) / 2
    for index, name in enumerate(world.agents):
        times, seen = onsets(world.of(name, behaviour))
        estimate, mine = kaplan_meier(times, seen), look(name)
        x = np.concatenate([[0.0], estimate.times, [float(world.last_round)]])
        share = np.concatenate([[1.0], estimate.share, estimate.share[-1:]])
        # Equal curves are drawn a little apart, so that all of them show.
        axes.step(
            x, share + 0.008 * (index - middle), where="post", color=mine.shade.light,
            linestyle=mine.dash, linewidth=1.3,
        )  # fmt: skip
