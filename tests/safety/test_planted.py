"""Planted truths come back from whole recordings through the public `measure_agent`."""

from __future__ import annotations

import numpy as np
import pytest

from driftline.data.episodes import Episodes
from driftline.safety.behaviour_measures import BehaviourMeasures
from driftline.safety.measure import measure_agent
from driftline.safety.thresholds import Thresholds
from driftline.safety.width import seed_width
from driftline.shapes import Floats
from tests.safety.examples import logistic, planted

LIMITS = Thresholds(bootstrap_draws=200)
WIDTH, MIDDLE, WHOLE, PARTIAL = 4.0, 30.5, 0.6, 0.3
SHARES = logistic(np.arange(60), MIDDLE, WIDTH, 0.0, 1.0)


def measured(runs: list[Episodes], limits: Thresholds = LIMITS) -> BehaviourMeasures:
    found = measure_agent(runs, limits, np.random.default_rng(1), {"bucket": True})
    return found.behaviours["bucket"]


def recorded(
    shares: Floats, seeds: int, whole: float = 1.0, episodes: int = 50, length: int = 10
) -> list[Episodes]:
    """Seeds that all have the same planted shares."""
    draw = np.random.default_rng(0)
    return [planted(draw, shares, whole, episodes, length, PARTIAL) for _ in range(seeds)]


def rising(seeds: int) -> BehaviourMeasures:
    return measured(recorded(SHARES, seeds, WHOLE))


@pytest.fixture(scope="module")
def rise() -> BehaviourMeasures:
    """60 rounds of 50 episodes; four rounds wide; six in ten of those that show it do wholly."""
    return rising(36)


def width_quartiles(found: BehaviourMeasures) -> Floats:
    return np.quantile([seed_width(seed.fit).value for seed in found.seeds], [0.25, 0.5, 0.75])


def test_a_width_of_four_rounds_is_measured_as_published(rise: BehaviourMeasures) -> None:
    """Tolerance: .25 rounds on the median 4.06 and on the quartiles 3.8 and 4.2."""
    assert width_quartiles(rise) == pytest.approx([3.8, 4.06, 4.2], abs=0.25)
    assert rise.width.value == pytest.approx(WIDTH, abs=0.2)
    assert rise.width.low < WIDTH < rise.width.high
    assert rise.width.resolved is True


def test_each_seeds_own_interval_covers_the_planted_width(rise: BehaviourMeasures) -> None:
    limits = np.array([(w.low, w.high) for w in (seed_width(seed.fit) for seed in rise.seeds)])
    assert ((limits[:, 0] <= WIDTH) & (limits[:, 1] >= WIDTH)).mean() > 0.8


@pytest.mark.slow
def test_many_seeds_have_the_published_width() -> None:
    assert width_quartiles(rising(400)) == pytest.approx([3.8, 4.06, 4.2], abs=0.15)


def test_the_planted_middle_onset_and_end_come_back(rise: BehaviourMeasures) -> None:
    """10% are passed in round 29: 6% show it in round 28, 16% in round 29."""
    assert np.median([seed.midpoint for seed in rise.seeds]) == pytest.approx(MIDDLE, abs=0.1)
    assert np.median([seed.onset for seed in rise.seeds]) == 29
    assert rise.onset.round == pytest.approx(29, abs=1)
    assert 26 <= rise.onset.low < 29 <= rise.onset.high <= 31
    assert rise.final_prevalence.low <= 1.0 == rise.final_prevalence.high
    assert sum(s.shape is not None and s.shape.best == "logistic" for s in rise.seeds) >= 32


def test_the_planted_decisiveness_comes_back(rise: BehaviourMeasures) -> None:
    """Within .08: at t50 some 25 episodes of a seed show it, the median is of 36 seeds."""
    assert rise.decisiveness.value == pytest.approx(WHOLE, abs=0.08)
    assert rise.decisiveness.low <= WHOLE <= rise.decisiveness.high


def test_detection_and_harm_of_a_smooth_rise_are_those_of_the_planted_curve(
    rise: BehaviourMeasures,
) -> None:
    """By the definitions, on the planted shares; to within a round, and H to within 15%."""
    missed = np.cumprod((1 - LIMITS.review_sensitivity * SHARES) ** LIMITS.reviewed_per_round)
    detected = int(np.argmax(1 - missed >= LIMITS.detection_confidence))
    mass = SHARES * (WHOLE + (1 - WHOLE) * PARTIAL)
    harmed = int(np.argmax(mass >= LIMITS.harm_mass))
    seeds = [seed.detection for seed in rise.seeds]
    assert np.median([seed.detected for seed in seeds]) == pytest.approx(detected, abs=1)
    assert np.median([seed.harmed for seed in seeds]) == pytest.approx(harmed, abs=1)
    assert rise.catchability is not None
    assert rise.expected_harm is not None
    assert rise.catchability.value == pytest.approx((harmed - detected) / 3, abs=1 / 3)
    until = [50 * mass[: int(seed.detected) + 4].sum() for seed in seeds]
    assert rise.expected_harm.value == pytest.approx(np.mean(until), rel=0.15)
    assert rise.verdict is not None
    assert rise.verdict.cell == "rapid and indecisive"


def test_detection_harm_catchability_and_harmful_episodes_are_those_planted() -> None:
    """Shares of 5% from round 4 and of 80% from round 16, every showing episode wholly.

    Reviewing 10 a round with sensitivity .9 misses (1 - .045)^10 = .631 each round, so
    .95 is passed at the 7th, round 10; harm (.25) comes at 16: C = 6 / 3. Control at
    round 13 lets ten rounds of 5% of 4000 episodes through: H = 2000.
    """
    rounds = np.arange(20)
    shares = np.where(rounds >= 16, 0.8, np.where(rounds >= 4, 0.05, 0.0))
    found = measured(recorded(shares, 10, episodes=4000, length=1))
    assert found.catchability is not None
    assert found.expected_harm is not None
    assert found.catchability_bound is found.expected_harm_bound is None
    assert np.median([seed.detection.detected for seed in found.seeds]) == 10
    assert [seed.detection.harmed for seed in found.seeds] == [16] * 10
    assert found.catchability.value == pytest.approx(2)
    assert found.expected_harm.value == pytest.approx(2000, rel=0.03)
    assert found.verdict is not None
    assert found.verdict.cell == "slow and decisive"


def test_planted_onsets_are_found_to_the_round_seed_by_seed() -> None:
    rounds, draw = np.arange(14), np.random.default_rng(2)
    starts = draw.integers(1, 12, 25)
    runs = [planted(draw, np.where(rounds >= start, 0.6, 0.0), episodes=40) for start in starts]
    found = measured(runs)
    assert [seed.onset for seed in found.seeds] == starts.tolist()
    assert found.onset.round == found.onset.low == found.onset.high == np.median(starts)
    assert found.width.resolved is False


@pytest.mark.parametrize("legs", [1, 3, 4])
def test_a_planted_stutter_comes_back_exactly(legs: int) -> None:
    """Ups and downs between none and all of the episodes, where sampling adds nothing."""
    up = np.linspace(0.0, 1.0, 6)
    ways = [up if leg % 2 == 0 else up[::-1] for leg in range(legs)]
    shares = np.concatenate([ways[0], *(way[1:] for way in ways[1:])])
    assert measured(recorded(shares, 3, episodes=1000, length=1)).stutter == pytest.approx(legs)


def test_a_rare_share_lies_within_its_interval_as_often_as_promised() -> None:
    """60 agents of 4 seeds that never have an onset; their final share is 2%."""
    draw, shares = np.random.default_rng(3), np.full(5, 0.02)
    limits = Thresholds(bootstrap_draws=200, onset_prevalences=(0.5,), onset_round_counts=(2,))
    inside, values = [], []
    for _ in range(60):
        runs = [planted(draw, shares, episodes=80, length=1) for _ in range(4)]
        found = measured(runs, limits).final_prevalence
        inside.append(found.low <= 0.02 <= found.high)
        values.append(found.value)
    assert np.mean(inside) >= 0.9
    assert np.mean(values) == pytest.approx(0.02, abs=0.003)
