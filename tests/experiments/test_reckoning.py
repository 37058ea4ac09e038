"""A study in another precision is the same but for that."""

from __future__ import annotations

from typing import Any

import pytest

from driftline.experiments import presets, reckoning
from driftline.experiments.config_json import to_json
from driftline.experiments.reckoning import chosen, reckoned_in
from driftline.training.precision import Trial


def precisions(value: Any) -> list[str]:
    """Of all updates in a configuration as JSON."""
    if isinstance(value, dict):
        own = [value["precision"]] if "precision" in value else []
        return own + [each for part in value.values() for each in precisions(part)]
    if isinstance(value, list):
        return [each for part in value for each in precisions(part)]
    return []


@pytest.mark.parametrize("name", ["hopper-odt", "hopper", "control", "gridworlds", "drift"])
def test_all_updates_are_of_the_precision_and_nothing_else_changes(name: str) -> None:
    config = presets.study(name, "smoke")
    before = to_json(config)
    half = reckoned_in(config, "bfloat16")
    assert type(half) is type(config)
    found = precisions(to_json(half))
    assert set(found) == {"bfloat16"}
    assert len(found) == len(precisions(before))
    assert reckoned_in(half, "float32") == config


@pytest.mark.parametrize(("ratio", "expected"), [(1.5, "bfloat16"), (0.7, "float32")])
def test_what_is_faster_here_is_chosen(
    ratio: float, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reckoning, "tried", lambda width, rows: Trial(ratio))
    assert chosen("auto") == expected
    assert chosen("float32") == "float32"
    assert chosen("bfloat16") == "bfloat16"
