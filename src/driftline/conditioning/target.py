"""`Target`: the union of the ways to ask for a high return, and what they share.

Knows no model. A target is its own configuration: it is constructed, compared,
stored as JSON and typed on the command line.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, assert_never

import numpy as np

from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Reference, ReferenceName
from driftline.errors import TargetError
from driftline.shapes import Floats


@dataclass(frozen=True)
class Unconditioned:
    """Ask for nothing: behaviour cloning, the demonstrator model itself."""


Target = FixedReturn | Quantile | Unconditioned


def command(
    target: Target, reference: Reference, episodes: int, draw: np.random.Generator
) -> Floats | None:
    """The return to ask for in each of ``episodes``; None asks for nothing.

    >>> reference = Reference.of(np.array([1.0, 2.0, 3.0, 4.0]))
    >>> command(Quantile(0.5, draw="point"), reference, 2, np.random.default_rng(0))
    array([2., 2.])
    """
    match target:
        case FixedReturn():
            return target.command(reference, episodes)
        case Quantile():
            return target.command(reference, episodes, draw)
        case Unconditioned():
            return None
        case _:
            assert_never(target)


def reference_name(target: Target) -> ReferenceName:
    """Which returns the target refers to."""
    match target:
        case Quantile():
            return target.reference
        case FixedReturn() | Unconditioned():
            return "mixture"
        case _:
            assert_never(target)


def target_to_json(target: Target) -> dict[str, Any]:
    """The target's kind and settings.

    >>> target_to_json(FixedReturn(18.0))
    {'kind': 'FixedReturn', 'value': 18.0, 'extrapolate': False}
    """
    return {"kind": type(target).__name__, **asdict(target)}


def target_from_json(value: dict[str, Any]) -> Target:
    """Read what `target_to_json` wrote."""
    settings = {name: each for name, each in value.items() if name != "kind"}
    match value.get("kind"):
        case "FixedReturn":
            return FixedReturn(**settings)
        case "Quantile":
            return Quantile(**settings)
        case "Unconditioned":
            return Unconditioned()
        case kind:
            raise TargetError(
                f"target kind {kind!r} is unknown; use FixedReturn, Quantile or Unconditioned"
            )
