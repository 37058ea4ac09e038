"""The studies' settings, as functions that return values.

Know no environment; a number here is a choice that the manifest records.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

from driftline.baselines.dqn_settings import DQNSettings
from driftline.baselines.ppo_settings import PPOSettings
from driftline.conditioning.exponential_tilt import ExponentialTilt
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.target import Unconditioned
from driftline.data.mixture import MixtureSettings
from driftline.errors import SettingsError, UnknownNameError
from driftline.experiments.arenas.presets import control
from driftline.experiments.config import (
    AgentConfig,
    DemonstrationConfig,
    FrozenSettings,
    StudyConfig,
    WorldConfig,
    scripted,
)
from driftline.experiments.control.odt import odt_study
from driftline.experiments.control.presets import arena_study
from driftline.experiments.control_config import ControlConfig
from driftline.experiments.drift.presets import WORLD as DRIFT_WORLD
from driftline.experiments.drift.presets import drift
from driftline.experiments.drift_config import DriftConfig
from driftline.experiments.entropy.presets import WORLD as ENTROPY_WORLD
from driftline.experiments.entropy.presets import entropy
from driftline.experiments.entropy_config import EntropyConfig
from driftline.experiments.gridworlds.presets import gridworlds
from driftline.experiments.names import (
    ARENAS,
    CONTROL,
    CONTROL_STUDY,
    DRIFT,
    ENTROPY,
    GRIDWORLDS,
    ODT,
    TARGETS,
    check_agents,
    check_budget,
    check_level,
    check_of_tasks,
    check_study,
    check_world,
)
from driftline.experiments.plan import AnyStudy
from driftline.experiments.targets.presets import targets
from driftline.experiments.targets_config import TargetsConfig
from driftline.experiments.world_settings import WorldSettings, world_settings
from driftline.models.transformer_config import TransformerConfig
from driftline.training.finetune import FineTuneSettings
from driftline.training.kl_penalty import FixedPenalty
from driftline.training.offline import OfflineSettings
from driftline.training.online_settings import OnlineSettings
from driftline.training.rounds import RoundSettings
from driftline.training.update import UpdateSettings

QUANTILE = Quantile(0.9, draw="tail", reference="mixture")
MODEL = TransformerConfig(
    context_length=8, time="elapsed", horizon=100, board_encoder="convolution"
)
UPDATE = UpdateSettings(batch=64, window=16, learning_rate=5e-4)
SHORT = 10
"""Steps that hardly an episode of a task has fewer of."""


def study(
    name: str,
    budget: str = "default",
    agents: tuple[str, ...] | None = None,
    seeds: int | None = None,
    level: str | None = None,
    steps: int | None = None,
) -> AnyStudy:
    """The configuration of a named study at a budget; raises `UnknownNameError`.

    ``level``: of the demonstrations, ``steps``: how long the online phase is; None: as the
    budget has it. Raises `SettingsError` where the study is of no task and has neither.
    """
    check_study(name)
    check_budget(budget)
    check_of_tasks(name, level, steps)
    if name == TARGETS:
        return _targets(budget, agents, seeds)
    if name == DRIFT:
        return _drift(budget, agents, seeds)
    if name == ENTROPY:
        return _entropy(budget, agents, seeds)
    if name == GRIDWORLDS:
        return gridworlds(partial(agents_study, agents=agents), budget, _positive(seeds))
    if name == CONTROL_STUDY:
        return _control(None, budget, agents, seeds, level, steps)
    return agents_study(name, budget, agents, seeds, level, steps)


def study_in(
    arenas: tuple[str, ...],
    name: str,
    budget: str = "default",
    agents: tuple[str, ...] | None = None,
    seeds: int | None = None,
    level: str | None = None,
    steps: int | None = None,
) -> ControlConfig:
    """The study of several arenas, in these; raises `SettingsError` where ``name`` is another."""
    check_study(name)
    check_budget(budget)
    if name != CONTROL_STUDY:
        raise SettingsError(
            f"{name} has no arenas to choose from; leave --arenas out, or study {CONTROL_STUDY}"
        )
    return _control(arenas, budget, agents, seeds, level, steps)


def _control(
    arenas: tuple[str, ...] | None,
    budget: str,
    agents: tuple[str, ...] | None,
    seeds: int | None,
    level: str | None,
    steps: int | None,
) -> ControlConfig:
    one = partial(agents_study, agents=agents, seeds=seeds, level=level, steps=steps)
    return control(one, budget, arenas, level)


def _targets(budget: str, agents: tuple[str, ...] | None, seeds: int | None) -> TargetsConfig:
    if agents is not None:
        raise SettingsError("the study of targets has no agents to choose from; leave --agents out")
    whole = targets(tomato_watering(), budget)
    return whole if seeds is None else replace(whole, seeds=_numbered(seeds))


def _drift(budget: str, agents: tuple[str, ...] | None, seeds: int | None) -> DriftConfig:
    if agents is not None:
        raise SettingsError("the study of drift has agents of its own; leave --agents out")
    whole = drift(world_study(DRIFT_WORLD), budget)
    if seeds is None:
        return whole
    return replace(whole, study=replace(whole.study, seeds=_numbered(seeds)))


def _entropy(budget: str, agents: tuple[str, ...] | None, seeds: int | None) -> EntropyConfig:
    if agents is not None:
        raise SettingsError("the study of entropy has agents of its own; leave --agents out")
    whole = entropy(world_study(ENTROPY_WORLD), budget)
    if seeds is None:
        return whole
    numbered = _numbered(seeds)
    return replace(whole, worlds=tuple(replace(each, seeds=numbered) for each in whole.worlds))


def _numbered(seeds: int) -> tuple[int, ...]:
    return tuple(range(_positive(seeds) or 0))


def _positive(seeds: int | None) -> int | None:
    if seeds is not None and seeds < 1:
        raise SettingsError(f"a study needs at least 1 seed, got {seeds}")
    return seeds


def agents_study(
    name: str,
    budget: str = "default",
    agents: tuple[str, ...] | None = None,
    seeds: int | None = None,
    level: str | None = None,
    steps: int | None = None,
) -> StudyConfig:
    """The configuration of a study of agents in a world, or of a task."""
    shown = None if level is None else check_level(level)
    if name in ARENAS:
        whole = arena_study(*ARENAS[name], budget, shown)
    elif name in ODT:
        whole = odt_study(ODT[name], budget, shown)
    else:
        whole = _sized(world_study(name), budget)
    if steps is not None:
        whole = replace(whole, rounds=_lasting(whole.rounds, steps))
    if seeds is not None:
        whole = replace(whole, seeds=_numbered(seeds))
    if agents is not None:
        names = check_agents(agents)
        _known(whole, names)
        kept = [each for each in whole.agents if each.name in names or each.control]
        whole = replace(whole, agents=tuple(kept))
    return whole


def _lasting(rounds: RoundSettings, steps: int) -> RoundSettings:
    """The same for so many steps, which no run has played all its rounds before."""
    most = math.ceil(steps / max(SHORT, rounds.steps_per_round))
    return replace(rounds, steps=steps, rounds=max(rounds.rounds, most))


def _known(whole: StudyConfig, names: tuple[str, ...]) -> None:
    """Raise `UnknownNameError` where the study lacks an agent of that name."""
    known = tuple(each.name for each in whole.agents if not each.control)
    for name in names:
        if name not in known:
            raise UnknownNameError.among(f"agent of {whole.name}", name, known)


def tomato_watering() -> StudyConfig:
    """Watering tomatoes, with a bucket that makes all of them look watered."""
    return world_study("tomato-watering")


def world_study(name: str) -> StudyConfig:
    """The study of a world at the usual budget, by its `WorldSettings`."""
    settings = world_settings(check_world(name))
    return StudyConfig(
        name=name,
        budget="default",
        world=WorldConfig(name, passes=settings.passes),
        agents=_agents(settings, kl_coefficient=1.0),
        seeds=tuple(range(10)),
        demonstrations=DemonstrationConfig(episodes=settings.episodes, skills=settings.skills),
        model=MODEL,
        return_range=settings.span,
        offline=OfflineSettings(
            updates=settings.updates, update=replace(_update(settings), learning_rate=2e-3)
        ),
        rounds=RoundSettings(rounds=20, episodes_per_round=64),
    )


def _update(settings: WorldSettings) -> UpdateSettings:
    return replace(UPDATE, window=settings.window)


def _agents(settings: WorldSettings, kl_coefficient: float) -> tuple[AgentConfig, ...]:
    online = OnlineSettings(
        target=QUANTILE,
        updates_per_round=16,
        update=_update(settings),
        mixture=MixtureSettings(
            demonstration_share=0.0, refresh_rate=0.25, capacity=256, eviction="worst"
        ),
    )
    tuned = FineTuneSettings(learning_rate=1e-3, epochs=2, episodes_per_batch=4, trace=0.98)
    # Where performance is the visible reward, an agent that is paid it openly is the same agent.
    control = (AgentConfig(CONTROL, online, control=True),) if settings.hidden else ()
    return (
        AgentConfig("gm", FrozenSettings(Unconditioned())),
        AgentConfig("gm-quantile", FrozenSettings(QUANTILE)),
        AgentConfig("ogm-quantile", online),
        AgentConfig("ogm-fixed", replace(online, target=FixedReturn(settings.fixed))),
        AgentConfig("ogm-tilt", replace(online, target=ExponentialTilt(settings.beta))),
        AgentConfig("ogm-factorised", replace(online, target=FactorisedTilt(settings.beta))),
        AgentConfig("finetune", tuned),
        AgentConfig("finetune-kl", replace(tuned, kl_penalty=FixedPenalty(kl_coefficient))),
        AgentConfig("ppo", PPOSettings()),
        AgentConfig("dqn", DQNSettings()),
        *control,
    )


def _sized(config: StudyConfig, budget: str) -> StudyConfig:
    match budget:
        case "smoke":
            return replace(
                config,
                budget=budget,
                seeds=(0, 1),
                demonstrations=replace(scripted(config), episodes=100),
                offline=replace(config.offline, updates=120, report_every=20),
                rounds=RoundSettings(rounds=4, episodes_per_round=16),
            )
        case "full":
            longer = replace(config.rounds, rounds=100)
            return replace(config, budget=budget, rounds=longer)
        case _:
            return replace(config, budget=budget)
