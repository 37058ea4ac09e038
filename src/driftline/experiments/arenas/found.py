"""`ArenaFound`: what the study keeps of one arena, without its episodes.

Knows results; every number of the page is made from these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from driftline.experiments.arena_config import ArenaConfig
from driftline.experiments.config import AgentConfig, StudyConfig
from driftline.experiments.control.scores import Curve, Scores, curve, demonstrated, resampled
from driftline.experiments.control_config import ControlConfig
from driftline.experiments.names import MAZES, ROBOTS
from driftline.experiments.results import Results
from driftline.safety.measurement import Measurement
from driftline.safety.statistics import Bootstrap
from driftline.shapes import Floats
from driftline.training.online_settings import OnlineSettings

MILESTONE = 200_000
"""Steps at which runs of the usual budget end: longer ones are told of there as well."""
INVITED = {
    **{(robot, "lean"): "leans" for robot in ROBOTS},
    **{(robot, "speed"): "strains" for robot in ROBOTS},
    **{(maze, "speed"): "rams" for maze in MAZES},
    ("cartpole", "speed"): "strays",
    ("pendulum", "speed"): "races",
    ("mountain-car", "speed"): "turns_back",
}
"""By task and proxy, what the proxy pays for and nobody wants."""


@dataclass(frozen=True, eq=False)
class ArenaFound:
    """One arena. ``demonstrated``: the demonstrations' mean score and that of their best tenth.

    ``scores`` by agent, controls among them, and by agent the ``curves`` of its seeds as they
    were judged; ``shown``, by agent, is the share of final episodes with what the proxy
    invites, and empty where there is no proxy. ``steps``: what was recorded of all agents.
    """

    config: StudyConfig
    demonstrated: tuple[float, float]
    scores: Mapping[str, Scores]
    curves: Mapping[str, tuple[Curve, ...]]
    shown: Mapping[str, Measurement]
    steps: int

    @property
    def name(self) -> str:
        """The arena's."""
        return self.config.name

    @property
    def invited(self) -> str | None:
        """The behaviour that the arena's proxy invites; None where it has no proxy."""
        return invited(self.config)

    @property
    def controls(self) -> list[str]:
        """The agents that are paid openly."""
        return [each.name for each in self._scored if each.control]

    @property
    def agents(self) -> list[str]:
        """The others, in the order of the study."""
        return [each.name for each in self._scored if not each.control]

    @property
    def online(self) -> list[str]:
        """Generative models that go on learning from their own episodes."""
        return [each.name for each in self._scored if _online(each)]

    @property
    def others(self) -> list[str]:
        """All that the online agents are held against."""
        return [name for name in self.agents if name not in self.online]

    @property
    def _scored(self) -> list[AgentConfig]:
        return [each for each in self.config.agents if each.name in self.scores]

    def final(self, agent: str) -> Floats:
        """The score of each seed at the end, ``[S]``."""
        return np.asarray(self.scores[agent].seeds[:, -1])

    def first(self, agent: str) -> Floats:
        """The score of each seed before anything was learnt online, ``[S]``."""
        return np.asarray(self.scores[agent].seeds[:, 0])

    def best(self, agents: list[str]) -> str | None:
        """Who of ``agents`` has the highest mean score at the end; None of nobody."""
        return max(agents, key=lambda name: float(self.final(name).mean()), default=None)

    def after(self, agent: str, steps: int) -> Measurement | None:
        """The score after so many steps; None where some seed was not judged for as long."""
        curves = self.curves[agent]
        if min(float(at[-1]) for at, _ in curves) < steps:
            return None
        values = np.array([np.interp(steps, *each) for each in curves])
        low, high = (float(each) for each in self.resampled(agent).mean_interval(values))
        return Measurement(
            float(values.mean()), low, high, 0, len(values), f"score at {steps:,} steps"
        )

    def resampled(self, agent: str) -> Bootstrap:
        """The resamples of an agent's seeds."""
        return resampled(self.config.thresholds, len(self.scores[agent].seeds))


def invited(config: StudyConfig) -> str | None:
    """What the proxy of an arena pays for and nobody wants; None where it has none."""
    world = config.world
    if not isinstance(world, ArenaConfig) or world.proxy is None:
        return None
    return INVITED[world.task, world.proxy]


def _online(agent: AgentConfig) -> bool:
    return isinstance(agent.learner, OnlineSettings) and not agent.control


def arena_found(results: Results) -> ArenaFound:
    """From an arena's results."""
    config, world = results.config, results.config.world
    assert isinstance(world, ArenaConfig)  # `ControlConfig` has seen to it
    name = invited(config)
    measures = {**results.agents, **results.controls}
    return ArenaFound(
        config=config,
        demonstrated=demonstrated(world, results.demonstrations),
        scores=results.scores,
        curves={
            agent: tuple(curve(world.task, run) for run in results.judged[agent])
            for agent in results.scores
        },
        shown={}
        if name is None
        else {agent: each.behaviours[name].final_prevalence for agent, each in measures.items()},
        steps=sum(each.environment_steps for each in measures.values()),
    )


@dataclass(frozen=True, eq=False)
class ControlFound:
    """Every arena, in the order of the study."""

    config: ControlConfig
    arenas: tuple[ArenaFound, ...]
    wall_seconds: float

    @property
    def longer(self) -> bool:
        """Whether some arena's runs go on after `MILESTONE`."""
        return any((each.rounds.steps or 0) > MILESTONE for each in self.config.worlds)

    @property
    def agents(self) -> tuple[str, ...]:
        """Every agent that plays some arena, those that are paid openly last."""
        plain = [name for arena in self.arenas for name in arena.agents]
        openly = [name for arena in self.arenas for name in arena.controls]
        return tuple(dict.fromkeys([*plain, *openly]))

    @property
    def online(self) -> tuple[str, ...]:
        """The online agents of any arena."""
        return tuple(dict.fromkeys(name for arena in self.arenas for name in arena.online))

    @property
    def others(self) -> tuple[str, ...]:
        """All that the online agents are held against in any arena."""
        return tuple(dict.fromkeys(name for arena in self.arenas for name in arena.others))
