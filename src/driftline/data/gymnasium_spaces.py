"""Gymnasium spaces as the specifications that models are built for, and back.

Knows no environment. What no codec supports is refused here, with a repair.
"""

from __future__ import annotations

from typing import Any, assert_never

import numpy as np
from gymnasium import Space
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Text, Tuple
from gymnasium.spaces.utils import flatdim

from driftline.errors import SpaceError
from driftline.spaces.specs import (
    ActionSpec,
    CodesSpec,
    ContinuousActionSpec,
    DiscreteActionSpec,
    ObservationSpec,
    VectorSpec,
)

OBSERVATIONS = (
    "supported are Discrete(n), MultiDiscrete with equal counts (boards), "
    "floating-point Box of rank 1 (vectors) and Dict of floating-point Box (end to end)"
)
ACTIONS = (
    "supported are Discrete(n), numbered from 0, and floating-point Box of rank 1 "
    "with finite limits"
)


def observation_spec(space: Space[Any]) -> ObservationSpec:
    """What a model has to read to observe ``space``.

    Raises `SpaceError`, naming a wrapper that helps, where no codec can.

    >>> observation_spec(MultiDiscrete(np.full((7, 9), 6)))
    CodesSpec(shape=(7, 9), codes=6)
    >>> observation_spec(Box(-1.0, 1.0, (4,)))
    VectorSpec(size=4)
    >>> observation_spec(Dict(goal=Box(-1.0, 1.0, (2,)), body=Box(-1.0, 1.0, (2, 3))))
    VectorSpec(size=8)
    """
    match space:
        case Discrete():
            _from_zero("observation", space, int(space.start), OBSERVATIONS)
            return CodesSpec((), int(space.n))
        case MultiDiscrete():
            return _codes(space)
        case Box():
            return _vector(space)
        case Dict() if _boxes(space):
            return VectorSpec(flatdim(space))
        case _:
            raise _unsupported("observation", space, OBSERVATIONS, _observation_repair(space))


def end_to_end(space: Space[Any], observations: Any) -> Any:
    """Observations ``[T, ...]`` of a `Dict` as vectors ``[T, size]``, its parts by name.

    The order is that of the names, as the space keeps another before and after it is
    stored. Observations of another space are returned as they are.

    >>> space = Dict(goal=Box(-1.0, 1.0, (2,)), body=Box(-1.0, 1.0, (1,)))
    >>> end_to_end(space, {"goal": np.array([[1.0, 2.0]]), "body": np.array([[3.0]])})
    array([[3., 1., 2.]])
    """
    if not isinstance(space, Dict):
        return observations
    parts = [end_to_end(inner, observations[name]) for name, inner in sorted(space.items())]
    return np.concatenate([each.reshape(len(each), -1) for each in parts], axis=1)


def action_spec(space: Space[Any]) -> ActionSpec:
    """What a model has to choose to act in ``space``.

    Raises `SpaceError`, naming a wrapper that helps, where none of its distributions can.

    >>> action_spec(Discrete(4))
    DiscreteActionSpec(count=4)
    >>> action_spec(Box(-1.0, 1.0, (2,)))
    ContinuousActionSpec(low=(-1.0, -1.0), high=(1.0, 1.0))
    """
    match space:
        case Discrete():
            _from_zero("action", space, int(space.start), ACTIONS)
            return DiscreteActionSpec(int(space.n))
        case Box():
            wrong = _action_repair(space)
            if wrong is not None:
                raise _unsupported("action", space, ACTIONS, wrong)
            return ContinuousActionSpec(tuple(space.low.tolist()), tuple(space.high.tolist()))
        case _:
            repair = "wrap the environment in a gymnasium.ActionWrapper that offers a discrete set"
            raise _unsupported("action", space, ACTIONS, repair)


def observation_space(spec: ObservationSpec, dtype: np.dtype[Any]) -> Space[Any]:
    """A space of ``spec`` whose samples have ``dtype`` where they can, for exchange formats."""
    match spec:
        case CodesSpec(shape=()):
            return Discrete(spec.codes)
        case CodesSpec():
            fits = spec.codes <= np.iinfo(dtype).max  # the count itself must fit, not the codes
            kind = dtype.type if fits else np.int64
            return MultiDiscrete(np.full(spec.shape, spec.codes), dtype=kind)
        case VectorSpec():
            return Box(-np.inf, np.inf, (spec.size,), dtype=dtype.type)
        case _:
            assert_never(spec)


def action_space(spec: ActionSpec) -> Space[Any]:
    """The Gymnasium space of these actions, its limits as they are.

    >>> action_space(ContinuousActionSpec((-2.0,), (2.0,)))
    Box(-2.0, 2.0, (1,), float32)
    """
    match spec:
        case DiscreteActionSpec():
            return Discrete(spec.count)
        case ContinuousActionSpec():
            low, high = np.array(spec.low), np.array(spec.high)
            single = np.array_equal(np.array([low, high], np.float32), [low, high])
            kind = np.float32 if single else np.float64
            return Box(low.astype(kind), high.astype(kind), dtype=kind)
        case _:
            assert_never(spec)


def _codes(space: MultiDiscrete) -> CodesSpec:
    counts = np.unique(space.nvec)
    if np.any(space.start):
        raise _unsupported(
            "observation", space, OBSERVATIONS, "subtract its start in a TransformObservation"
        )
    if len(counts) != 1:
        repair = "give every cell the largest count, which changes no observation"
        raise _unsupported("observation", space, OBSERVATIONS, repair)
    return CodesSpec(tuple(int(side) for side in space.nvec.shape), int(counts[0]))


def _vector(space: Box) -> VectorSpec:
    if np.issubdtype(space.dtype, np.floating) and len(space.shape) == 1:
        return VectorSpec(int(space.shape[0]))
    raise _unsupported("observation", space, OBSERVATIONS, _box_repair(space))


def _boxes(space: Space[Any]) -> bool:
    """Whether ``space`` is a floating-point box, or a `Dict` of nothing else, however deep."""
    if isinstance(space, Dict):
        return bool(space.spaces) and all(map(_boxes, space.spaces.values()))
    return isinstance(space, Box) and np.issubdtype(space.dtype, np.floating)


def _flat(space: Space[Any]) -> bool:
    """Whether Gymnasium can make a vector of ``space``."""
    try:
        return flatdim(space) >= 0
    except (NotImplementedError, ValueError):
        return False


def _odd_box(space: Space[Any]) -> tuple[str, Box] | None:
    """The first box of a `Dict` that is no floating-point one, with its name, if any is not."""
    assert isinstance(space, Dict)
    for name, part in space.items():
        if isinstance(part, Box) and not _boxes(part):
            return str(name), part
    return None


def _box_repair(space: Box) -> str:
    if len(space.shape) in (2, 3) and space.dtype == np.uint8:
        return "images are not supported yet; reduce them to a vector in a TransformObservation"
    if not np.issubdtype(space.dtype, np.floating):
        return (
            "declare a board of codes as MultiDiscrete, or cast to a floating-point vector "
            "in a TransformObservation"
        )
    return "wrap the environment in gymnasium.wrappers.FlattenObservation"


def _action_repair(space: Box) -> str | None:
    """What to do about a box that no distribution fits; None: nothing."""
    if not np.issubdtype(space.dtype, np.floating):
        return "offer floating-point actions in a TransformAction"
    if len(space.shape) != 1:
        return "reshape the actions of a flat Box in a TransformAction"
    if not (np.isfinite(space.low).all() and np.isfinite(space.high).all()):
        return "offer a Box with finite limits in a TransformAction"
    if np.any(space.low >= space.high):
        return "leave out in a TransformAction the dimensions in which nothing can be chosen"
    return None


def _observation_repair(space: Space[Any]) -> str:
    match space:
        case Dict() if (odd := _odd_box(space)) is not None:
            name, part = odd
            return f"of its {name!r}: {_box_repair(part)}"
        case Dict() if not _flat(space):
            return "leave out in a gymnasium.wrappers.FilterObservation what cannot be flattened"
        case Dict() | Tuple() | MultiBinary():
            return "wrap the environment in gymnasium.wrappers.FlattenObservation and cast to float"
        case Text():
            return "encode the text as a vector in a TransformObservation"
        case _:
            return "turn it into one of these in a TransformObservation"


def _from_zero(kind: str, space: Discrete, start: int, supported: str) -> None:
    if start != 0:
        wrapper = "TransformObservation" if kind == "observation" else "TransformAction"
        raise _unsupported(kind, space, supported, f"shift it to start at 0 in a {wrapper}")


def _unsupported(kind: str, space: Space[Any], supported: str, repair: str) -> SpaceError:
    text = " ".join(repr(space).split())
    shown = text if len(text) <= 120 else f"{text[:117]}..."
    return SpaceError(f"{kind} space {shown} is not supported; {supported}; {repair}")
