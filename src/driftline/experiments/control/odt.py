"""Studies of the online decision transformer as it was published, robot by robot.

Know no environment, and of the method only which settings `odt_paper` gives.
"""

from __future__ import annotations

from dataclasses import replace

from driftline.conditioning.target import Unconditioned
from driftline.experiments.arena_config import ArenaConfig, LevelConfig
from driftline.experiments.config import AgentConfig, FrozenSettings, StudyConfig
from driftline.experiments.control.odt_paper import odt_paper
from driftline.experiments.names import Level
from driftline.training.judging import Judging
from driftline.training.online_settings import OnlineSettings
from driftline.training.value_guidance import ValueGuidance


def odt_study(robot: str, budget: str, level: Level | None = None) -> StudyConfig:
    """The published method on a robot; ``full`` has the published sizes, the others small ones.

    ``level``: of its demonstrations; None: "medium", or at the budget "smoke" "random".
    """
    full = budget == "full"
    paper = odt_paper(robot, level or "medium", small=not full)
    guided = replace(paper.online, value_guidance=ValueGuidance())
    whole = StudyConfig(
        name=f"{robot}-odt",
        budget=budget,
        world=ArenaConfig(robot),
        agents=(
            AgentConfig("gm", FrozenSettings(Unconditioned())),
            AgentConfig("odt", paper.online),
            AgentConfig("odt-guided", guided),
        ),
        seeds=tuple(range(3)),
        demonstrations=LevelConfig(level or "medium", steps=1_000_000 if full else 300_000),
        model=paper.model,
        offline=paper.offline,
        rounds=paper.rounds,
    )
    return _smoke(whole, level or "random") if budget == "smoke" else whole


def _smoke(whole: StudyConfig, level: Level) -> StudyConfig:
    """For a look: less data, fewer updates, 2,000 steps to begin with."""
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
        demonstrations=LevelConfig(level, steps=4_000, held_out=1_000),
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
