"""Levels of demonstrators that know what to do and act by chance now and then.

Know no task. Levels are named as D4RL names those of robots.
"""

from __future__ import annotations

from typing import Literal, assert_never

import numpy as np

from driftline.shapes import Floats

Level = Literal["random", "medium", "medium-replay", "expert"]


def chances(medium: float, level: Level, episodes: int) -> Floats:
    """The share of actions that is chance in each of ``episodes`` episodes, ``[episodes]``.

    All of them of "random", none of "expert"; "medium-replay" goes from all to ``medium``.

    >>> chances(0.5, "medium-replay", 3)
    array([1.  , 0.75, 0.5 ])
    """
    match level:
        case "random":
            return np.ones(episodes)
        case "medium":
            return np.full(episodes, medium)
        case "medium-replay":
            return np.linspace(1.0, medium, episodes)
        case "expert":
            return np.zeros(episodes)
        case _:
            assert_never(level)
