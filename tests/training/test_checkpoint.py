"""A checkpoint is there whole or not at all, and training resumed from one is exact."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from driftline.errors import CheckpointError, StorageError
from driftline.records import whole
from driftline.training.checkpoint import (
    load_checkpoint,
    load_optimiser,
    optimiser_tensors,
    save_checkpoint,
)


def tensors(seed: int = 0) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    weight = torch.randn(3, 4, generator=draw)
    return {
        "weight": weight,
        "tied": weight,
        "view": weight.T,
        "scalar": torch.tensor(2.5, dtype=torch.float64),
        "odd": torch.tensor([float("nan"), -0.0, float("inf")]),
        "mask": torch.tensor([True, False]),
        "empty": torch.zeros(0, 3),
    }


def assert_same(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert tensor.dtype == other[name].dtype
        assert tensor.shape == other[name].shape
        assert tensor.numpy().tobytes() == other[name].numpy().tobytes(), name


def test_tensors_and_values_come_back_bit_for_bit(tmp_path: Path) -> None:
    meta = {"round": 3, "rate": 0.1 + 0.2, "names": ["a"], "none": None}
    save_checkpoint(tmp_path / "last", tensors(), meta)
    stored, values = load_checkpoint(tmp_path / "last")
    assert_same(tensors(), stored)
    assert values == meta


def test_the_new_checkpoint_replaces_the_old_and_leaves_nothing_else(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, tensors(0), {"round": 0})
    (tmp_path / ".tensors-0.safetensors.partial").write_bytes(b"left by a kill")
    save_checkpoint(tmp_path, tensors(1), {"round": 1})
    assert load_checkpoint(tmp_path)[1] == {"round": 1}
    assert len(list(tmp_path.iterdir())) == 2


def test_no_file_of_a_checkpoint_can_run_code(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, tensors(), {})
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".safetensors"]


@pytest.mark.parametrize("write", [0, 1])
def test_a_disk_that_fills_up_at_any_write_keeps_the_previous_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: int
) -> None:
    save_checkpoint(tmp_path, tensors(0), {"round": 0})
    before = sorted(path.name for path in tmp_path.iterdir())
    calls = iter(range(100))

    def full(*arguments: Any) -> None:
        if next(calls) == write:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rename(*arguments)

    rename = os.replace
    monkeypatch.setattr(whole.os, "replace", full)
    with pytest.raises(StorageError, match="No space left"):
        save_checkpoint(tmp_path, tensors(1), {"round": 1})
    stored, meta = load_checkpoint(tmp_path)
    assert_same(tensors(0), stored)
    assert meta == {"round": 0}
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("write", [0, 1, 2])
def test_a_first_checkpoint_is_whole_or_its_directory_does_not_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: int
) -> None:
    calls, rename = iter(range(100)), os.replace

    def killed(*arguments: Any) -> None:
        if next(calls) == write:
            raise KeyboardInterrupt
        rename(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(whole.os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            save_checkpoint(tmp_path / "last", tensors(0), {})
    assert not (tmp_path / "last").exists()
    save_checkpoint(tmp_path / "last", tensors(1), {"round": 1})
    assert load_checkpoint(tmp_path / "last")[1] == {"round": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["last"]
    assert len(list((tmp_path / "last").iterdir())) == 2


def index_of(directory: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((directory / "checkpoint.json").read_text())
    return value


def cut_tensors(directory: Path) -> None:
    path = directory / index_of(directory)["tensors"]
    os.truncate(path, path.stat().st_size - 1)


def flip_a_bit(directory: Path) -> None:
    path = directory / index_of(directory)["tensors"]
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def lose_tensors(directory: Path) -> None:
    (directory / index_of(directory)["tensors"]).unlink()


def cut_index(directory: Path) -> None:
    os.truncate(directory / "checkpoint.json", 20)


def lose_index(directory: Path) -> None:
    (directory / "checkpoint.json").unlink()


def empty_index(directory: Path) -> None:
    (directory / "checkpoint.json").write_text("{}")


def later_format(directory: Path) -> None:
    (directory / "checkpoint.json").write_text(json.dumps({**index_of(directory), "format": 9}))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut_tensors, "is damaged"),
        (flip_a_bit, "is damaged"),
        (lose_tensors, "lacks its tensors"),
        (cut_index, "is not JSON"),
        (lose_index, "no checkpoint in"),
        (empty_index, "needs"),
        (later_format, "format 9"),
    ],
)
def test_a_corrupt_checkpoint_is_one_clear_line(tmp_path: Path, damage: Any, said: str) -> None:
    save_checkpoint(tmp_path, tensors(), {})
    damage(tmp_path)
    with pytest.raises(CheckpointError, match=said) as caught:
        load_checkpoint(tmp_path)
    assert "\n" not in str(caught.value)
    assert ";" in str(caught.value)


def model(seed: int = 0) -> torch.nn.Module:
    built = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=draw))
    return built


def train(built: torch.nn.Module, optimiser: torch.optim.Optimizer, first: int, stop: int) -> None:
    for step in range(first, stop):
        batch = torch.randn(16, 4, generator=torch.Generator().manual_seed(step))
        optimiser.zero_grad(set_to_none=True)
        built(batch).pow(2).mean().backward()
        optimiser.step()


@pytest.mark.parametrize("kind", ["Adam", "AdamW", "amsgrad", "SGD"])
def test_training_resumed_from_a_checkpoint_takes_the_same_steps_bit_for_bit(
    tmp_path: Path, kind: str
) -> None:
    def optimiser_of(built: torch.nn.Module, rate: float) -> torch.optim.Optimizer:
        if kind == "SGD":
            return torch.optim.SGD(built.parameters(), lr=rate, momentum=0.9)
        cls = torch.optim.Adam if kind == "Adam" else torch.optim.AdamW
        return cls(built.parameters(), lr=rate, betas=(0.9, 0.95), amsgrad=kind == "amsgrad")

    whole_run = model()
    optimiser = optimiser_of(whole_run, 0.01)
    train(whole_run, optimiser, 0, 5)
    moments, groups = optimiser_tensors(optimiser)
    state = {f"model.{name}": each for name, each in whole_run.state_dict().items()}
    state |= {f"optimiser.{name}": each for name, each in moments.items()}
    save_checkpoint(tmp_path, state, {"optimiser": groups})
    train(whole_run, optimiser, 5, 12)

    stored, meta = load_checkpoint(tmp_path)
    resumed = model(seed=1)
    again = optimiser_of(resumed, 0.5)
    resumed.load_state_dict({n[6:]: t for n, t in stored.items() if n.startswith("model.")})
    own = {n[10:]: t for n, t in stored.items() if n.startswith("optimiser.")}
    load_optimiser(again, own, meta["optimiser"])
    train(resumed, again, 5, 12)
    assert_same(dict(whole_run.state_dict()), dict(resumed.state_dict()))


def test_an_optimiser_that_has_not_stepped_is_restored_too() -> None:
    fresh = torch.optim.Adam(model().parameters(), lr=0.1)
    held, groups = optimiser_tensors(fresh)
    built = model()
    used = torch.optim.Adam(built.parameters(), lr=0.7)
    train(built, used, 0, 2)
    load_optimiser(used, held, groups)
    assert used.state_dict()["state"] == {}
    assert used.param_groups[0]["lr"] == 0.1


def test_an_optimiser_of_other_parameters_is_refused() -> None:
    built = model()
    optimiser = torch.optim.Adam(built.parameters())
    train(built, optimiser, 0, 1)
    held, groups = optimiser_tensors(optimiser)
    fewer = torch.optim.Adam(list(model().parameters())[:2])
    with pytest.raises(CheckpointError, match="groups of"):
        load_optimiser(fewer, held, groups)
    other = torch.optim.Adam(
        torch.nn.Sequential(torch.nn.Linear(9, 8), torch.nn.Linear(8, 1)).parameters()
    )
    with pytest.raises(CheckpointError, match="has shape"):
        load_optimiser(other, held, groups)
