"""Observations reach the network whole: nothing lost, nothing shared."""

from __future__ import annotations

import numpy as np
import pytest

from driftline.baselines.encoding import encode, encoded_size
from driftline.spaces.specs import CodesSpec, ObservationSpec, VectorSpec


@pytest.mark.parametrize("shape", [(), (3,), (2, 4)])
def test_codes_can_be_read_back_from_their_encoding(shape: tuple[int, ...]) -> None:
    spec = CodesSpec(shape, 5)
    codes = np.random.default_rng(0).integers(0, 5, (7, *shape))
    encoded = encode(spec, codes)
    assert encoded.shape == (7, encoded_size(spec))
    assert np.array_equal(encoded.reshape(7, *shape, 5).argmax(-1), codes)
    assert np.array_equal(encoded.sum(1), np.full(7, spec.cells))


def test_vectors_pass_through() -> None:
    vectors = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    assert np.array_equal(encode(VectorSpec(3), vectors), vectors)


@pytest.mark.parametrize("spec", [CodesSpec((3,), 2), VectorSpec(3)])
def test_an_environment_may_reuse_its_array(spec: ObservationSpec) -> None:
    observations = np.zeros((4, 3), np.float32 if isinstance(spec, VectorSpec) else np.uint8)
    encoded = encode(spec, observations)
    before = encoded.copy()
    observations[:] = 1
    assert np.array_equal(encoded, before)
