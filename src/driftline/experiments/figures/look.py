"""How figures look: one colour, dash and mark for each agent, the same everywhere.

Knows no measure. Colours are told apart by people with any colour vision and
come in a version for light and one for dark pages.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

P = ParamSpec("P")


@dataclass(frozen=True)
class Shade:
    """A colour on a light page and the same role on a dark one."""

    light: str
    dark: str


@dataclass(frozen=True)
class Look:
    """How an agent is drawn in every figure."""

    shade: Shade
    dash: str | tuple[int, tuple[float, ...]] = "-"
    mark: str = "o"


INK = Shade("#1d232e", "#e6e9ef")
QUIET = Shade("#626c7c", "#9ba6b8")
GRID = Shade("#dde2ea", "#333b49")
PAPER = Shade("#fefefe", "#161a21")
ALARM = Shade("#c8102e", "#ff6b7a")
STEPS = (
    Shade("#9a6fc0", "#d9b8f5"),
    Shade("#3c79b4", "#8fc3f0"),
    Shade("#17876d", "#55d3b0"),
    Shade("#a65a10", "#f0a95c"),
)
"""Steps of something ordered that no agent owns, lowest first."""

DEMONSTRATORS = "demonstrators"
LOOKS = {
    DEMONSTRATORS: Look(Shade("#4d5563", "#b9c2d0"), (0, (1.0, 1.5)), "D"),
    "gm": Look(Shade("#8a919d", "#8d97a8"), (0, (5.0, 1.5)), "o"),
    "gm-best": Look(Shade("#5f7f95", "#9fc0d6"), (0, (2.0, 2.0)), "H"),
    "odt": Look(Shade("#c2591b", "#f39a5f"), "-", "*"),
    "odt-guided": Look(Shade("#a3387a", "#f08cc4"), (0, (6.0, 1.5)), "v"),
    "gm-quantile": Look(Shade("#4ba6dd", "#86cdf8"), (0, (5.0, 1.5)), "s"),
    "ogm-quantile": Look(Shade("#0a5fa8", "#4aa3ea"), "-", "s"),
    "ogm-fixed": Look(Shade("#0b8f6a", "#35c79c"), "-", "^"),
    "ogm-tilt": Look(Shade("#4f8a10", "#9bd04f"), "-", "p"),
    "ogm-factorised": Look(Shade("#1c7c93", "#5cc6dd"), (0, (7.0, 1.5)), "d"),
    "finetune": Look(Shade("#d35400", "#f5843a"), "-", "v"),
    "finetune-kl": Look(Shade("#dd9a00", "#f3bd45"), (0, (6.0, 1.2, 1.2, 1.2)), "P"),
    "dqn": Look(Shade("#6d1b45", "#b8628c"), (0, (4.0, 1.0)), "*"),
    "ppo": Look(Shade("#b0508f", "#e593c9"), "-", "X"),
    "iql": Look(Shade("#7a8b00", "#c3d155"), (0, (2.0, 1.2)), "8"),
    "sac": Look(Shade("#8a5a00", "#d9a441"), "-", "D"),
    "td3": Look(Shade("#5d4a86", "#a794d6"), (0, (4.0, 1.0)), ">"),
    "ogm-guided": Look(Shade("#2b7a4b", "#6fcf97"), (0, (5.0, 1.0)), "<"),
    "ogm-quantile-honest": Look(Shade("#7d6a4c", "#c7b18c"), (0, (3.0, 1.5)), "h"),
    "quantile": Look(Shade("#0b61aa", "#4ba4eb"), "-", "s"),
    "quantile, step": Look(Shade("#4ca7de", "#87cef9"), (0, (5.0, 1.5)), "s"),
    "tilt": Look(Shade("#0c906b", "#36c89d"), "-", "^"),
    "tilt, factorised": Look(Shade("#57b894", "#8fe3c5"), (0, (5.0, 1.5)), "^"),
    "tilt, step": Look(Shade("#3f7d21", "#94cf73"), (0, (2.0, 1.0)), "^"),
    "best of n": Look(Shade("#b15190", "#e694ca"), "-", "X"),
    "best of n, asked": Look(Shade("#d08ab8", "#f0b9dd"), (0, (5.0, 1.5)), "X"),
    "KL fine-tuning": Look(Shade("#d45501", "#f6853b"), "-", "v"),
    "mgdt, paper": Look(Shade("#7e6b4d", "#c8b28d"), (0, (3.0, 1.5)), "h"),
    "mgdt, colab": Look(Shade("#5b50b1", "#a59cf3"), (0, (4.0, 1.0)), "<"),
    "promised": Look(Shade("#8b929e", "#8e98a9"), (0, (1.0, 1.5)), "o"),
}
SPARE = (
    Look(Shade("#5a4fb0", "#a49bf2"), (0, (4.0, 1.0)), "<"),
    Look(Shade("#8c2f39", "#e2848d"), (0, (2.0, 1.0)), ">"),
    Look(Shade("#3f7d20", "#93cf72"), (0, (1.0, 1.0)), "d"),
)

STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "text.color": INK.light,
    "axes.edgecolor": QUIET.light,
    "axes.labelcolor": INK.light,
    "axes.titlecolor": INK.light,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.facecolor": "none",
    "axes.linewidth": 0.7,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": GRID.light,
    "grid.linewidth": 0.7,
    "xtick.color": QUIET.light,
    "ytick.color": QUIET.light,
    "xtick.labelcolor": INK.light,
    "ytick.labelcolor": INK.light,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.8,
    "figure.facecolor": PAPER.light,
    "savefig.facecolor": "auto",
    "svg.fonttype": "none",
    "svg.hashsalt": "driftline",
    "path.simplify": False,
}


def look(name: str) -> Look:
    """An agent's look; a name without one of its own gets a spare, always the same.

    >>> look("ppo").mark
    'X'
    >>> look("somebody else") == look("somebody else")
    True
    """
    return LOOKS.get(name) or SPARE[sum(name.encode()) % len(SPARE)]


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw under `STYLE`, leaving matplotlib's own settings as they were."""

    @functools.wraps(draw)
    def drawing(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with rc_context(STYLE):
            return draw(*args, **kwargs)

    return drawing


def panels(
    rows: int, columns: int, width: float = 9.0, height: float = 3.4, **sharing: Any
) -> tuple[Figure, list[Axes]]:
    """A figure of ``width`` x ``height`` inches and its axes, row by row."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **sharing)
    return figure, list(np.asarray(axes).reshape(-1))


def percent_axis(axes: Axes) -> None:
    """Shares from 0 to 1 as percentages, with room for a curve along either edge."""
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0%", "25%", "50%", "75%", "100%"])


def absent(axes: Axes, text: str) -> None:
    """Say in a panel why it is empty."""
    axes.grid(False)
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=QUIET.light)


def round_axis(axes: Axes) -> None:
    """Rounds are whole numbers."""
    axes.xaxis.set_major_locator(MaxNLocator(nbins="auto", integer=True, min_n_ticks=1))
    axes.set_xlabel("round")
