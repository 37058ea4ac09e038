"""Fine-tuning with a KL penalty, round by round, against the exact optimum.

Knows the part's plain results.
"""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from driftline.experiments.figures.legend import shared_legend
from driftline.experiments.figures.look import QUIET, look, panels, round_axis, styled

LOOKS = ("quantile", "KL fine-tuning", "tilt")
NAMES = {"return": "expected return", "kl": "KL from the demonstrator model, nats"}


@styled
def draw(result: dict[str, Any]) -> Figure:
    """Expected return and KL over rounds (lines) and of the optimum (dashes)."""
    figure, axes = panels(1, 2, width=9.6, height=3.8)
    for panel, (name, label) in zip(axes, NAMES.items(), strict=True):
        for row, agent in zip(result["rows"], LOOKS, strict=False):
            mine = look(agent)
            values = [each[name] for each in row["path"]]
            panel.plot(
                range(len(values)), values, color=mine.shade.light, linewidth=1.3,
                label=f"beta {row['beta']:g}, coefficient {1 / row['beta']:g}",
            )  # fmt: skip
            panel.axhline(
                row["exact"][name], color=mine.shade.light, linestyle=(0, (4.0, 2.0)), linewidth=1.0
            )
        panel.set_ylabel(label)
        round_axis(panel)
    axes[0].axhline(result["origin"], color=QUIET.light, linestyle=":", linewidth=1.0)
    axes[0].set_title("dashes: exact optimum; dots: the demonstrator model")
    shared_legend(figure, axes[:1])
    return figure


def caption(result: dict[str, Any]) -> str:
    """How near the last quarter of the rounds is to the optimum."""
    said = "; ".join(
        f"beta {row['beta']:g}: return {row['reached']['return']:.3f} of "
        f"{row['exact']['return']:.3f}, KL {row['reached']['kl']:.3f} of {row['exact']['kl']:.3f} "
        "nats"
        for row in result["rows"]
    )
    return (
        "Policy-gradient fine-tuning with coefficient 1/beta, from the same weights, comes to "
        "stand at the exponential tilt of its demonstrator model: mean over the last quarter of "
        f"the rounds against the exact optimum: {said}. Both are of all trajectories, none "
        "sampled; a standstill elsewhere would say that penalty and tilt are not the same target."
    )
