"""`Drawing`: what a body looks like at every step of an episode, as lines in a plane.

Knows no task and no page. Metres throughout, x to the right and y up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from driftline.errors import SettingsError
from driftline.shapes import Floats

Part = Literal["body", "far", "wall", "goal"]
"""What is drawn alike: a body, its far side, what it cannot pass, where it should go."""


@dataclass(frozen=True)
class Link:
    """A line with round ends from one moving point to another; from a point to itself: a disc."""

    first: int
    second: int
    width: float
    part: Part = "body"


@dataclass(frozen=True, eq=False)
class Stroke:
    """A line through ``points [N, 2]`` that stays where it is."""

    points: Floats
    width: float
    part: Part = "wall"


@dataclass(frozen=True, eq=False)
class Drawing:
    """The points ``places [T + 1, P, 2]`` of T steps and the lines between them.

    ``window``: how wide and high a part of the plane is shown, ``middle`` its middle. With
    ``follows [T + 1]`` it goes along x: places are as seen from there, and the ground, at y = 0,
    is drawn below; ``depth`` is how far up its far edge lies where it is seen from above.
    ``seconds``: how long a step takes in the world, None where it has no time of its own.
    """

    places: Floats
    links: tuple[Link, ...]
    window: tuple[float, float]
    middle: tuple[float, float]
    seconds: float | None
    still: tuple[Stroke, ...] = ()
    follows: Floats | None = None
    depth: float = 0.0

    def __post_init__(self) -> None:
        if self.places.ndim != 3 or self.places.shape[2] != 2:
            raise SettingsError(
                f"places are {list(self.places.shape)}; give [steps + 1, points, 2]"
            )
        if self.follows is not None and self.follows.shape != self.places.shape[:1]:
            raise SettingsError(
                f"follows is {list(self.follows.shape)} beside {len(self.places)} places; give one "
                "number a place"
            )
