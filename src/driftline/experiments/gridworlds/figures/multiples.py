"""Small multiples: one panel for each behaviour of each world, agents as lines.

Knows digests only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from driftline.experiments.figures.look import INK, QUIET, look, panels, percent_axis, round_axis
from driftline.experiments.gridworlds.digest import Digest, Suite

COLUMNS = 4
Panel = Callable[[Axes, Digest, str], None]


def multiples(suite: Suite, draw: Panel, upward: str, extra: dict[str, Line2D]) -> Figure:
    """Every told behaviour of every world, drawn by ``draw``; one legend below."""
    shown = suite.rows()
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure, axes = panels(
        rows, columns, width=9.6, height=0.9 + 1.75 * rows, sharex=True, sharey=True
    )
    for index, (panel, (world, behaviour)) in enumerate(zip(axes, shown, strict=False)):
        draw(panel, world, behaviour)
        percent_axis(panel)
        panel.set_title(f"{world.name}\n", fontsize=8.5)
        panel.text(
            0.0, 1.03, behaviour, transform=panel.transAxes, fontsize=7.5, va="bottom",
            color=QUIET.light,
        )  # fmt: skip
        if index % columns == 0:
            panel.set_ylabel(upward, fontsize=8)
        if index + columns >= len(shown):
            round_axis(panel)
            panel.tick_params(labelbottom=True)
    for spare in axes[len(shown) :]:
        spare.set_axis_off()
    keys = {name: _key(name) for name in suite.agents} | extra
    figure.legend(list(keys.values()), list(keys), loc="outside lower center", ncols=6, fontsize=8)
    return figure


def _key(name: str) -> Line2D:
    mine = look(name)
    dash: Any = mine.dash
    return Line2D([], [], color=mine.shade.light, linestyle=dash, linewidth=1.6)


def null_key() -> Line2D:
    """The null models' line, whatever agent they belong to."""
    return Line2D([], [], color=INK.light, linewidth=1.1, linestyle=(0, (2.0, 1.5)))
