"""The online decision transformer as it was published, robot by robot.

Knows no environment. Numbers are those of Zheng, Zhang and Grover 2022 (arXiv:2202.05607,
appendix C, and the code beside it); what departs from them is listed in
docs/reproductions.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.target import Unconditioned
from driftline.data.mixture import MixtureSettings
from driftline.experiments.arena_config import ArenaConfig, LevelConfig
from driftline.experiments.config import AgentConfig, FrozenSettings, StudyConfig
from driftline.models.transformer_config import TransformerConfig
from driftline.training.entropy_floor import EntropyFloor
from driftline.training.judging import Judging
from driftline.training.offline import OfflineSettings
from driftline.training.online_settings import OnlineSettings
from driftline.training.rounds import RoundSettings
from driftline.training.update import UpdateSettings
from driftline.training.value_guidance import ValueGuidance


@dataclass(frozen=True)
class Published:
    """What differs from robot to robot: returns asked for, learning, the steps it acts on."""

    dimensions: int
    judged_by: float
    explored_by: float
    learning_rate: float
    weight_decay: float
    pretraining: int = 5_000
    acting_context: int = 5


PUBLISHED = {
    "hopper": Published(3, 3_600.0, 7_200.0, 1e-4, 5e-4),
    "walker2d": Published(6, 5_000.0, 10_000.0, 1e-3, 1e-3, pretraining=10_000),
    "halfcheetah": Published(6, 6_000.0, 12_000.0, 1e-4, 1e-4),
    "ant": Published(8, 6_000.0, 12_000.0, 1e-3, 1e-4, acting_context=1),
}
"""On data of D4RL's level medium."""
SMALLER_RATE = 1e-3
"""What is published for Walker2d and Ant, for all robots where the network is a smaller one: LAMB
sizes steps by the weights, and a narrow network has to turn its weights further."""
WARM_UP = 10_000
"""Updates over which the learning rate rises, those of the offline phase among them."""
CONTEXT = 20
MODEL = TransformerConfig(
    width=512,
    layers=4,
    heads=4,
    context_length=CONTEXT,
    tokens="three",
    time="none",
    horizon=1000,
    expansion=4,
    gaussian="squashed",
    dropout=0.1,
    return_dropout=0.1,
    embeddings="plain",
)


def odt_study(robot: str, budget: str) -> StudyConfig:
    """The published method on a robot; ``full`` has the published sizes.

    The others have a network of 3 layers of 128, batches of 64 and a tenth of the updates online,
    which two cores can train, at a rate of 1e-3.
    """
    own = PUBLISHED[robot]
    full = budget == "full"
    model = replace(MODEL, acting_context=own.acting_context)
    whole = StudyConfig(
        name=f"{robot}-odt",
        budget=budget,
        world=ArenaConfig(robot),
        agents=_agents(own, full),
        seeds=tuple(range(3)),
        demonstrations=LevelConfig("medium", steps=1_000_000 if full else 300_000),
        model=model if full else replace(model, width=128, layers=3),
        offline=OfflineSettings(
            updates=own.pretraining,
            warm_up=WARM_UP,
            update=_update(own, full),
            report_every=250,
            entropy_floor=_floor(own),
        ),
        rounds=RoundSettings(
            rounds=100_000,  # which no run reaches before it has its steps
            episodes_per_round=1,
            steps=200_000,
            judging=Judging(steps=10_000, episodes=10),
        ),
    )
    return _smoke(whole) if budget == "smoke" else whole


def _agents(own: Published, full: bool) -> tuple[AgentConfig, ...]:
    online = OnlineSettings(
        target=FixedReturn(own.explored_by, extrapolate=True),
        judged_by=FixedReturn(own.judged_by, extrapolate=True),
        updates_per_round=300 if full else 30,
        update=_update(own, full),
        mixture=MixtureSettings(
            demonstration_share=0.0, refresh_rate=0.001, capacity=1_000, eviction="oldest"
        ),
        entropy_floor=_floor(own),
        warm_up=WARM_UP,
        warmed=own.pretraining,
        begins_with="best",
    )
    return (
        AgentConfig("gm", FrozenSettings(Unconditioned())),
        AgentConfig("odt", online),
        AgentConfig("odt-guided", replace(online, value_guidance=ValueGuidance())),
    )


def _update(own: Published, full: bool) -> UpdateSettings:
    return UpdateSettings(
        batch=256 if full else 64,
        window=CONTEXT,
        learning_rate=own.learning_rate if full else SMALLER_RATE,
        weight_decay=own.weight_decay,
        gradient_norm=0.25,
        optimiser="lamb",
        overhang=False,
    )


def _floor(own: Published) -> EntropyFloor:
    return EntropyFloor(-float(own.dimensions), learning_rate=1e-4, first_multiplier=0.1, by="adam")


def _smoke(whole: StudyConfig) -> StudyConfig:
    """For a look: less data, fewer updates, 2,000 steps of chance to begin with."""
    quick = tuple(
        replace(each, learner=_quick(each.learner))
        if isinstance(each.learner, OnlineSettings)
        else each
        for each in whole.agents
    )
    return replace(
        whole,
        agents=quick,
        seeds=(0, 1),
        demonstrations=LevelConfig("random", steps=4_000, held_out=1_000),
        model=replace(whole.model, width=64, layers=2),
        offline=replace(whole.offline, updates=60, warm_up=120, report_every=20),
        rounds=replace(whole.rounds, steps=2_000, judging=Judging(steps=1_000, episodes=2)),
    )


def _quick(learner: OnlineSettings) -> OnlineSettings:
    guidance = learner.value_guidance
    return replace(
        learner,
        updates_per_round=10,
        warm_up=120,
        warmed=60,
        value_guidance=guidance and replace(guidance, warm_up=20),
    )
