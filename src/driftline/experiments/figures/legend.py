"""One legend for all panels of a figure.

Knows no measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure


def shared_legend(figure: Figure, axes: Sequence[Axes], columns: int = 5) -> None:
    """Every label once, in the order of the panels, below them."""
    found: dict[str, Any] = {}
    for panel in axes:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    if found:
        figure.legend(list(found.values()), list(found), loc="outside lower center", ncols=columns)
