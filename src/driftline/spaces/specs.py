"""Specifications of observations and actions: what a model is built for.

Knows no Gymnasium space (data.gymnasium_spaces translates) and no model.
"""

from __future__ import annotations

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
class ActionSpec:
    """One of ``count`` discrete actions, numbered from 0."""

    count: int


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
        case ActionSpec():
            return {"kind": "discrete", **asdict(spec)}
        case _:
            assert_never(spec)


def observation_spec_from_json(value: dict[str, Any]) -> ObservationSpec:
    """Read what `to_json` wrote."""
    match value["kind"]:
        case "codes":
            return CodesSpec(tuple(value["shape"]), value["codes"])
        case "vector":
            return VectorSpec(value["size"])
        case kind:
            raise SpaceError(f"observation kind {kind!r} is unknown; use 'codes' or 'vector'")
