"""What the reference run is given, and how it is held against the preset."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, fields, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from driftline.data.trajectories import Trajectories
from driftline.experiments import presets
from driftline.experiments.config import StudyConfig
from driftline.spaces.specs import ContinuousActionSpec, VectorSpec
from driftline.training.judging import Judging

PLACE = Path(__file__).parents[2] / "reproductions" / "online_decision_transformer"
if not PLACE.is_dir():
    pytest.skip("reproductions/ is not beside the tests", allow_module_level=True)
sys.path.insert(0, str(PLACE))
import compare  # noqa: E402
from episodes import Episode, Settings, demonstrations, windows  # noqa: E402


def preset(budget: str) -> StudyConfig:
    config = presets.study("hopper-odt", budget)
    assert isinstance(config, StudyConfig)
    return config


def episode(steps: int, first: float) -> Episode:
    """States and actions that say which step of which episode they are of."""
    numbers = first + torch.arange(steps, dtype=torch.float32).unsqueeze(1)
    return Episode.of(numbers, -numbers, torch.ones(steps))


def test_returns_are_those_from_each_step_on() -> None:
    made = Episode.of(torch.zeros(3, 2), torch.zeros(3, 1), torch.tensor([1.0, -2.0, 4.0]))
    assert made.returns.squeeze(1).tolist() == [3.0, 2.0, 4.0]
    assert (made.steps, made.whole) == (3, 3.0)


def test_the_last_observation_of_an_episode_belongs_to_no_step(tmp_path: Path) -> None:
    seen = np.arange(7, dtype=np.float32)[:, None]  # of two steps and of three, and of both ends
    np.savez(
        tmp_path / "data.npz",
        observations=seen,
        actions=np.arange(5, dtype=np.float32)[:, None],
        rewards=np.array([1.0, 2.0, 3.0, 4.0, 5.0]),
        starts=np.array([0, 2, 5]),
    )
    first, second = demonstrations(tmp_path / "data.npz")
    assert first.states.squeeze(1).tolist() == [0.0, 1.0]
    assert second.states.squeeze(1).tolist() == [3.0, 4.0, 5.0]
    assert second.actions.squeeze(1).tolist() == [2.0, 3.0, 4.0]
    assert second.returns.squeeze(1).tolist() == [12.0, 9.0, 5.0]


def test_windows_are_pieces_of_episodes_as_likely_as_these_are_long() -> None:
    data = [episode(10, 0.0), episode(40, 1000.0)]
    settings = Settings(batch=4000, context=4)
    batch, real = windows(data, settings, np.random.default_rng(0))
    starts = batch.states[:, 0, 0]
    assert abs(float((starts >= 1000.0).float().mean()) - 0.8) < 0.03
    inside = starts[starts >= 1000.0] - 1000.0
    assert inside.min() == 0.0
    assert inside.max() == 39.0  # a window may hang over the end
    rest = torch.where(starts < 1000.0, 10.0 - starts, 1040.0 - starts)
    assert torch.equal(real.sum(1), rest.clamp(max=4.0).long())
    expected = starts.unsqueeze(1) + torch.arange(4)
    assert torch.equal(batch.states[..., 0][real], expected[real])
    assert torch.equal(batch.actions[..., 0][real], -expected[real])


def test_the_reference_is_given_all_of_its_settings_and_no_others() -> None:
    given = compare.settings(preset("default"), seed=3)
    named = {name.replace("-", "_"): value for name, value in given.items()}
    known = asdict(Settings())
    assert set(named) == set(known)
    assert all(type(named[each.name]) is type(each.default) for each in fields(Settings))
    assert named["seed"] == 3


def test_the_full_budget_has_the_published_sizes_and_rates() -> None:
    given = compare.settings(preset("full"), seed=0)
    named = {name.replace("-", "_"): value for name, value in given.items()}
    assert named == asdict(Settings())


def judged(*means: float) -> compare.Judgements:
    return [
        {"environment_steps": 10 * number, "returns": [mean - 10.0, mean + 10.0]}
        for number, mean in enumerate(means)
    ]


def test_means_are_held_against_the_other_s_seeds() -> None:
    ours, theirs = (
        [judged(500.0, 1000.0), judged(600.0, 1200.0)],
        [
            judged(520.0, 1500.0),
            judged(700.0, 1700.0),
        ],
    )
    found = compare.table("hopper", {compare.PRESET: ours, compare.REFERENCE: theirs})
    scale = 100.0 / (3234.3 + 20.272305)
    known = found["scores"][compare.PRESET]
    assert known["offline"]["mean"] == pytest.approx((550.0 + 20.272305) * scale)
    assert known["end"]["least"] == pytest.approx((1000.0 + 20.272305) * scale)
    within = found["means"]
    assert within["preset within reference"] == {"offline": True, "online": False, "end": False}
    assert within["reference within preset"] == {"offline": False, "online": False, "end": False}


def test_the_online_score_is_of_every_judgement_but_the_first() -> None:
    runs = [judged(500.0, 300.0) + judged(1000.0, 1700.0)]
    found = compare.table("hopper", {compare.PRESET: runs, compare.REFERENCE: runs})
    (online,) = found["scores"][compare.PRESET]["online"]["seeds"]
    assert online == pytest.approx((1000.0 + 20.272305) * 100.0 / (3234.3 + 20.272305))


def test_a_reference_that_is_not_finished_is_refused(tmp_path: Path) -> None:
    lines = "".join(f"{json.dumps(each)}\n" for each in judged(500.0, 600.0))
    compare.file_of(tmp_path, 0, "jsonl").write_text(lines)
    assert len(compare.of_reference(tmp_path, 0, steps=10)) == 2
    with pytest.raises(SystemExit, match="does not reach 20 steps"):
        compare.of_reference(tmp_path, 0, steps=20)
    with pytest.raises(SystemExit, match="does not reach 20 steps"):
        compare.of_reference(tmp_path, 1, steps=20)


def test_seeds_of_several_machines_are_kept_and_plotted_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config, into = preset("smoke"), tmp_path / "kept"
    steps = config.rounds.steps or 0
    done = {0: judged(500.0, 600.0), 1: judged(700.0, 900.0)}
    for each in done.values():
        each[-1]["environment_steps"] = steps

    def of_preset(root: Path, seed: int) -> compare.Judgements:
        return done[seed] if root.name == f"machine-{seed}" else sys.exit("not finished")  # type: ignore[return-value]

    monkeypatch.setattr(compare, "of_preset", of_preset)
    for seed, each in done.items():
        root = tmp_path / f"machine-{seed}"
        out = tmp_path / f"machine-{seed}-reference"
        out.mkdir()
        lines = "".join(f"{json.dumps(one)}\n" for one in each)
        compare.file_of(out, seed, "jsonl").write_text(lines)
        compare.keep(root, config, out, into)
    assert capsys.readouterr().out.count("is left out") == 4
    assert compare.study(into) == config
    found = compare.kept(into)
    for name in (compare.PRESET, compare.REFERENCE):
        assert [[each["returns"] for each in run] for run in found[name]] == [
            [each["returns"] for each in run] for run in done.values()
        ]
    monkeypatch.setattr(sys, "argv", ["compare.py", "plot", str(into)])
    compare.main()
    assert "yes" in capsys.readouterr().out
    told = json.loads((into / "comparison.json").read_text())
    assert len(told["scores"]["reference"]["end"]["seeds"]) == 2
    assert (into / "comparison.svg").exists()
    with pytest.raises(SystemExit, match="of other settings"):
        compare.keep(tmp_path, preset("default"), tmp_path, into)


def test_a_reference_stays_on_its_device(tmp_path: Path) -> None:
    for needed in ("transformers", "torch_optimizer", "mujoco"):
        pytest.importorskip(needed, reason=f"the reference run needs {needed}")
    from reference import Training

    training = Training(small(), [episode(10, float(each)) for each in range(3)])
    state = training.state()
    training.restore(state)
    with pytest.raises(SystemExit, match="made on cuda; give that, or another --out"):
        training.restore({**state, "device": "cuda"})


def small() -> Settings:
    """Seconds, and every part of it."""
    return Settings(
        width=16,
        layers=1,
        heads=2,
        context=4,
        acting_context=2,
        batch=8,
        pretraining=6,
        updates=3,
        steps=60,
        replay=4,
        judge_every=30,
        judge_episodes=2,
    )


def test_the_reference_learns_plays_and_goes_on(tmp_path: Path) -> None:
    for needed in ("transformers", "torch_optimizer", "mujoco"):
        pytest.importorskip(needed, reason=f"the reference run needs {needed}")
    from reference import Training

    draw = np.random.default_rng(0)
    data = [
        Episode.of(
            torch.from_numpy(draw.normal(size=(9, 11))).float(),
            torch.from_numpy(draw.uniform(-1, 1, (9, 3))).float(),
            torch.ones(9),
        )
        for _ in range(5)
    ]
    out = tmp_path / "run.jsonl"
    whole = Training(small(), data)
    whole.run(out)
    told = [json.loads(line) for line in out.read_text().splitlines()]
    assert told[0]["environment_steps"] == 0
    assert told[-1]["environment_steps"] >= 60
    assert whole.updates == 6 + 3 * whole.rounds
    begun, again = Training(small(), data), tmp_path / "again.jsonl"
    while begun.updates < 4:
        begun.learn(begun.data)
    begun.store(again)
    continued = Training(small(), data)
    continued.restore(torch.load(again.with_suffix(".pt"), weights_only=True))
    continued.run(again)
    assert again.read_text() == out.read_text()


def hops(returns: list[float], steps: int = 6) -> Trajectories:
    """Of Hopper's shapes, each with a return of its own."""
    draw = np.random.default_rng(0)
    count = len(returns)
    return Trajectories(
        observations=draw.normal(size=(count * (steps + 1), 11)).astype(np.float32),
        actions=draw.uniform(-0.9, 0.9, (count * steps, 3)).astype(np.float32),
        rewards=np.repeat(np.array(returns) / steps, steps),
        starts=np.arange(count + 1) * steps,
        terminated=np.ones(count, bool),
        truncated=np.zeros(count, bool),
    )


def test_demonstrations_without_their_best_are_those_that_return_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mujoco", reason="the robots need mujoco")
    import room

    known = SimpleNamespace(
        observation=VectorSpec(11), action=ContinuousActionSpec((-1.0,) * 3, (1.0,) * 3)
    )
    recorded = hops([600.0, 120.0, 360.0, 240.0, 480.0])
    monkeypatch.setattr(room, "load_offline", lambda path: (known, recorded))
    config = preset("smoke")
    config = replace(
        config,
        seeds=(0,),
        model=replace(config.model, width=16, layers=1),
        offline=replace(config.offline, updates=4, report_every=4),
        rounds=replace(config.rounds, steps=60, judging=Judging(steps=30, episodes=2)),
    )
    room.demos(tmp_path, config, tmp_path / "room", below=480.0)
    told = json.loads((tmp_path / "room" / room.TOLD).read_text())
    assert told["seeds"]["0"]["episodes"] == 3
    assert told["seeds"]["0"]["best tenth"] == pytest.approx(380.272305 * 100 / 3254.572305)
    left = demonstrations(tmp_path / "room" / "seed-000.npz")
    assert [round(each.whole) for each in left] == [120, 360, 240]
    room.preset(tmp_path, config, tmp_path / "room", 0, rate=2e-4)
    manifest = json.loads((tmp_path / "room" / "runs" / "preset-000" / "manifest.json").read_text())
    assert manifest["configuration"]["online"]["update"]["learning_rate"] == 2e-4
    kept = (tmp_path / "room" / "preset-000.jsonl").read_text().splitlines()
    assert json.loads(kept[0])["environment_steps"] == 0
    assert json.loads(kept[-1])["environment_steps"] >= 60
    with pytest.raises(SystemExit, match="no demonstration of seed 0 returns less than 100"):
        room.left_of(tmp_path, 0, 100.0)
