"""What a flow without a density does when it is tilted, over the exact density it should have.

Knows the part's plain results.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import LOOKS, look, panels, styled

WAYS = {
    "factorised": ("candidates weighed by the return head", look("tilt, factorised"), 2.6),
    "per step": ("a tilted return asked for", look("tilt, step"), 1.2),
}
"""Label, look and width of the line: thin over thick, so that both show where they agree."""


@styled
def draw(result: dict[str, Any]) -> Figure:
    """Exact tilted density, the demonstrators' and the histograms of both ways, by beta."""
    rows = result["rows"]
    figure, axes = panels(1, len(rows), width=9.6, height=3.8, sharey=True)
    for panel, row in zip(axes, rows, strict=True):
        _panel(panel, row, result["density"])
    axes[0].set_ylim(bottom=0.0)
    axes[0].set_ylabel("density, per unit of action")
    shared_legend(figure, axes[:1], columns=4)
    return figure


def _panel(axes: Axes, row: dict[str, Any], untilted: list[float]) -> None:
    edges = np.linspace(-1.0, 1.0, len(untilted) + 1)
    places = 0.5 * (edges[1:] + edges[:-1])
    grey, shown = LOOKS["promised"].shade.light, LOOKS["demonstrators"]
    axes.fill_between(
        places, row["density"], color=grey, alpha=0.4, linewidth=0.0, label="exact tilt"
    )
    axes.plot(
        places, untilted, color=shown.shade.light, linestyle=shown.dash, linewidth=1.2,
        label="demonstrators",
    )  # fmt: skip
    for name, (label, mine, width) in WAYS.items():
        shares = np.asarray(row["shares"][name])
        axes.stairs(
            shares * len(shares) / 2.0, np.linspace(-1.0, 1.0, len(shares) + 1),
            color=mine.shade.light, linewidth=width, label=label,
        )  # fmt: skip
    off = row["distances"]
    axes.set_title(
        f"β = {row['beta']:g}: total variation\n"
        f"{off['factorised']:.3f} weighed, {off['per step']:.3f} asked"
    )
    axes.set_xlabel("action")


def caption(result: dict[str, Any]) -> str:
    """How near both ways come, and what nearness there is to be had."""
    rows = result["rows"]

    def worst(way: str) -> float:
        return max(float(row["distances"][way]) for row in rows)

    last = rows[-1]
    untilted = " to ".join(f"{row['untilted']:.2f}" for row in (rows[0], last))
    noise = max(float(row["sampling"]) for row in rows)
    worth = ", ".join(f"{row['effective']:.1f} ({row['effective_exact']:.1f})" for row in rows)
    return (
        "Yes: a model without densities can be tilted natively, both ways. A flow policy fitted to "
        f"{result['demonstrations']:,} demonstrations of one step comes within "
        f"{worst('factorised'):.3f} of the exact tilt in total variation over "
        f"{len(last['shares']['factorised'])} bins when its own return head weighs "
        f"{result['candidates']} candidates, within {worst('per step'):.3f} when a return drawn "
        f"from the tilted head is asked for ({worst('once'):.3f} with returns drawn from the "
        f"demonstrations). Doing nothing is off by {untilted}, imitation itself by "
        f"{result['imitated']:.3f}, {result['samples']:,} exact samples by {noise:.3f}: distances "
        "well above the last two would have said no. Effective candidates, measured (exact): "
        f"{worth}. Fine-tuning with a KL penalty refuses the model: “{result['refused']}”."
    )
