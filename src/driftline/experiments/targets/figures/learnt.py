"""How near a trained transformer's tilt comes to the exact one.

Knows the part's plain results.
"""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import ALARM, QUIET, look, panels, styled

BOUND = 0.05
WAYS = {
    "weighed": ("actions weighed by the return head", look("tilt, factorised")),
    "asked": ("a tilted return asked for", look("tilt")),
    "counted": ("counting the same data", look("promised")),
}


@styled
def draw(result: dict[str, Any]) -> Figure:
    """Total variation from the exact tilt over the size of the data, one panel a beta."""
    betas = sorted({row["beta"] for row in result["rows"]})
    figure, axes = panels(1, len(betas), width=9.6, height=3.8, sharey=True)
    for panel, beta in zip(axes, betas, strict=True):
        rows = [row for row in result["rows"] if row["beta"] == beta]
        _panel(panel, rows)
        panel.set_title(f"beta = {beta:g}")
        panel.set_xlabel("trajectories trained on")
    axes[0].set_ylabel("total variation from the exact tilt")
    shared_legend(figure, axes[:1])
    return figure


def _panel(axes: Axes, rows: list[dict[str, Any]]) -> None:
    sizes = [row["size"] for row in rows]
    for name, (label, mine) in WAYS.items():
        axes.plot(
            sizes, [row[name] for row in rows], color=mine.shade.light, linestyle=mine.dash,
            marker=mine.mark, markersize=5, label=label,
        )  # fmt: skip
    axes.axhline(BOUND, color=ALARM.light, linewidth=1.0, linestyle=(0, (4.0, 2.0)))
    axes.annotate(
        f"{BOUND:g}", (1.0, BOUND), xycoords=("axes fraction", "data"), xytext=(-2, 3),
        textcoords="offset points", ha="right", fontsize=8, color=QUIET.light,
    )  # fmt: skip
    axes.set_xscale("log")
    axes.set_ylim(bottom=0.0)


def caption(result: dict[str, Any]) -> str:
    """The distances at the largest size."""
    largest = max(row["size"] for row in result["rows"])
    last = [row for row in result["rows"] if row["size"] == largest]
    said = ", ".join(f"{row['weighed']:.3f} at beta {row['beta']:g}" for row in last)
    asked = max(row["asked"] for row in last)
    return (
        f"A transformer fitted to {largest:,} trajectories of a world of {result['leaves']} "
        f"trajectories, weighing its actions by its own return head, is within {said} of the exact "
        f"tilt in total variation of whole trajectories (asked for a tilted return: {asked:.3f} at "
        "most). No reward model was added. What counting the same data would leave is drawn below "
        "it: the rest is the network's."
    )
