"""Coefficients stay, or move towards a target that may itself move with the rounds."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.errors import SettingsError
from driftline.experiments.config_json import from_json, to_json
from driftline.training.finetune import FineTuneSettings
from driftline.training.kl_penalty import (
    AdaptivePenalty,
    FixedPenalty,
    KLPenalty,
    ScheduledPenalty,
    first_coefficient,
    next_coefficient,
)

POSITIVE = st.floats(1e-3, 1e3)


@given(POSITIVE, st.floats(0, 1e3), st.integers(0, 99))
def test_a_fixed_penalty_stays(coefficient: float, kl: float, round: int) -> None:
    penalty = FixedPenalty(coefficient)
    assert first_coefficient(penalty) == coefficient
    assert next_coefficient(penalty, coefficient, kl, round) == coefficient


@given(POSITIVE, POSITIVE, st.floats(0, 1e3), st.floats(0.01, 2.0), st.floats(0.01, 0.45))
def test_the_coefficient_rises_above_the_target_falls_below_it_and_never_by_more_than_clipped(
    target: float, coefficient: float, kl: float, gain: float, clip: float
) -> None:
    penalty = AdaptivePenalty(target, initial=coefficient, gain=gain, clip=clip)
    change = next_coefficient(penalty, coefficient, kl, 0) / coefficient - 1.0
    assert change == pytest.approx(gain * max(-clip, min(clip, kl / target - 1.0)), abs=1e-9)
    assert next_coefficient(penalty, coefficient, target, 0) == coefficient
    assert next_coefficient(penalty, coefficient, kl, 0) > 0.0


@pytest.mark.parametrize("power", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("initial", [1e-2, 30.0])
def test_a_divergence_that_falls_with_the_coefficient_is_brought_to_its_target(
    power: float, initial: float
) -> None:
    """Of KL = c^-power, whose fixed point is c = target^(-1/power)."""
    penalty = AdaptivePenalty(2.0, initial=initial, gain=0.3)
    coefficient = first_coefficient(penalty)
    for round in range(400):
        coefficient = next_coefficient(penalty, coefficient, coefficient**-power, round)
    assert coefficient**-power == pytest.approx(2.0, rel=0.01)


def test_a_schedule_is_interpolated_and_stays_at_its_ends() -> None:
    penalty = ScheduledPenalty(((2, 1.0), (6, 5.0), (8, 3.0)), initial=0.7, gain=0.5, clip=0.4)
    assert [penalty.target_kl(each) for each in (0, 2, 4, 6, 7, 8, 50)] == [1, 1, 3, 5, 4, 3, 3]
    assert first_coefficient(penalty) == 0.7
    for round in (0, 3, 7):
        steady = AdaptivePenalty(penalty.target_kl(round), 0.7, 0.5, 0.4)
        expected = next_coefficient(steady, 0.7, 3.3, 0)
        assert next_coefficient(penalty, 0.7, 3.3, round) == expected


BAD: list[Any] = [
    lambda: FixedPenalty(-1.0),
    lambda: FixedPenalty(math.inf),
    lambda: AdaptivePenalty(0.0),
    lambda: AdaptivePenalty(math.nan),
    lambda: AdaptivePenalty(1.0, initial=0.0),
    lambda: AdaptivePenalty(1.0, gain=4.0, clip=0.5),
    lambda: ScheduledPenalty(()),
    lambda: ScheduledPenalty(((3, 1.0), (3, 2.0))),
    lambda: ScheduledPenalty(((0, 1.0), (3, -2.0))),
]


@pytest.mark.parametrize("make", BAD)
def test_penalties_out_of_range_are_refused(make: Any) -> None:
    with pytest.raises(SettingsError):
        make()


@pytest.mark.parametrize(
    "penalty",
    [FixedPenalty(0.5), AdaptivePenalty(2.0, gain=0.3), ScheduledPenalty(((0, 1.0), (9, 4.0)))],
    ids=repr,
)
def test_a_penalty_is_its_own_configuration(penalty: KLPenalty) -> None:
    settings = FineTuneSettings(kl_penalty=penalty)
    assert from_json(FineTuneSettings, to_json(settings)) == settings
