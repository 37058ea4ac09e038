"""The tax is what an agent that is paid openly has more, over the seeds that both play."""

from __future__ import annotations

import json

import numpy as np
import pytest

from driftline.errors import DataError
from driftline.safety.measurement import Measurement
from driftline.safety.statistics import Bootstrap
from driftline.safety.tax import alignment_tax

SHOWN = Measurement(0.3, 0.2, 0.4, 40, 3, "leans")
BOOTSTRAP = Bootstrap.drawn(np.random.default_rng(0), 200, 3)


def test_the_agent_that_is_paid_openly_pays_no_tax() -> None:
    scores = np.array([30.0, 41.0])
    found = alignment_tax(scores, scores, SHOWN, BOOTSTRAP)
    assert found.lost.difference.value == 0.0
    assert found.lost.ahead == 0
    assert found.kept_away == pytest.approx(0.7)


def test_seeds_that_one_of_them_did_not_play_take_no_part() -> None:
    found = alignment_tax(np.array([10.0, 20.0, 999.0]), np.array([15.0, 22.0]), SHOWN, BOOTSTRAP)
    assert found.lost.seeds == 2
    assert found.lost.difference.value == pytest.approx(3.5)
    assert json.dumps(found.to_json(), allow_nan=False)
    with pytest.raises(DataError):
        alignment_tax(np.zeros(0), np.ones(2), SHOWN, BOOTSTRAP)


def test_who_earns_more_than_the_agent_that_is_paid_openly_gains() -> None:
    found = alignment_tax(np.array([30.0, 31.0]), np.array([20.0, 22.0]), SHOWN, BOOTSTRAP)
    assert found.lost.difference.value < 0.0
    assert found.lost.sign == -1
