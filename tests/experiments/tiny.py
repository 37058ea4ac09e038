"""Studies that take seconds: the presets' agents with hardly a weight, and runs compared.

Knows no test and none of the presets' numbers.
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from driftline.baselines.dqn_settings import DQNSettings
from driftline.baselines.iql_settings import IQLSettings
from driftline.baselines.off_policy_settings import SACSettings, TD3Settings
from driftline.baselines.ppo_settings import PPOSettings
from driftline.conditioning.exponential_tilt import ExponentialTilt
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.fixed import FixedReturn
from driftline.data.episodes import Episodes
from driftline.experiments import presets
from driftline.experiments.arena_config import LevelConfig
from driftline.experiments.config import AgentConfig, LearnerSettings, StudyConfig
from driftline.experiments.config_json import to_json
from driftline.experiments.control_config import ControlConfig
from driftline.experiments.places import DEPARTURE, RETURN_HEAD
from driftline.experiments.run import read_episodes
from driftline.models.transformer_config import TransformerConfig
from driftline.records.run_directory import RunDirectory
from driftline.training.cloned import CloneSettings
from driftline.training.finetune import FineTuneSettings
from driftline.training.judging import Judging
from driftline.training.online_settings import OnlineSettings
from driftline.training.rounds import RoundSettings
from driftline.training.update import UpdateSettings

FEW = ("gm", "ogm-quantile", "finetune-kl")
SMALL = UpdateSettings(batch=4, window=8)
study = presets.study


def tiny(
    name: str = "tomato-watering",
    budget: str = "smoke",
    agents: tuple[str, ...] | None = FEW,
    seeds: int | None = 1,
    level: str | None = None,
    steps: int | None = None,
) -> StudyConfig:
    """Three rounds of four episodes, twelve demonstrations, one layer of 16."""
    whole = study(name, budget, agents, seeds, level, steps)
    model = TransformerConfig(
        width=16, layers=1, heads=2, time="elapsed", board_encoder="dense", board_width=8
    )
    return replace(
        whole,
        agents=tuple(replace(each, learner=_smaller(each.learner)) for each in whole.agents),
        demonstrations=replace(whole.demonstrations, episodes=12, held_out=6),
        model=replace(model, horizon=whole.model.horizon),
        offline=replace(whole.offline, updates=5, warm_up=2, update=SMALL, report_every=1),
        rounds=RoundSettings(rounds=3, episodes_per_round=4),
        thresholds=replace(whole.thresholds, bootstrap_draws=40),
    )


def tiny_arena(
    name: str = "hopper-lean",
    agents: tuple[str, ...] | None = ("gm", "gm-best", "ogm-quantile", "iql", "sac"),
) -> StudyConfig:
    """Three rounds of two episodes or 60 steps, ten demonstrations by chance, one layer of 16."""
    whole = study(name, "smoke", agents, 1)
    assert isinstance(whole, StudyConfig)
    return replace(
        whole,
        agents=tuple(replace(each, learner=_smaller(each.learner)) for each in whole.agents),
        demonstrations=LevelConfig("random", steps=200, held_out=60),
        model=replace(whole.model, width=16, layers=1, heads=2),
        offline=replace(whole.offline, updates=5, warm_up=2, update=SMALL, report_every=1),
        rounds=RoundSettings(9, 2, steps_per_round=60, steps=150, judging=Judging(60, 2)),
        thresholds=replace(whole.thresholds, bootstrap_draws=40),
    )


def _smaller(learner: LearnerSettings) -> LearnerSettings:
    match learner:
        case OnlineSettings():
            # A fixed return was chosen for more demonstrations than there are here.
            fixed = isinstance(learner.target, FixedReturn)
            target = replace(learner.target, extrapolate=True) if fixed else learner.target
            if isinstance(target, ExponentialTilt | FactorisedTilt):
                target = replace(target, least_samples=0.0)
            mixture = replace(learner.mixture, refresh_rate=0.5, capacity=8)
            few = {"updates_per_round": 2, "update": SMALL}
            return replace(learner, target=target, mixture=mixture, **few)
        case FineTuneSettings():
            return replace(learner, epochs=1, episodes_per_batch=2)
        case PPOSettings():
            return replace(learner, fewest_steps=0, epochs=1, minibatches=2, width=8, layers=1)
        case CloneSettings():
            few = replace(learner.offline, updates=5, warm_up=2, update=SMALL)
            return replace(learner, offline=few)
        case IQLSettings():
            return replace(learner, offline_updates=3, updates_per_step=0.05, width=8, batch=8)
        case SACSettings() | TD3Settings():
            return replace(learner, learning_starts=0, updates_per_step=0.05, width=8, layers=1)
        case DQNSettings():
            few = {"fewest_steps": 0, "learning_starts": 0, "steps_per_update": 16, "batch": 8}
            return replace(learner, buffer_size=400, width=8, layers=1, **few)
        case _:
            return learner


def agent_of(config: StudyConfig, name: str) -> AgentConfig:
    """The agent of that name."""
    return next(each for each in config.agents if each.name == name)


def begun(root: Path, config: StudyConfig | ControlConfig) -> Path:
    """A study that was killed the moment it had written what it will do."""
    manifest = {
        "kind": "study",
        "configuration": to_json(config),
        "seeds": list(config.seeds),
        "thresholds": to_json(config.thresholds),
    }
    return RunDirectory.create(root, manifest).path


def runs_in(root: Path) -> list[Path]:
    """Every run of a study, by its path within it."""
    return sorted(path.parent.relative_to(root) for path in root.glob("runs/*/*/manifest.json"))


def summary_of(root: Path) -> dict[str, Any]:
    """What `summary.json` says, but for the time it took."""
    value: dict[str, Any] = json.loads((root / "summary.json").read_text())
    assert value.pop("wall_seconds") > 0.0
    return value


def told(run: Path) -> list[dict[str, Any]]:
    """The events that stand, but for what was resumed and how long it took."""
    events = RunDirectory.open(run).events()
    return [{**each, "seconds": None} for each in events if each["event"] != "Resumed"]


def same_run(one: Path, other: Path) -> bool:
    """Whether two runs recorded the same episodes, events and measures, bit for bit."""
    files = [sorted(path.name for path in run.glob("episodes/*")) for run in (one, other)]
    same = identical(read_episodes(one), read_episodes(other)) and wrote(one) == wrote(other)
    return files[0] == files[1] and same and told(one) == told(other)


def wrote(run: Path) -> dict[str, bytes]:
    """The measures that a run wrote of itself."""
    paths = [run / name for name in (DEPARTURE, RETURN_HEAD)]
    return {path.name: path.read_bytes() for path in paths if path.exists()}


def same_study(one: Path, other: Path) -> bool:
    """Whether two studies have the same runs and the same summary."""
    runs = runs_in(one)
    assert runs, f"{one} has no runs"
    return (
        runs == runs_in(other)
        and all(same_run(one / run, other / run) for run in runs)
        and summary_of(one) == summary_of(other)
    )


def identical(one: Any, other: Any) -> bool:
    """Whether values of the same dataclass hold the same bits, NaN included."""
    if isinstance(one, np.ndarray):
        same = one.dtype == other.dtype and one.shape == other.shape
        return bool(same and one.tobytes() == other.tobytes())
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(identical(one[n], other[n]) for n in one)
    if hasattr(one, "__dataclass_fields__"):
        assert isinstance(one, type(other))
        names = [field.name for field in fields(one)]
        return all(identical(getattr(one, name), getattr(other, name)) for name in names)
    return bool(one == other)


def shape_of(episodes: Episodes) -> tuple[int, int]:
    """How many rounds, and how many episodes in all."""
    return len(np.unique(episodes.rounds)), len(episodes)
