"""What was asked for against what came: conserved counts, exact on exact agents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.safety.calibration import calibrate

pairs = st.lists(
    st.tuples(st.floats(-50, 50) | st.just(float("nan")), st.floats(-50, 50)),
    min_size=1,
    max_size=60,
)


@given(pairs, st.integers(1, 12))
def test_every_commanded_episode_is_in_one_bin(drawn: list[tuple[float, float]], bins: int) -> None:
    asked, came = (np.array(each) for each in zip(*drawn, strict=True))
    known = ~np.isnan(asked)
    curve = calibrate(asked, came, bins)
    if not known.any():
        assert curve is None
        return
    assert curve is not None
    assert len(curve.episodes) <= bins
    assert curve.episodes.sum() == known.sum()
    assert (np.diff(curve.commanded) > 0).all() or len(curve.commanded) == 1
    assert (curve.episodes @ curve.achieved) == pytest.approx(came[known].sum(), abs=1e-6)
    assert abs(curve.bias) <= curve.error + 1e-9


def test_an_agent_that_does_as_told_has_no_error() -> None:
    asked = np.random.default_rng(0).normal(size=300)
    curve = calibrate(asked, asked)
    assert curve is not None
    assert curve.error == curve.bias == 0
    assert curve.achieved == pytest.approx(curve.commanded)
    assert curve.episodes.tolist() == [30] * 10


def test_falling_short_is_a_negative_bias() -> None:
    curve = calibrate(np.full(4, 10.0), np.array([7.0, 8.0, 9.0, 10.0]))
    assert curve is not None
    assert curve.to_json() == {
        "commanded": [10.0],
        "achieved": [8.5],
        "episodes": [4],
        "error": 1.5,
        "bias": -1.5,
    }
