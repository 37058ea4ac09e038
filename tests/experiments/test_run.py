"""One run: stopped anywhere, damaged or done, it goes on to the same end or says what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from driftline.errors import CheckpointError, RunError
from driftline.experiments import recorded_rounds as rounds
from driftline.experiments import run as module
from driftline.experiments.config import OfflineRunConfig, RunConfig
from driftline.experiments.engines import go_on
from driftline.experiments.plan import OFFLINE, run_path
from driftline.experiments.run import begin, execute, finished, load_offline, read_episodes
from driftline.records.alone import alone
from driftline.records.run_directory import RunDirectory
from driftline.training.checkpoint import load_checkpoint
from tests.experiments.tiny import agent_of, identical, same_run, shape_of, tiny, told
from tests.training.learners import same_tensors

AGENT = "ogm-quantile"
CONFIG = tiny()
RUN = RunConfig(CONFIG, agent_of(CONFIG, AGENT), 0, f"../../{OFFLINE}/seed-000")


@pytest.fixture
def root(studied: Path, tmp_path: Path) -> Path:
    """A study whose offline phase alone is done."""
    kept = run_path(Path(), OFFLINE, 0)
    shutil.copytree(studied / kept, tmp_path / kept)
    return tmp_path


def fresh(root: Path) -> RunDirectory:
    return begin(run_path(root, AGENT, 0), RUN)


def last(run: RunDirectory) -> Any:
    return load_checkpoint(run.checkpoint("last"))[0]


def test_a_run_tells_its_rounds_in_order_and_ends(studied: Path) -> None:
    events = told(run_path(studied, AGENT, 0))
    names = ["RoundCollected", "RoundMeasured", "RoundEnded"]
    assert [each["event"] for each in events] == 3 * names + ["RunFinished"]
    assert [each["round"] for each in events[:-1]] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    offline = told(run_path(studied, OFFLINE, 0))
    assert [each["event"] for each in offline] == 5 * ["OfflineProgress"] + ["RunFinished"]


def test_what_was_played_is_there_when_its_event_is_heard(root: Path) -> None:
    run = fresh(root)
    events = execute(run)
    first = next(events)
    assert identical(read_episodes(run.path), first.episodes)
    assert [each["event"] for each in run.events()] == ["RoundCollected"]
    events.close()


def test_every_recorded_episode_is_measured_and_its_own(studied: Path) -> None:
    episodes = read_episodes(run_path(studied, AGENT, 0))
    assert shape_of(episodes) == (3, 12)
    assert set(episodes.sources) == {"self"}
    for column in (episodes.hidden_rewards, episodes.commanded, episodes.kl, episodes.kl_previous):
        assert np.isfinite(column).all()
    assert episodes.behaviours
    assert set(read_episodes(run_path(studied, OFFLINE, 0)).sources) == {"demonstration"}


def test_a_run_stopped_after_any_event_ends_as_if_it_had_not_been(
    studied: Path, root: Path
) -> None:
    run = fresh(root)
    for heard in (1, 2, 3, 1, 5):
        events = execute(run)
        assert len(list(islice(events, heard))) == heard
        events.close()
        assert not finished(run.path)
    go_on(run)
    whole = run_path(studied, AGENT, 0)
    assert same_run(run.path, whole)
    assert same_tensors(last(run), last(RunDirectory.open(whole)))


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


def dying(function: Callable[..., Any], call: int, after: bool) -> Callable[..., Any]:
    """``function``, whose ``call``-th call does not return; ``after``: its work is done."""
    calls = iter(range(1000))

    def called(*arguments: Any, **options: Any) -> Any:
        if next(calls) != call:
            return function(*arguments, **options)
        if after:
            function(*arguments, **options)
        raise Killed

    return called


def kill_at(
    run: RunDirectory, monkeypatch: pytest.MonkeyPatch, where: str, call: int, after: bool
) -> None:
    storing = rounds if run.manifest["kind"] == "rounds" else module
    owner: Any = storing if where == "save_checkpoint" else RunDirectory
    with monkeypatch.context() as patch:
        patch.setattr(owner, where, dying(getattr(owner, where), call, after))
        with pytest.raises(Killed):
            go_on(run)
    assert not finished(run.path)


def test_a_kill_around_any_write_is_made_good(
    studied: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fresh(root)
    monkeypatch.setattr(module, "CHECKPOINT_SECONDS", 0.0)
    for where, call, after in [
        ("write_episodes", 0, False),  # round 0: nothing stored, not even a line
        ("append", 0, True),  # its episodes and a line
        ("append", 3, False),  # all but the line that it ended
        ("save_checkpoint", 0, False),  # all but what the next round starts from
        ("save_checkpoint", 0, True),  # round 0 whole, round 1 not begun
        ("append", 0, True),  # the line that it goes on, twice
        ("write_episodes", 0, True),  # round 1: episodes nobody has heard of
        ("save_checkpoint", 1, True),  # every round, but not that it is done
    ]:
        kill_at(run, monkeypatch, where, call, after)
    go_on(run)
    assert same_run(run.path, run_path(studied, AGENT, 0))


def test_a_kill_costs_only_the_rounds_of_the_last_seconds(
    studied: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, saves = fresh(root), []
    stored = rounds.save_checkpoint
    monkeypatch.setattr(rounds, "save_checkpoint", lambda *each: (saves.append(1), stored(*each)))
    kill_at(run, monkeypatch, "write_episodes", 2, False)
    assert saves == []
    assert not run.checkpoint("last").exists()
    go_on(run)
    assert saves == [1]
    assert same_run(run.path, run_path(studied, AGENT, 0))


def test_who_stops_at_the_end_of_a_round_loses_nothing(studied: Path, root: Path) -> None:
    run = fresh(root)
    events = execute(run)
    assert [type(each).__name__ for each in islice(events, 6)][-1] == "RoundEnded"
    assert not run.checkpoint("last").exists()
    events.close()
    assert load_checkpoint(run.checkpoint("last"))[1]["round"] == 1
    go_on(run)
    assert same_run(run.path, run_path(studied, AGENT, 0))
    assert [each["round"] for each in run.events() if each["event"] == "Resumed"] == [2]


def test_an_offline_phase_killed_anywhere_makes_the_same_model(
    studied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = run_path(tmp_path, OFFLINE, 0)
    run = begin(path, OfflineRunConfig(CONFIG, 0))
    for where, call, after in [
        ("write_episodes", 0, True),
        ("append", 2, True),
        ("save_checkpoint", 0, False),
        ("save_checkpoint", 0, True),
    ]:
        kill_at(run, monkeypatch, where, call, after)
    go_on(run)
    whole = run_path(studied, OFFLINE, 0)
    assert same_run(path, whole)
    assert same_tensors(load_offline(path)[0].state_dict(), load_offline(whole)[0].state_dict())


def test_a_run_that_is_done_does_and_writes_nothing(studied: Path) -> None:
    path = run_path(studied, AGENT, 0)
    before = {each: each.stat().st_mtime_ns for each in path.rglob("*") if each.is_file()}
    assert finished(path)
    assert list(execute(RunDirectory.open(path))) == []
    after = {each: each.stat().st_mtime_ns for each in path.rglob("*") if each.is_file()}
    assert {each: at for each, at in after.items() if each.name != ".lock"} == {
        each: at for each, at in before.items() if each.name != ".lock"
    }


def test_a_run_that_never_began_is_not_finished(tmp_path: Path) -> None:
    assert not finished(tmp_path / "nowhere")


def test_beginning_twice_is_to_open_what_is_there(root: Path) -> None:
    assert fresh(root).manifest == fresh(root).manifest


def test_a_run_is_gone_on_with_by_one_process_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fresh(root)
    monkeypatch.setattr(module, "alone", lambda path: alone(path, patience=0.1))
    with alone(run.path), pytest.raises(RunError, match="in use by another process"):
        go_on(run)
    assert run.events() == []


def test_a_run_is_gone_on_with_on_one_thread(
    root: Path, studied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On two, sums round to other numbers than those it would have had in its study."""
    used: list[int] = []

    def counting(*arguments: Any) -> Any:
        used.append(torch.get_num_threads())
        return measured(*arguments)

    measured, before = rounds.measured, torch.get_num_threads()
    monkeypatch.setattr(rounds, "measured", counting)
    torch.set_num_threads(2)
    try:
        run = fresh(root)
        go_on(run)
    finally:
        torch.set_num_threads(before)
    assert used == [1, 1, 1]
    assert same_run(run.path, run_path(studied, AGENT, 0))


def damage(checkpoint: Path) -> None:
    tensors = next(checkpoint.glob("*.safetensors"))
    data = bytearray(tensors.read_bytes())
    data[-1] ^= 1
    tensors.write_bytes(data)


def test_a_damaged_checkpoint_is_refused_and_without_it_the_run_begins_again(
    studied: Path, root: Path
) -> None:
    run = fresh(root)
    list(islice(execute(run), 5))
    damage(run.checkpoint("last"))
    with pytest.raises(CheckpointError, match=r"is damaged.*delete the directory and resume"):
        go_on(run)
    assert not finished(run.path)
    shutil.rmtree(run.checkpoint("last"))
    go_on(run)
    assert same_run(run.path, run_path(studied, AGENT, 0))


@pytest.mark.parametrize("how", ["damaged", "gone", "of other weights"])
def test_a_demonstrator_that_cannot_be_loaded_says_what_to_delete(root: Path, how: str) -> None:
    offline = run_path(root, OFFLINE, 0)
    checkpoint = RunDirectory.open(offline).checkpoint(module.DEMONSTRATOR)
    if how == "damaged":
        damage(checkpoint)
    elif how == "gone":
        shutil.rmtree(checkpoint)
    else:
        _, settings = load_checkpoint(checkpoint)
        module.save_checkpoint(checkpoint, {"other": torch.zeros(1)}, settings)
    with pytest.raises(CheckpointError) as caught:
        go_on(fresh(root))
    assert "seed-000 and resume the study" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_run_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    given = {"kind": "dream", "configuration": {}, "seeds": [0], "thresholds": {}}
    run = RunDirectory.create(tmp_path / "run", given)
    with pytest.raises(RunError, match="kind 'dream', which this version lacks"):
        go_on(run)


def test_a_missing_round_is_not_played_over(root: Path) -> None:
    run = fresh(root)
    list(islice(execute(run), 6))
    (run.path / "episodes" / "round-00000.parquet").unlink()
    with pytest.raises(RunError, match="holds no episodes of the rounds asked for"):
        go_on(run)
