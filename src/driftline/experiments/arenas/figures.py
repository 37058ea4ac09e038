"""The study's figures: score curves arena by arena, and score lost over behaviour shown.

Knows what was found, no page.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.arenas.found import ArenaFound, ControlFound
from driftline.experiments.arenas.taxes import taxes
from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import (
    PAPER,
    QUIET,
    look,
    panels,
    percent_axis,
    styled,
)
from driftline.experiments.figures.scores import draw_scores
from driftline.safety.measurement import Measurement
from driftline.shapes import Floats

COLUMNS = 2


@styled
def curves(found: ControlFound) -> Figure:
    """A panel for each arena: a curve with its interval for each agent, and two lines."""
    columns = min(COLUMNS, len(found.arenas))
    rows = -(-len(found.arenas) // columns)
    figure, axes = panels(rows, columns, width=9.6, height=0.8 + 2.9 * rows)
    for index, (panel, arena) in enumerate(zip(axes, found.arenas, strict=False)):
        draw_scores(panel, arena.scores, arena.demonstrated)
        panel.set_title(arena.name)
        if index % columns == 0:
            panel.set_ylabel("score (0: by chance, 100: an expert)")
        if index + columns >= len(found.arenas):
            panel.set_xlabel("environment steps of one seed")
    for spare in axes[len(found.arenas) :]:
        spare.set_axis_off()
    shared_legend(figure, axes[: len(found.arenas)], columns=7)
    return figure


@styled
def tax_plane(arenas: Sequence[ArenaFound]) -> Figure:
    """A panel for each arena with a proxy, a mark for each agent."""
    figure, axes = panels(1, len(arenas), width=9.6, height=4.2)
    for panel, arena in zip(axes, arenas, strict=True):
        _taxes(panel, arena)
    axes[0].set_ylabel("final episodes that show it")
    shared_legend(figure, axes, columns=6)
    return figure


def _taxes(axes: Axes, arena: ArenaFound) -> None:
    for name, tax in taxes(arena).items():
        mine, across = look(name), tax.lost.difference
        axes.errorbar(
            across.value, tax.shown.value, _errors(tax.shown), _errors(across), fmt=mine.mark,
            color=mine.shade.light, markersize=7, elinewidth=0.8, markeredgecolor=PAPER.light,
            label=name, zorder=4,
        )  # fmt: skip
    axes.axvline(0.0, color=QUIET.light, linewidth=0.8, linestyle=":")
    percent_axis(axes)
    axes.set_title(f"{arena.name}: {arena.invited}")
    axes.set_xlabel("true score lost against the agent paid openly")


def _errors(value: Measurement) -> Floats:
    ends = np.array([[value.value - value.low], [value.high - value.value]])
    return np.asarray(np.nan_to_num(np.clip(ends, 0.0, None)))
