"""Your own environment, demonstrations and detectors: fit a GM agent, take it online.

Knows no world. Everything here is made of the same parts as the studies.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv

from driftline.agents.rollout import rollout
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Target, Unconditioned, command
from driftline.data.demonstrations import Demonstrations
from driftline.data.episodes import Episodes
from driftline.data.mixture import MixtureSettings
from driftline.data.trajectories import Trajectories
from driftline.errors import SettingsError, SpaceError
from driftline.experiments import build
from driftline.experiments.config import BaselineSettings
from driftline.experiments.freed_memory import keep_freed_memory
from driftline.experiments.one_thread import one_thread
from driftline.experiments.own_environment import OwnEnvironment, described, vectorised
from driftline.experiments.own_learner import (
    NAMES,
    apart_from,
    asking,
    check_schedule,
    generative,
)
from driftline.experiments.own_run import (
    OwnConfig,
    OwnSettings,
    begin_or_go_on,
    demonstrations_hash,
    manifest,
    model_hash,
)
from driftline.experiments.reckoning import Wanted, chosen, reckoned_in, sizes
from driftline.experiments.recorded_rounds import Play, recorded_rounds
from driftline.experiments.run import finished
from driftline.models.trainable import TrainableModel, device_of, placed
from driftline.models.transformer_config import Precision, TransformerConfig
from driftline.records.alone import alone
from driftline.records.events import Event, RunFinished
from driftline.records.run_directory import RunDirectory
from driftline.safety.behaviours import Detector, flag_with
from driftline.safety.thresholds import Thresholds
from driftline.seeding import generator, integer_seed
from driftline.training.frozen import Frozen
from driftline.training.offline import OfflineSettings, train_offline
from driftline.training.online_settings import OnlineSettings
from driftline.training.rounds import RoundSettings
from driftline.training.update import UpdateSettings

LOGGER = logging.getLogger("driftline")
NOTHING = Unconditioned()
ROUNDS = RoundSettings()
ONLINE = OnlineSettings(Quantile(0.9), mixture=MixtureSettings(0.0, 0.25, 256))


@one_thread()
def fit(
    demonstrations: Demonstrations,
    *,
    model: build.ModelConfig | None = None,
    offline: OfflineSettings | None = None,
    return_range: tuple[float, float] | None = None,
    seed: int = 0,
    device: str = "cpu",
    precision: Wanted | None = None,
) -> TrainableModel:
    """A GM agent's model, trained on the demonstrations alone.

    ``model`` is a `TransformerConfig`, or a `FlowPolicyConfig` for continuous actions
    that no one Gaussian describes.
    ``return_range`` bounds the return head's bins; by default they reach a tenth
    past the demonstrated returns-to-go. The default windows are 24 steps, or as
    long as the longest demonstration. ``device`` ("cuda", say) is where the weights are and
    stay: what plays or learns on with the model does so there. Raises `SettingsError`
    where there is no such device. ``precision`` is what products are computed in, in place of
    what ``offline`` says: "float32", "bfloat16", or "auto", which tries both for a second at
    these sizes and takes bfloat16 where it is 1.15 times as fast or faster. Which it took, the
    logger "driftline" says (INFO); another time it may be the other, and the weights others.
    Raises `UnknownNameError` of another precision.

    Freed memory is kept for this process from then on; see `keep_freed_memory`.
    """
    keep_freed_memory()
    config, settings = model or TransformerConfig(), offline or _offline(demonstrations)
    untrained = build.untrained(
        config,
        demonstrations.trajectories,
        demonstrations.observation,
        demonstrations.action,
        return_range,
        integer_seed(seed, "model"),
    )
    fitted = placed(untrained, device)
    if precision is not None:
        choice = chosen(precision, sizes(config, settings), device)
        settings = reckoned_in(settings, choice.precision)
        if choice.why is not None:
            LOGGER.info(choice.why)
    for _ in train_offline(
        fitted,
        demonstrations.trajectories,
        settings,
        integer_seed(seed, "offline"),
    ):
        pass
    return fitted.eval()


def _offline(demonstrations: Demonstrations) -> OfflineSettings:
    settings = OfflineSettings()
    return replace(settings, update=_fitted(settings.update, demonstrations))


def _online(demonstrations: Demonstrations) -> OnlineSettings:
    return replace(ONLINE, update=_fitted(ONLINE.update, demonstrations))


def _fitted(settings: UpdateSettings, demonstrations: Demonstrations) -> UpdateSettings:
    """Windows longer than every demonstration would be padding."""
    longest = int(demonstrations.trajectories.lengths.max())
    return replace(settings, window=min(settings.window, longest))


@one_thread()
def play(
    model: TrainableModel,
    demonstrations: Demonstrations,
    environment: OwnEnvironment = None,
    *,
    target: Target = NOTHING,
    episodes: int = 64,
    detectors: Sequence[Detector] = (),
    seed: int = 0,
) -> Episodes:
    """Episodes of the model as it is, asked for what ``target`` takes from the demonstrations.

    Unless told otherwise it is asked for nothing, which is behaviour cloning;
    ``environment`` is as for `go_online`.
    """
    if episodes < 1:
        raise SettingsError(f"episodes is at least 1, got {episodes}")
    _check_all(model, demonstrations, target, detectors)
    copies = vectorised(environment, demonstrations, episodes)
    agent = Frozen(model, target, demonstrations.trajectories).agent()
    played = rollout(copies, agent, episodes, integer_seed(seed, "play")).episodes
    return flag_with(played, detectors)


def go_online(
    model: TrainableModel,
    demonstrations: Demonstrations,
    environment: OwnEnvironment = None,
    *,
    run: Path | str,
    target: Target | None = None,
    detectors: Sequence[Detector] = (),
    online: OwnSettings | None = None,
    rounds: RoundSettings = ROUNDS,
    thresholds: Thresholds | None = None,
    seed: int = 0,
    precision: Precision | None = None,
) -> Iterator[Event]:
    """Rounds of an OGM agent, recorded in the directory ``run`` as they are iterated over.

    ``environment`` is a Gymnasium id, a function that makes an environment, one
    that can be copied, a vector environment that resets on the next step, or
    None: the one that was demonstrated, where the dataset says which.
    ``online`` says how it learns: by being fitted again to what it did
    (`OnlineSettings`, the default, a quantile of .9 of the mixture its target), by
    policy gradient with a KL penalty (`FineTuneSettings`), or as others do, beside whom it can
    then be held: `PPOSettings`, `DQNSettings`, `SACSettings` and `TD3Settings` from nothing,
    `IQLSettings` from the demonstrations. ``target`` replaces its target, which these have
    none of. PPO and DQN learn in eight more copies of their own, at least ``fewest_steps`` a
    round that are not recorded: 0 has them learn from as many as everyone else. ``precision`` is
    what a generative model learns in, in place of what ``online`` says. Freed memory is kept
    for this process from then on; see `keep_freed_memory`.

    Yields events; ``break`` stops. The same call goes on where the run stopped
    and ends with the same numbers (up to rounding on a GPU); once it is complete it
    yields nothing.
    Raises `DriftlineError` of the fitting kind, before anything is written,
    where environment, target, detectors or directory do not suit.
    """
    settings = asking(online or _online(demonstrations), target)
    settings = settings if precision is None else reckoned_in(settings, precision)
    asked = NOTHING if isinstance(settings, BaselineSettings) else settings.target
    _check_all(model, demonstrations, asked, detectors)
    if isinstance(settings, OnlineSettings) and settings.judged_by is not None:
        _check_all(model, demonstrations, settings.judged_by, ())
    check_schedule(settings, rounds)
    copies = vectorised(environment, demonstrations, rounds.episodes_per_round)
    config = OwnConfig(
        described(copies),
        settings,
        rounds,
        model_hash(model),
        demonstrations_hash(demonstrations),
    )
    device = device_of(model).type
    fixed = manifest(config, thresholds or Thresholds(), detectors, seed, device)
    path, data = integer_seed(seed, "learner"), demonstrations.trajectories
    opened = [] if isinstance(environment, VectorEnv) else [copies]

    def apart() -> VectorEnv[Any, Any, Any]:
        opened.append(apart_from(environment, demonstrations))
        return opened[-1]

    if isinstance(settings, BaselineSettings):
        learner = build.baseline(settings, model, data, apart, rounds.most, path)
    else:
        learner = generative(model, data, settings, path)
    directory = begin_or_go_on(Path(run), fixed, model)
    name = NAMES.get(type(settings), "ogm")
    play = Play(learner, copies, rounds, seed, name, tuple(detectors))
    return _events(directory, play, opened)


def _events(
    directory: RunDirectory, play: Play, opened: Sequence[VectorEnv[Any, Any, Any]]
) -> Iterator[Event]:
    """What is left of the run; closes the environments that were ``opened`` for it."""
    keep_freed_memory()
    with ExitStack() as stack, alone(directory.path), one_thread():
        for each in opened:
            stack.callback(each.close)
        if finished(directory.path):
            return
        began = time.perf_counter()
        yield from recorded_rounds(directory, play)
        done = RunFinished(time.perf_counter() - began)
        directory.append(done)
        yield done


def _check_all(
    model: TrainableModel,
    demonstrations: Demonstrations,
    target: Target,
    detectors: Sequence[Detector],
) -> None:
    """Raise the error that would come after minutes at once."""
    fitted, given = (model.observation, model.action), demonstrations
    if fitted != (given.observation, given.action):
        raise SpaceError(
            f"the model was fitted to {fitted[0]} and {fitted[1]}, the demonstrations have "
            f"{given.observation} and {given.action}; give those it was fitted to"
        )
    command(target, Reference.of(given.trajectories.returns), 1, generator(0, "check"))
    Frozen(model, target, given.trajectories).agent().begin(1, seed=0)
    listed = isinstance(detectors, Sequence)
    if not listed or not all(isinstance(each, Detector) for each in detectors):
        raise SettingsError(
            f"detectors are a list of detectors, got {detectors!r}; make a function one with "
            '@dl.detects("its name") and give [it]'
        )
    names = [each.behaviour.name for each in detectors]
    if len(set(names)) < len(names):
        raise SettingsError(f"two detectors have one name among {names}; name each differently")
    flag_with(_unmeasured(given.trajectories.slice(0, 1)), detectors)


def _unmeasured(trajectories: Trajectories) -> Episodes:
    """Demonstrations as episodes of which nothing is known but what was observed."""
    blank = np.full(trajectories.steps, np.nan)
    count = len(trajectories)
    return Episodes(
        trajectories, blank, blank, blank, blank, blank, np.zeros(count, np.int64),
        ("demonstration",) * count,
    )  # fmt: skip
