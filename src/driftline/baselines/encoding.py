"""Observations as the flat vectors that a multilayer perceptron reads.

Knows no network and no environment.
"""

from __future__ import annotations

from typing import Any, assert_never

import numpy as np
import numpy.typing as npt

from driftline.spaces.specs import CodesSpec, ObservationSpec, VectorSpec


def encoded_size(spec: ObservationSpec) -> int:
    """The length of an encoded observation.

    >>> encoded_size(CodesSpec((7, 9), 6))
    378
    """
    match spec:
        case CodesSpec():
            return spec.cells * spec.codes
        case VectorSpec():
            return spec.size
        case _:
            assert_never(spec)


def encode(spec: ObservationSpec, observations: Any) -> npt.NDArray[np.float32]:
    """A fresh ``float32 [B, encoded_size]`` of ``[B, ...]``: codes one-hot, vectors as they are.

    >>> encode(CodesSpec((2,), 3), np.array([[0, 2], [1, 1]])).astype(int).tolist()
    [[1, 0, 0, 0, 0, 1], [0, 1, 0, 0, 1, 0]]
    """
    match spec:
        case CodesSpec():
            flat, table = np.reshape(observations, -1), np.eye(spec.codes, dtype=np.float32)
            return table.take(flat, axis=0).reshape(len(observations), encoded_size(spec))
        case VectorSpec():
            return np.array(observations, dtype=np.float32)
        case _:
            assert_never(spec)


def stored_type(spec: ObservationSpec) -> tuple[int, np.dtype[Any]]:
    """How many numbers an observation is, and the smallest type that holds each.

    >>> stored_type(CodesSpec((7, 9), 6))
    (63, dtype('uint8'))
    """
    match spec:
        case CodesSpec():
            return spec.cells, np.min_scalar_type(spec.codes - 1)
        case VectorSpec():
            return spec.size, np.dtype(np.float32)
        case _:
            assert_never(spec)


def decode(spec: ObservationSpec, encoded: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    """The ``[B, n]`` that `encode` was given, flat, as `stored_type` says.

    >>> spec = CodesSpec((2,), 3)
    >>> decode(spec, encode(spec, np.array([[0, 2], [1, 1]]))).tolist()
    [[0, 2], [1, 1]]
    """
    match spec:
        case CodesSpec():
            codes = encoded.reshape(len(encoded), spec.cells, spec.codes).argmax(axis=2)
            return codes.astype(stored_type(spec)[1])
        case VectorSpec():
            return encoded
        case _:
            assert_never(spec)
