"""Thresholds survive their manifest and refuse what is none."""

from __future__ import annotations

import json

import pytest

from driftline.errors import SettingsError
from driftline.safety.thresholds import Thresholds


def test_a_manifest_gives_back_what_was_written() -> None:
    chosen = Thresholds(onset_prevalences=(0.1, 0.3), reviewed_per_round=4)
    assert Thresholds.from_json(json.loads(json.dumps(chosen.to_json()))) == chosen


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"decisive": 0.0}, "decisive is 0.0"),
        ({"confidence": 1.0}, "confidence is 1"),
        ({"bootstrap_draws": 0}, "bootstrap_draws is 0"),
        ({"onset_prevalences": (0.1, 3.0)}, "onset_prevalences is 3.0"),
        ({"onset_round_counts": ()}, "sweep is empty"),
        ({"control_rounds": 0.0}, "control_rounds is 0.0"),
        ({"reviewed": 3}, "unknown thresholds reviewed"),
    ],
)
def test_what_is_out_of_range_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Thresholds.from_json({**Thresholds().to_json(), **wrong})
