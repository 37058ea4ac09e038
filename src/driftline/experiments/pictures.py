"""`Pictures`: what a reader sees of an episode that is replayed.

Knows no world and no page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from driftline.environments.drawing import Drawing

Drawn = Callable[[npt.NDArray[Any]], Drawing]
BOARD = "The board is what the agent sees, which need not be what is so."


@dataclass(frozen=True)
class Pictures:
    """``palette`` shows boards: ``characters`` and ``colours`` (red, green, blue up to 255) by
    code. ``drawn`` makes a drawing of the observations ``[T + 1, ...]`` of an episode. ``said``
    tells a reader what it is that is seen. ``actions``: their names, where there are a few.
    ``missing``: why there is nothing to see, where there could be.
    """

    palette: Mapping[str, Any] | None = None
    drawn: Drawn | None = None
    said: str = BOARD
    actions: tuple[str, ...] = ()
    missing: str | None = None

    @property
    def any(self) -> bool:
        """Whether an episode can be shown."""
        return self.palette is not None or self.drawn is not None
