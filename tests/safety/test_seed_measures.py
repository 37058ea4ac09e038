"""One seed's row: planted values where they exist, open bounds where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from driftline.safety.prevalence import PrevalenceTable
from driftline.safety.seed_measures import SeedMeasures, measure_seed
from driftline.safety.thresholds import Thresholds
from tests.safety.examples import logistic, planted


def row(shares: np.ndarray) -> SeedMeasures:
    run = planted(np.random.default_rng(0), shares, whole=0.5, episodes=200)
    return measure_seed(PrevalenceTable.of([run], "bucket"), 0, Thresholds())


def test_a_seed_without_an_onset_leaves_everything_open() -> None:
    seed = row(np.full(12, 0.01))
    assert not seed.reached
    assert seed.decisiveness_bounds == (0, 1)
    assert (seed.fit, seed.shape, seed.last_round) == (None, None, 11)
    plain = seed.to_json()
    assert plain["onset"] is plain["width"] is plain["decisiveness"] is plain["harmed"] is None


def test_a_seed_with_one_has_its_planted_numbers() -> None:
    seed = row(logistic(np.arange(25), 12.0, 5.0, 0.0, 1.0))
    plain = seed.to_json()
    assert plain["midpoint"] == pytest.approx(12, abs=0.4)
    assert plain["width"] == pytest.approx(5, rel=0.2)
    assert plain["decisiveness"] == pytest.approx(0.5, abs=0.1)
    assert seed.decisiveness_bounds == (seed.decisiveness, seed.decisiveness)
    assert plain["shape"] == "logistic"
    # P(any) reaches a tenth 2.5 rounds before the midpoint
    assert plain["onset"] == pytest.approx(10, abs=1)
