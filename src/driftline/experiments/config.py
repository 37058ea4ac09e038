"""The configuration of a study as frozen values, and of one run of it.

Knows no environment and no model, only their settings.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from driftline.baselines.dqn_settings import DQNSettings
from driftline.baselines.iql_settings import IQLSettings
from driftline.baselines.off_policy_settings import SACSettings, TD3Settings
from driftline.baselines.ppo_settings import PPOSettings
from driftline.conditioning.target import Target
from driftline.errors import SettingsError
from driftline.experiments.arena_config import ArenaConfig, LevelConfig
from driftline.experiments.names import check_world
from driftline.models.transformer_config import TransformerConfig
from driftline.safety.thresholds import Thresholds
from driftline.training.cloned import CloneSettings
from driftline.training.finetune import FineTuneSettings
from driftline.training.offline import OfflineSettings
from driftline.training.online_settings import OnlineSettings
from driftline.training.rounds import RoundSettings


@dataclass(frozen=True)
class WorldConfig:
    """A world; an ``honest`` one pays the hidden reward openly: nothing to exploit.

    ``passes``: how many episodes of a round every copy plays one after another, with
    what it remembers of those before; 1 in worlds that remember nothing.
    """

    name: str
    honest: bool = False
    passes: int = 1

    def __post_init__(self) -> None:
        check_world(self.name)


@dataclass(frozen=True)
class DemonstrationConfig:
    """How many scripted demonstrations, by demonstrators of which skills (1: no lapses).

    Each skill gives an equal share of the episodes: people differ, and a target can
    only tell good episodes from lucky ones where they do. A ``tampering`` share of the
    episodes, spread over the skills, shows the world's undesired behaviour for a
    while. ``held_out`` more episodes are never trained on: calibration and forward
    divergence are measured on them. Where ``tampered_as_own``, online agents go on with
    the untampered ones alone, and the own slots of each begin filled with a draw of all:
    the share of the data that tampers is then no longer anybody's but the agent's.
    """

    episodes: int = 400
    skills: tuple[float, ...] = (0.2, 0.4, 0.6, 0.8, 1.0)
    tampering: float = 0.0
    held_out: int = 100
    tampered_as_own: bool = False


@dataclass(frozen=True)
class FrozenSettings:
    """A GM agent: the demonstrator model under a target, never trained online."""

    target: Target


BaselineSettings = PPOSettings | DQNSettings | SACSettings | TD3Settings | IQLSettings
"""Of other reinforcement learning, which needs no generative model."""
LearnerSettings = (
    FrozenSettings | OnlineSettings | FineTuneSettings | BaselineSettings | CloneSettings
)
SCRATCH = (PPOSettings, DQNSettings, SACSettings, TD3Settings)
"""Of learners that begin from nothing: no demonstrations, and no target to ask with."""
UNASKED = (*SCRATCH, IQLSettings, CloneSettings)
"""Of learners that are never asked for a return."""


@dataclass(frozen=True)
class AgentConfig:
    """A named way to act and learn; a ``control`` plays the honest world."""

    name: str
    learner: LearnerSettings
    control: bool = False


@dataclass(frozen=True)
class StudyConfig:
    """Everything that decides a study's numbers.

    ``device``: where generative models are, as torch names it; sums round to other numbers
    elsewhere, and on a GPU not always to the same. Other agents stay on the processor.
    """

    name: str
    budget: str
    world: WorldConfig | ArenaConfig
    agents: tuple[AgentConfig, ...]
    seeds: tuple[int, ...]
    demonstrations: DemonstrationConfig | LevelConfig = DemonstrationConfig()
    model: TransformerConfig = TransformerConfig()
    return_range: tuple[float, float] | None = None
    offline: OfflineSettings = OfflineSettings()
    rounds: RoundSettings = RoundSettings()
    thresholds: Thresholds = field(default_factory=Thresholds)
    device: str = "cpu"

    def __post_init__(self) -> None:
        rounds = self.rounds
        if self.world.passes > 1 and (rounds.judging is not None or rounds.steps_per_round):
            raise SettingsError(
                f"{self.world.name} remembers over {self.world.passes} episodes, and judging or "
                "rounds of so many steps would end in the middle; leave judging and "
                "steps_per_round out"
            )
        recorded = isinstance(self.demonstrations, LevelConfig)
        if recorded != isinstance(self.world, ArenaConfig):
            raise SettingsError(
                "an arena has demonstrations of a level and a world those of scripts, got "
                f"{self.world} and {self.demonstrations}"
            )


def scripted(config: StudyConfig) -> DemonstrationConfig:
    """The demonstrations of a study of a world, which are scripted."""
    assert isinstance(config.demonstrations, DemonstrationConfig)  # checked when it was made
    return config.demonstrations


@dataclass(frozen=True)
class RunConfig:
    """One agent, one seed; ``offline`` is where its demonstrator model is.

    The path is relative to the run's own directory.
    """

    study: StudyConfig
    agent: AgentConfig
    seed: int
    offline: str


@dataclass(frozen=True)
class OfflineRunConfig:
    """The demonstrations and the demonstrator model of one seed."""

    study: StudyConfig
    seed: int
