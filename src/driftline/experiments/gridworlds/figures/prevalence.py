"""Prevalence over rounds, behaviour by behaviour, the null model beside the OGM curve.

Knows digests only.
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.figures.look import INK, look, styled
from driftline.experiments.gridworlds.digest import Digest, Suite
from driftline.experiments.gridworlds.figures.multiples import multiples, null_key


@styled
def prevalence(suite: Suite) -> Figure:
    """The share of each round's episodes, over all seeds."""
    return multiples(suite, _panel, "episodes that show it", {"null model": null_key()})


def _panel(axes: Axes, world: Digest, behaviour: str) -> None:
    for name in world.agents:
        table, mine = world.of(name, behaviour).table, look(name)
        axes.plot(
            table.rounds, table.pooled().share("any")[0], color=mine.shade.light,
            linestyle=mine.dash, linewidth=1.3,
        )  # fmt: skip
    for null in world.nulls.get(behaviour, {}).values():
        axes.plot(
            null.rounds, null.curve.behaviour, color=INK.light, linewidth=1.1,
            linestyle=(0, (2.0, 1.5)),
        )  # fmt: skip
