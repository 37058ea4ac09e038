"""A study in another precision or on another device is the same but for that."""

from __future__ import annotations

from typing import Any

import pytest

from driftline.experiments import presets, reckoning
from driftline.experiments.config_json import to_json
from driftline.experiments.reckoning import chosen, reckoned_in, reckoned_on
from driftline.training.precision import Trial


def values_of(value: Any, name: str) -> list[str]:
    """All that has the name in a configuration as JSON."""
    if isinstance(value, dict):
        own = [value[name]] if name in value else []
        return own + [each for part in value.values() for each in values_of(part, name)]
    if isinstance(value, list):
        return [each for part in value for each in values_of(part, name)]
    return []


@pytest.mark.parametrize("name", ["hopper-odt", "hopper", "control", "gridworlds", "drift"])
def test_all_updates_are_of_the_precision_and_nothing_else_changes(name: str) -> None:
    config = presets.study(name, "smoke")
    before = to_json(config)
    half = reckoned_in(config, "bfloat16")
    assert type(half) is type(config)
    found = values_of(to_json(half), "precision")
    assert set(found) == {"bfloat16"}
    assert len(found) == len(values_of(before, "precision"))
    assert reckoned_in(half, "float32") == config


@pytest.mark.parametrize("name", ["hopper-odt", "control", "gridworlds", "drift", "entropy"])
def test_all_studies_are_on_the_device_and_nothing_else_changes(name: str) -> None:
    config = presets.study(name, "smoke")
    moved = reckoned_on(config, "cuda")
    assert type(moved) is type(config)
    places = values_of(to_json(moved), "device")
    assert places == ["cuda"] * len(places)
    assert len(places) == len(values_of(to_json(config), "device")) > 0
    assert reckoned_on(moved, "cpu") == config


@pytest.mark.parametrize(("ratio", "expected"), [(1.5, "bfloat16"), (0.7, "float32")])
def test_what_is_faster_here_is_chosen(
    ratio: float, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reckoning, "tried", lambda width, rows, device: Trial(ratio))
    assert chosen("auto") == expected
    assert chosen("float32") == "float32"
    assert chosen("bfloat16") == "bfloat16"
