"""Specifications of observations and actions: what a model is built for.

Knows no Gymnasium space (data.gymnasium_spaces translates) and no model.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, assert_never

from driftline.errors import SpaceError


@dataclass(frozen=True)
class CodesSpec:
    """Integer codes in ``[0, codes)`` on a grid of ``shape``: boards, discrete states.

    A single discrete state is the shape ``()``.
    """

    shape: tuple[int, ...]
    codes: int

    @property
    def cells(self) -> int:
        """How many codes one observation has.

        >>> CodesSpec((7, 9), 6).cells
        63
        """
        cells = 1
        for side in self.shape:
            cells *= side
        return cells


@dataclass(frozen=True)
class VectorSpec:
    """A vector of ``size`` real numbers."""

    size: int


ObservationSpec = CodesSpec | VectorSpec


@dataclass(frozen=True)
class DiscreteActionSpec:
    """One of ``count`` discrete actions, numbered from 0."""

    count: int


@dataclass(frozen=True)
class ContinuousActionSpec:
    """A vector of real numbers within ``low`` and ``high``, one of each per dimension."""

    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        finite = all(math.isfinite(each) for each in (*self.low, *self.high))
        if len(self.low) != len(self.high) or not self.low or not finite:
            raise SpaceError(
                "continuous actions need as many finite lower as upper limits, and at least one, "
                f"got {self.low} and {self.high}"
            )
        if any(low >= high for low, high in zip(self.low, self.high, strict=True)):
            raise SpaceError(
                f"continuous actions need low < high in every dimension, got {self.low} and "
                f"{self.high}"
            )

    @property
    def size(self) -> int:
        """How many dimensions an action has."""
        return len(self.low)


ActionSpec = DiscreteActionSpec | ContinuousActionSpec


def discrete(spec: ActionSpec) -> DiscreteActionSpec:
    """``spec`` as discrete actions; raises `SpaceError` for any other."""
    if isinstance(spec, DiscreteActionSpec):
        return spec
    raise SpaceError(
        f"discrete actions are needed here, got {spec}; offer a discrete set in an ActionWrapper"
    )


def to_json(spec: ObservationSpec | ActionSpec) -> dict[str, Any]:
    """The specification as plain values, its kind under ``"kind"``.

    >>> to_json(VectorSpec(4))
    {'kind': 'vector', 'size': 4}
    """
    match spec:
        case CodesSpec():
            return {"kind": "codes", "shape": list(spec.shape), "codes": spec.codes}
        case VectorSpec():
            return {"kind": "vector", **asdict(spec)}
        case DiscreteActionSpec():
            return {"kind": "discrete", **asdict(spec)}
        case ContinuousActionSpec():
            return {"kind": "continuous", "low": list(spec.low), "high": list(spec.high)}
        case _:
            assert_never(spec)


def action_spec_from_json(value: dict[str, Any]) -> ActionSpec:
    """Read what `to_json` wrote.

    >>> action_spec_from_json(to_json(ContinuousActionSpec((-1.0,), (1.0,))))
    ContinuousActionSpec(low=(-1.0,), high=(1.0,))
    """
    match value["kind"]:
        case "discrete":
            return DiscreteActionSpec(value["count"])
        case "continuous":
            return ContinuousActionSpec(tuple(value["low"]), tuple(value["high"]))
        case kind:
            raise SpaceError(f"action kind {kind!r} is unknown; use 'discrete' or 'continuous'")


def observation_spec_from_json(value: dict[str, Any]) -> ObservationSpec:
    """Read what `to_json` wrote."""
    match value["kind"]:
        case "codes":
            return CodesSpec(tuple(value["shape"]), value["codes"])
        case "vector":
            return VectorSpec(value["size"])
        case kind:
            raise SpaceError(f"observation kind {kind!r} is unknown; use 'codes' or 'vector'")
