"""A study in another precision or on another device is the same but for that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from driftline.errors import RunError, SettingsError
from driftline.experiments import build, presets, reckoning, studies
from driftline.experiments.config_json import to_json
from driftline.experiments.engines import go_on
from driftline.experiments.plan import plan
from driftline.experiments.reckoning import Chosen, chosen, heaviest, reckoned_in, reckoned_on
from driftline.experiments.run import begin
from driftline.records.run_directory import RunDirectory
from driftline.training.precision import Trial
from tests.experiments.tiny import tiny


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


@pytest.mark.parametrize(("whole", "expected"), [(0.0015, "bfloat16"), (0.0007, "float32")])
def test_what_is_faster_here_is_chosen(
    whole: float, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trying(width: int, rows: int, device: str) -> Trial:
        tries.append((width, rows, device, torch.get_num_threads()))
        return Trial(whole, 0.001)

    tries: list[tuple[int, int, str, int]] = []
    monkeypatch.setattr(reckoning, "tried", trying)
    found = chosen("auto", heaviest(presets.study("hopper")), "cuda")
    assert found.precision == expected
    assert found.why is not None
    assert f"learn in {expected}: 1,280 rows through a layer of 128 took " in found.why
    assert f"took {1e3 * whole:g} ms in float32 and 1.0 ms in bfloat16" in found.why
    assert tries == [(128, 1280, "cuda", 1)]
    large = heaviest(presets.study("hopper-odt", "full"))
    for device in ("cuda", "cpu"):
        chosen("auto", large, device)
    assert [each[:2] for each in tries[1:]] == [(512, 15_360), (512, 2_048)]
    for name in ("float32", "bfloat16"):
        assert chosen(name, large) == Chosen(name)
    assert len(tries) == 3


@pytest.mark.parametrize(
    ("name", "budget", "size"),
    [
        ("hopper-odt", "full", (512, 3 * 256 * 20)),
        ("hopper-odt", "default", (128, 3 * 64 * 20)),
        ("control", "default", (128, 64 * 20)),
        ("boat-race", "default", (64, 64 * 16)),
        ("gridworlds", "default", (64, 64 * 16)),
        ("targets", "default", (64, 64 * 16)),
    ],
)
def test_what_is_tried_is_as_large_as_what_the_study_learns(
    name: str, budget: str, size: tuple[int, int]
) -> None:
    assert heaviest(presets.study(name, budget)) == size


def test_what_was_chosen_and_why_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    unreported: None,
) -> None:
    monkeypatch.setattr(presets, "study", tiny)
    monkeypatch.setattr(studies, "_go", lambda *given: 0)
    monkeypatch.setattr(reckoning, "tried", lambda *given, **more: Trial(0.003, 0.001))
    out = tmp_path / "out"
    assert studies.run_study("tomato-watering", out=out, precision="auto") == 0
    assert "models learn in bfloat16" in " ".join(capsys.readouterr().out.split())
    stored = RunDirectory.open(out).manifest["configuration"]
    assert set(values_of(stored, "precision")) == {"bfloat16"}


def test_the_study_of_targets_has_no_device() -> None:
    with pytest.raises(SettingsError, match="targets trains models of several kinds"):
        studies.run_study("targets", budget="smoke", device="cpu")


def test_what_was_begun_elsewhere_is_not_gone_on_with_in_vain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unreported: None
) -> None:
    monkeypatch.setattr(presets, "study", tiny)
    monkeypatch.setattr(studies, "_go", lambda *given: 0)
    monkeypatch.setattr(studies, "check_device", lambda device: None)
    monkeypatch.setattr(build, "check_device", lambda device: None)
    out, options = tmp_path / "out", {"budget": "smoke", "workers": 1}
    assert studies.run_study("tomato-watering", out=out, device="cuda:7", **options) == 0  # type: ignore[arg-type]
    monkeypatch.undo()
    with pytest.raises(RunError, match="this was begun on cuda:7, and no device 'cuda:7'"):
        studies.resume(out)
    run = begin(tmp_path / "run", plan(out, replace(tiny(), device="cuda:7"))[0].config)
    with pytest.raises(RunError, match="resume it on a machine that has one"):
        studies.resume(run.path)
    assert not run.events()


def test_memory_that_a_gpu_lacks_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(run: object) -> Iterator[object]:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")
        yield

    run = begin(tmp_path / "run", plan(tmp_path, tiny())[0].config)
    monkeypatch.setattr("driftline.experiments.run.execute", full)
    with pytest.raises(RunError, match=r"no memory left for .* \(CUDA out of memory\).*--workers"):
        go_on(run)
