"""A GM agent in environments that are not ours, from recordings that are not ours either."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pandas
import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import driftline as dl
from driftline.cli.main import run as command_line
from driftline.data.returns import flat_returns_to_go
from driftline.errors import (
    DataError,
    RunError,
    RunExistsError,
    SettingsError,
    SpaceError,
    TargetError,
)
from tests.data.test_store import same
from tests.experiments.recorded import (
    CART,
    HOLES,
    LAKE,
    balancer,
    dry_lake,
    record,
    short_cart,
    walker,
)

SMALL = dl.TransformerConfig(width=32, layers=1, heads=2, context_length=8, board_width=32)
QUICK = dl.OfflineSettings(
    updates=200, update=dl.UpdateSettings(batch=64, window=8, learning_rate=5e-3)
)
ONLINE = dl.OnlineSettings(
    dl.Quantile(0.9),
    updates_per_round=10,
    update=dl.UpdateSettings(batch=32, window=8, learning_rate=2e-3),
    mixture=dl.MixtureSettings(refresh_rate=0.5, capacity=64),
)
TOLERANCE = 0.15
"""How far an imitator's share of successes may be from its demonstrators'."""

ROUNDS = dl.RoundSettings(rounds=3, episodes_per_round=16)


@dl.detects("fell in a hole")
def hole(trajectory: dl.Trajectory) -> Any:
    return np.isin(trajectory.observations[1:], HOLES)


@dl.detects("leans right", undesired=False)
def leaning(trajectory: dl.Trajectory) -> Any:
    return trajectory.observations[1:, 2] > 0.1


@dataclass(frozen=True)
class World:
    demonstrations: dl.Demonstrations
    model: Any


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("datasets")


@pytest.fixture(scope="module")
def lake(root: Path) -> World:
    demonstrations = dl.load_minari(record(root, LAKE, dry_lake, walker, 200), root)
    return World(demonstrations, dl.fit(demonstrations, model=SMALL, offline=QUICK))


@pytest.fixture(scope="module")
def cart(root: Path) -> World:
    demonstrations = dl.load_minari(record(root, CART, short_cart, balancer, 100), root)
    return World(demonstrations, dl.fit(demonstrations, model=SMALL, offline=QUICK))


def online(world: World, run: Path, *more: Any, **settings: Any) -> Iterator[dl.Event]:
    given = {"online": ONLINE, "rounds": ROUNDS, "seed": 3, **settings}
    return dl.go_online(world.model, world.demonstrations, *more, run=run, **given)


def test_on_the_lake_the_agent_succeeds_as_often_as_those_it_imitates(lake: World) -> None:
    played = dl.play(lake.model, lake.demonstrations, episodes=400, detectors=[hole])
    demonstrated = lake.demonstrations.trajectories
    # Two standard errors of the agent's share are .05.
    assert abs(played.observed_returns.mean() - demonstrated.returns.mean()) < TOLERANCE
    assert abs(played.trajectories.lengths.mean() / demonstrated.lengths.mean() - 1.0) < 0.15
    fell = np.mean([hole.flag(each).any() for each in demonstrated])
    assert 0.1 < fell < 0.6
    fallen = played.total(played.flags["fell in a hole"].astype(float))
    assert abs(fallen.mean() - fell) < TOLERANCE


def test_at_the_pole_the_agent_balances_as_long_as_those_it_imitates(cart: World) -> None:
    played = dl.play(cart.model, cart.demonstrations, episodes=200)
    demonstrated = cart.demonstrations.trajectories
    assert abs(played.observed_returns.mean() / demonstrated.returns.mean() - 1.0) < 0.1
    # The recorded time limit holds, and what it cut is not called an end.
    limited = played.trajectories.lengths == 40
    assert played.trajectories.lengths.max() == 40
    assert limited[played.trajectories.truncated].all()
    assert played.trajectories.terminated[~limited].all()
    assert played.trajectories.truncated.any()
    assert demonstrated.truncated.any()


def test_asked_for_a_return_the_agent_brings_more_of_it(cart: World) -> None:
    returns = [
        dl.play(cart.model, cart.demonstrations, target=target, episodes=100).observed_returns
        for target in (dl.FixedReturn(15.0), dl.FixedReturn(40.0))
    ]
    assert returns[1].mean() > returns[0].mean() + 2.0


def test_rounds_are_recorded_flagged_and_measured(
    lake: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "lake"
    events = list(online(lake, run, detectors=[hole]))
    assert [type(event) for event in events] == [
        *[dl.RoundCollected, dl.RoundMeasured, dl.RoundEnded] * 3,
        dl.RunFinished,
    ]
    recorded = dl.read_episodes(run)
    last = recorded.observed_returns[recorded.rounds == 2]
    frame = pandas.read_parquet(run / "episodes")
    assert len(frame) == len(recorded) == 48
    fell = frame["flag_fell in a hole"].map(any)
    # Who falls in has ended without the goal; nobody else has.
    assert (fell == (frame["terminated"] & (frame["observed_return"] == 0))).all()
    assert (frame["available_fell in a hole"].map(all)).all()
    by_round = [event.prevalence for event in events if isinstance(event, dl.RoundMeasured)]
    assert [each["fell in a hole"] for each in by_round] == fell.groupby(
        frame["round"]
    ).mean().tolist()
    measures = dl.measure_run(run)
    behaviour = measures.behaviours["fell in a hole"]
    assert behaviour.final_prevalence.value == by_round[-1]["fell in a hole"]
    assert measures.observed_return.value == last.mean()
    assert "fell in a hole" in str(measures)
    assert behaviour.onset.censored
    last_round = behaviour.table.rounds[-1]
    assert f"of final episodes; no onset by round {last_round} (0 of 1 seed); " in str(measures)
    capsys.readouterr()
    assert command_line(["measure", str(run)]) == 0
    assert "lake: " in capsys.readouterr().out
    written = json.loads((run / "measures.json").read_text())
    assert written["observed_return"]["mean"] == measures.observed_return.value
    assert list(written["behaviours"]) == ["fell in a hole"]


def test_seeds_are_measured_together_where_they_were_judged_alike(
    lake: World, tmp_path: Path
) -> None:
    few = dl.RoundSettings(rounds=1, episodes_per_round=4)
    seeds = [tmp_path / f"seed-{seed}" for seed in range(3)]
    for seed, run in enumerate(seeds):
        list(online(lake, run, seed=seed, rounds=few, detectors=[hole]))
    together = dl.measure_run(*seeds)
    assert together.seeds == 3
    returns = [dl.measure_run(run).observed_return.value for run in seeds]
    assert together.observed_return.value == pytest.approx(np.mean(returns))
    list(online(lake, tmp_path / "other", seed=4, rounds=few))
    with pytest.raises(RunError, match="differ in undesired"):
        dl.measure_run(*seeds, tmp_path / "other")
    with pytest.raises(RunError, match="is no run"):
        dl.measure_run(tmp_path)


def test_a_run_without_behaviours_is_measured_too(
    cart: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    list(online(cart, tmp_path / "cart"))
    assert command_line(["measure", str(tmp_path / "cart")]) == 0
    assert "observed return" in capsys.readouterr().out


def test_going_online_pays_on_the_lake(lake: World, tmp_path: Path) -> None:
    settings = replace(ONLINE, updates_per_round=25)
    rounds = dl.RoundSettings(rounds=6, episodes_per_round=32)
    list(online(lake, tmp_path / "run", online=settings, rounds=rounds))
    recorded = dl.read_episodes(tmp_path / "run")
    demonstrated = lake.demonstrations.trajectories.returns
    assert recorded.observed_returns[recorded.rounds == 5].mean() > demonstrated.mean() + 0.1


def test_the_model_of_a_run_is_the_one_its_last_round_left(lake: World, tmp_path: Path) -> None:
    events = online(lake, tmp_path / "run")
    next(events)
    began = dl.load_model(tmp_path / "run")
    assert same_weights(began, lake.model)
    assert len(list(events)) > 0
    assert not same_weights(dl.load_model(tmp_path / "run"), lake.model)


def same_weights(one: Any, other: Any) -> bool:
    mine, theirs = one.state_dict(), other.state_dict()
    return all(torch.equal(mine[name], theirs[name]) for name in mine)


@pytest.mark.parametrize("seen", [1, 3, 5, 8])
def test_the_same_call_goes_on_to_the_same_numbers(lake: World, tmp_path: Path, seen: int) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    uninterrupted = list(online(lake, whole, detectors=[hole]))
    first = list(islice(online(lake, parts, detectors=[hole]), seen))
    rest = list(online(lake, parts, detectors=[hole]))
    assert len(rest) == len(uninterrupted) - seen // 3 * 3
    assert numbers(first[: seen // 3 * 3] + rest) == numbers(uninterrupted)
    expected, found = dl.read_episodes(whole), dl.read_episodes(parts)
    for name in ("observations", "actions", "rewards", "starts", "terminated", "truncated"):
        same(getattr(expected.trajectories, name), getattr(found.trajectories, name))
    for name in ("commanded", "kl", "kl_previous", "rounds"):
        same(getattr(expected, name), getattr(found, name))
    same(expected.flags["fell in a hole"], found.flags["fell in a hole"])
    assert same_weights(dl.load_model(whole), dl.load_model(parts))
    assert str(dl.measure_run(whole)) == str(dl.measure_run(parts))
    assert list(online(lake, parts, detectors=[hole])) == []


def numbers(events: list[dl.Event]) -> list[dict[str, Any]]:
    """What the events say, but for how long it took."""
    return [
        {name: each for name, each in event.to_json().items() if name != "seconds"}
        for event in events
    ]


def test_a_saved_model_is_the_same_model(lake: World, tmp_path: Path) -> None:
    path = dl.save_model(lake.model, tmp_path / "model")
    loaded = dl.load_model(path)
    assert same_weights(loaded, lake.model)
    played = [
        dl.play(model, lake.demonstrations, episodes=8).trajectories
        for model in (lake.model, loaded)
    ]
    same(played[0].observations, played[1].observations)
    assert not list(tmp_path.rglob("*.pt"))
    dl.save_model(lake.model, path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine")
    with pytest.raises(RunExistsError, match="holds no model"):
        dl.save_model(lake.model, tmp_path / "taken")
    with pytest.raises(dl.DriftlineError, match="no checkpoint"):
        dl.load_model(tmp_path / "nowhere")


def test_an_environment_can_be_named_made_copied_or_vectorised(lake: World) -> None:
    demonstrations = lake.demonstrations
    slippery = replace(demonstrations, provenance={})
    given: list[Any] = [
        None,
        dry_lake,
        dry_lake(),
        SyncVectorEnv([dry_lake] * 12),
    ]
    plays = [dl.play(lake.model, demonstrations, each, episodes=12) for each in given]
    for each in plays[1:]:
        same(each.trajectories.observations, plays[0].trajectories.observations)
    iced = [
        dl.play(lake.model, slippery, each, episodes=12)
        for each in ("FrozenLake-v1", None, lambda: gymnasium.make("FrozenLake-v1"))
    ]
    for each in iced[1:]:
        same(each.trajectories.observations, iced[0].trajectories.observations)
    # Told apart: on ice that is not slippery nobody moves against the action.
    assert plays[0].trajectories.steps != iced[0].trajectories.steps


def test_a_return_that_was_demonstrated_is_asked_for_to_the_end(
    lake: World, tmp_path: Path
) -> None:
    # All own episodes may succeed, and then the mixture no longer holds a return of 0.
    mixture = dl.MixtureSettings(refresh_rate=1.0, capacity=4)
    settings = replace(ONLINE, target=dl.FixedReturn(0.0), mixture=mixture)
    list(online(lake, tmp_path / "run", online=settings))
    recorded = dl.read_episodes(tmp_path / "run")
    assert (recorded.commanded_returns == 0.0).all()
    stored = json.loads((tmp_path / "run" / "manifest.json").read_text())["configuration"]
    assert stored["online"]["target"] == {
        "kind": "FixedReturn", "value": 0.0, "extrapolate": False
    }  # fmt: skip


class Watched(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Between two holes the ice is thin, which only the hidden reward minds."""

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        cell, reward, terminated, truncated, info = super().step(action)
        info["hidden_reward"] = float(reward) - 0.5 * (cell == 6)
        info["flags"] = {"on thin ice": cell == 6}
        return cell, reward, terminated, truncated, info


class Forgetful(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Says something only when it happens."""

    def __init__(self, environment: Any, name: str, value: Any) -> None:
        super().__init__(environment)
        self.told = {name: value}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        cell, reward, terminated, truncated, info = super().step(action)
        return cell, reward, terminated, truncated, {**info, **(self.told if cell == 4 else {})}


def test_what_an_environment_hides_is_recorded_and_measured(lake: World, tmp_path: Path) -> None:
    list(online(lake, tmp_path / "run", lambda: Watched(dry_lake()), detectors=[hole]))
    recorded = dl.read_episodes(tmp_path / "run")
    data = recorded.trajectories
    cells = np.concatenate([each.observations[1:] for each in data])
    same(recorded.flags["on thin ice"], cells == 6)
    same(recorded.hidden_rewards, data.rewards - 0.5 * (cells == 6))
    measures = dl.measure_run(tmp_path / "run")
    assert set(measures.behaviours) == {"on thin ice", "fell in a hole"}
    assert measures.true_return is not None
    assert measures.true_return.value < measures.observed_return.value
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["configuration"]["environment"] == (
        "FrozenLake-v1(is_slippery=False, map_name='4x4', 100 steps) in Watched"
    )


@pytest.mark.parametrize("copies", [1, 16])
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("flags", {"back at the start": True}, "flags: back at the start"),
        ("hidden_reward", 1.0, "hidden_reward"),
        ("flags", True, "no mapping"),
    ],
)
def test_an_info_that_comes_and_goes_is_refused(
    lake: World, copies: int, name: str, value: Any, said: str
) -> None:
    def make() -> gymnasium.Env[Any, Any]:
        return Forgetful(dry_lake(), name, value)

    environment = SyncVectorEnv([make] * copies)
    with pytest.raises(DataError, match=said):
        dl.play(lake.model, lake.demonstrations, environment, episodes=32)


REFUSED: dict[str, tuple[dict[str, Any], type[dl.DriftlineError], str]] = {
    "a return nobody had": ({"target": dl.FixedReturn(2.0)}, TargetError, "data's range 0 to 1"),
    "an unknown id": ({"environment": "FrozenPond-v1"}, SettingsError, "cannot make FrozenPond"),
    "an ambiguous id": (
        {"environment": "FrozenLake-v1"}, SettingsError, "is_slippery=False.*leave the environment",
    ),
    "other spaces": ({"environment": "CartPole-v1"}, SpaceError, "environment that was demonst"),
    "spaces nobody supports": ({"environment": "Blackjack-v1"}, SpaceError, "not supported"),
    "no environment": ({"environment": dict}, SettingsError, "gave dict"),
    "one that cannot be copied": (
        {"environment": Watched(dry_lake())}, SettingsError, "cannot be recreated.*a function",
    ),
    "another way to reset": (
        {"environment": SyncVectorEnv([dry_lake], autoreset_mode=AutoresetMode.SAME_STEP)},
        SettingsError, "resets on the next step",
    ),
    "a detector of episodes": (
        {"detectors": [dl.Detector(dl.Behaviour("short"), lambda each: np.array(True))]},
        DataError, "flags of shape",
    ),
    "detectors of one name": ({"detectors": [hole, hole]}, SettingsError, "two detectors"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_suit_is_refused_in_one_line_before_anything_is_written(
    lake: World, tmp_path: Path, case: str
) -> None:
    settings, error, said = REFUSED[case]
    with pytest.raises(error, match=said) as caught:
        online(lake, tmp_path / "run", **settings)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_demonstrations_that_name_no_environment_need_one(lake: World, cart: World) -> None:
    unnamed = replace(lake.demonstrations, environment_id=None)
    with pytest.raises(SettingsError, match="do not say where"):
        dl.play(lake.model, unnamed)
    gone = replace(lake.demonstrations, environment_id="Pond-v0")
    with pytest.raises(SettingsError, match="import the package"):
        dl.play(lake.model, gone)
    with pytest.raises(SpaceError, match="give those it was fitted to"):
        dl.play(lake.model, cart.demonstrations)
    with pytest.raises(SettingsError, match="at least 1"):
        dl.play(lake.model, lake.demonstrations, episodes=0)


def test_wrappers_are_not_made_on_a_datasets_word(root: Path) -> None:
    def flat() -> gymnasium.Env[Any, Any]:
        return gymnasium.wrappers.TimeAwareObservation(short_cart())

    name = record(root, "cart/aware-v0", flat, balancer, 5)
    aware = dl.load_minari(name, root)
    model = dl.fit(aware, model=SMALL, offline=replace(QUICK, updates=1))
    with pytest.raises(SettingsError, match=r"in TimeAwareObservation.*function that makes"):
        dl.play(model, aware)
    assert len(dl.play(model, aware, flat, episodes=2)) == 2


def test_another_directory_or_other_settings_are_refused_and_nothing_is_changed(
    lake: World, cart: World, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    next(online(lake, run, detectors=[hole]))
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    other = dl.RoundSettings(rounds=4, episodes_per_round=16)
    for changed, said in (
        ({"rounds": other}, "rounds"),
        ({"seed": 4}, "seeds"),
        ({"detectors": []}, "detectors"),
        ({"thresholds": dl.Thresholds(whole=0.8)}, "thresholds"),
        ({"target": dl.Quantile(0.5)}, "online"),
        ({"environment": lambda: Watched(dry_lake())}, "environment"),
    ):
        with pytest.raises(RunError, match=rf"other settings \({said}\)"):
            online(lake, run, **{"detectors": [hole], **changed})
    untrained = dl.fit(lake.demonstrations, model=SMALL, offline=replace(QUICK, updates=1))
    with pytest.raises(RunError, match=r"other settings \(model\)"):
        online(replace(lake, model=untrained), run, detectors=[hole])
    with pytest.raises(RunError, match="environment, model, demonstrations"):
        online(cart, run, detectors=[])
    assert before == {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunExistsError, match="no run"):
        online(lake, tmp_path)
    assert command_line(["resume", str(run)]) == 2


def test_a_fit_is_to_its_demonstrations_and_the_range_that_was_given(lake: World) -> None:
    data = lake.demonstrations.trajectories
    few = replace(lake.demonstrations, trajectories=data.slice(0, 20))
    model = dl.fit(few, model=SMALL, offline=replace(QUICK, updates=2), return_range=(0.0, 2.0))
    assert (model.returns.low, model.returns.high) == (0.0, 2.0)
    assert model.observation == few.observation
    returns = flat_returns_to_go(few.trajectories.rewards, few.trajectories.starts)
    assert model.returns.centre == returns.mean()
    assert not model.training


def test_what_has_another_type_is_one_line_too() -> None:
    """Apart from this process, whose types are checked before anything else is."""
    program = """
import numpy as np, driftline as dl
from driftline.errors import DriftlineError
from driftline.experiments.own import _check_all
from driftline.spaces.specs import VectorSpec

def said(call, *given):
    try:
        call(*given)
    except DriftlineError as refusal:
        print(refusal)

@dl.detects("far")
def far(trajectory):
    return np.zeros(len(trajectory), bool)

data = dl.Demonstrations(
    dl.Trajectories(
        np.zeros((3, 2)), np.zeros((2, 1), np.float32), np.ones(2), np.array([0, 2]),
        np.array([True]), np.array([False]),
    ),
    VectorSpec(2),
    dl.ContinuousActionSpec((-1.0,), (1.0,)),
)
model = dl.fit(data, offline=dl.OfflineSettings(updates=1))
for detectors in (far, [len]):
    said(_check_all, model, data, dl.Unconditioned(), detectors)
said(dl.measure_run, ["runs/a", "runs/b"])
said(dl.OfflineSettings, -1)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("detectors are a list of detectors, got") == 2
    assert "a run is named by its path, got list; give several one by one" in done.stdout
    assert "updates and warm_up are at least 0 and report_every at least 1, got -1" in done.stdout
