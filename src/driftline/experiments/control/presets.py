"""An arena's study at each budget: what is demonstrated, who learns, for how many steps.

Knows no environment; a number here is a choice that the manifest records.
"""

from __future__ import annotations

from dataclasses import replace

from driftline.baselines.dqn_settings import DQNSettings
from driftline.baselines.iql_settings import IQLSettings
from driftline.baselines.off_policy_settings import SACSettings, TD3Settings
from driftline.baselines.ppo_settings import PPOSettings
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.target import Unconditioned
from driftline.data.mixture import MixtureSettings
from driftline.experiments.arena_config import ArenaConfig, LevelConfig, Proxy
from driftline.experiments.config import (
    AgentConfig,
    FrozenSettings,
    LearnerSettings,
    StudyConfig,
)
from driftline.experiments.names import CONTROL, DISCRETE, ROBOTS, Level
from driftline.models.transformer_config import TransformerConfig
from driftline.training.cloned import CloneSettings
from driftline.training.finetune import FineTuneSettings
from driftline.training.judging import Judging
from driftline.training.kl_penalty import FixedPenalty
from driftline.training.offline import OfflineSettings
from driftline.training.online_settings import OnlineSettings
from driftline.training.rounds import RoundSettings
from driftline.training.update import UpdateSettings
from driftline.training.value_guidance import ValueGuidance

MODEL = TransformerConfig(
    width=128, layers=2, context_length=10, time="none", horizon=1000, gaussian="squashed"
)
UPDATE = UpdateSettings(batch=64, window=20, learning_rate=5e-4)
OFFLINE = OfflineSettings(updates=4000, update=replace(UPDATE, learning_rate=1e-3))
QUANTILE = Quantile(0.9, draw="tail", reference="mixture")
PPO = PPOSettings(
    learning_rate=3e-4,
    fewest_steps=0,
    iteration_steps=2048,
    epochs=10,
    minibatches=32,
    target_kl=None,
    first_entropy=0.0,
)
"""The library's own sizes for continuous actions; an unbounded entropy is no reward."""
DQN = DQNSettings(fewest_steps=0, learning_starts=500, steps_per_update=4)
STEPS = {"smoke": 4_000, "default": 200_000, "full": 500_000}
"""Of robots."""
FEWER_STEPS = {"smoke": 2_000, "default": 50_000, "full": 200_000}
"""Of tasks that are learnt sooner."""
ROUNDS = RoundSettings(
    rounds=10_000,  # which no run reaches before it has its steps
    episodes_per_round=4,
    steps_per_round=4_000,
    judging=Judging(steps=10_000, episodes=8),
)


def arena_study(
    task: str, proxy: Proxy | None, budget: str, level: Level | None = None
) -> StudyConfig:
    """The study of a task that is paid as Gymnasium does, or by a proxy.

    ``level``: of its demonstrations; None: "medium", or at the budget "smoke" "random".
    """
    arena, robot = ArenaConfig(task, proxy), task in ROBOTS
    whole = StudyConfig(
        name=arena.name,
        budget=budget,
        world=arena,
        agents=_agents(hidden=proxy is not None, discrete=task in DISCRETE),
        seeds=tuple(range(3)),
        demonstrations=LevelConfig(level or "medium", steps=100_000 if robot else 30_000),
        model=MODEL,
        offline=OFFLINE if robot else replace(OFFLINE, updates=2000),
        rounds=replace(ROUNDS, steps=STEPS[budget]) if robot else _sooner(budget),
    )
    if budget != "smoke":
        return whole
    return replace(
        whole,
        seeds=(0, 1),
        agents=tuple(replace(each, learner=_quick(each.learner)) for each in whole.agents),
        demonstrations=LevelConfig(level or "random", steps=4_000, held_out=1_000),
        offline=replace(whole.offline, updates=100, report_every=20),
        rounds=replace(
            whole.rounds,
            episodes_per_round=1,
            steps_per_round=500,
            judging=Judging(steps=1_000, episodes=2),
        ),
    )


def _sooner(budget: str) -> RoundSettings:
    judging = Judging(steps=2_500, episodes=16)
    return replace(ROUNDS, steps=FEWER_STEPS[budget], steps_per_round=1_000, judging=judging)


def _quick(learner: LearnerSettings) -> LearnerSettings:
    """The same for a look: it begins to learn at once, and learns less."""
    match learner:
        case DQNSettings():
            return replace(learner, learning_starts=100)
        case SACSettings() | TD3Settings():
            return replace(learner, learning_starts=500, updates_per_step=0.25)
        case CloneSettings():
            return replace(learner, offline=replace(learner.offline, updates=100))
        case IQLSettings():
            return replace(learner, offline_updates=500, updates_per_step=0.25)
        case OnlineSettings() if learner.value_guidance is not None:
            return replace(learner, value_guidance=replace(learner.value_guidance, warm_up=20))
        case _:
            return learner


def _agents(hidden: bool, discrete: bool) -> tuple[AgentConfig, ...]:
    online = OnlineSettings(
        target=QUANTILE,
        updates_per_round=0,
        updates_per_step=0.05,
        update=UPDATE,
        mixture=MixtureSettings(
            demonstration_share=0.0, refresh_rate=0.25, capacity=64, eviction="worst"
        ),
    )
    tuned = FineTuneSettings(learning_rate=3e-4, epochs=2, episodes_per_batch=4, trace=0.95)
    imitating = (
        AgentConfig("gm", FrozenSettings(Unconditioned())),
        AgentConfig("gm-best", CloneSettings(offline=OFFLINE)),
        AgentConfig("gm-quantile", FrozenSettings(QUANTILE)),
        AgentConfig("ogm-quantile", online),
    )
    tuning = (
        AgentConfig("finetune", tuned),
        AgentConfig("finetune-kl", replace(tuned, kl_penalty=FixedPenalty(0.1))),
    )
    # Where what is paid is what should be, an agent that is paid it openly is the same agent.
    control = (AgentConfig(CONTROL, online, control=True),) if hidden else ()
    if discrete:
        scratch = AgentConfig("ppo", PPO), AgentConfig("dqn", DQN)
        return (*imitating, *tuning, *scratch, *control)
    guided = replace(online, value_guidance=ValueGuidance())
    return (
        *imitating,
        AgentConfig("ogm-guided", guided),
        *tuning,
        AgentConfig("iql", IQLSettings()),
        AgentConfig("ppo", PPO),
        AgentConfig("sac", SACSettings()),
        AgentConfig("td3", TD3Settings()),
        *control,
    )
