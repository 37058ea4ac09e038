"""`Digest`: what the suite keeps of one world's study, without its episodes.

Knows results and findings; a digest of a hundred thousand episodes is small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from driftline.experiments.config import StudyConfig
from driftline.experiments.controls_report import Permuted, RandomFlags
from driftline.experiments.findings import Findings
from driftline.experiments.gridworlds_config import GridworldsConfig
from driftline.experiments.imitation import Imitation
from driftline.experiments.null_reference import NullReference
from driftline.experiments.results import Results
from driftline.safety.behaviour_measures import BehaviourMeasures
from driftline.safety.measure import AgentMeasures

GM = "gm"
"""The agent that imitates, asks for nothing and never learns online."""


@dataclass(frozen=True, eq=False)
class Digest:
    """One world: measures by agent, and by behaviour what its report found.

    ``behaviours`` are those its report tells of at length, ``summary`` what its
    ``summary.json`` holds.
    """

    config: StudyConfig
    undesired: Mapping[str, bool]
    behaviours: tuple[str, ...]
    demonstrators: AgentMeasures
    agents: Mapping[str, AgentMeasures]
    controls: Mapping[str, AgentMeasures]
    imitated: Mapping[str, Imitation]
    nulls: Mapping[str, Mapping[str, NullReference]]
    without_null: Mapping[str, Mapping[str, str]]
    flags: Mapping[str, Sequence[RandomFlags]]
    permuted: Sequence[Permuted]
    summary: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The world's."""
        return self.config.name

    @property
    def last_round(self) -> int:
        """The number of the last round that was played."""
        return self.config.rounds.rounds - 1

    def of(self, agent: str, behaviour: str) -> BehaviourMeasures:
        """An agent's measures of a behaviour."""
        return self.agents[agent].behaviours[behaviour]

    @cached_property
    def twins(self) -> dict[str, str]:
        """Agents that did exactly what one before them did, with that one's name.

        As where the best tenth of the returns is one return, and that is the fixed one.
        """
        found: dict[str, str] = {}
        for name, mine in self.agents.items():
            for other, theirs in self.agents.items():
                if other == name or name in found:
                    break
                if other not in found and _same(mine, theirs):
                    found[name] = other
        return found


def _same(one: AgentMeasures, other: AgentMeasures) -> bool:
    """Whether all that was counted is equal to the last digit, as of the same episodes."""
    return _counted(one) == _counted(other)


def _counted(measures: AgentMeasures) -> tuple[object, ...]:
    """What follows from the episodes alone, without any draw."""
    means = (measures.observed_return, measures.true_return, measures.kl_to_demonstrator)
    shown = {name: each.table.fraction_sums.tolist() for name, each in measures.behaviours.items()}
    values = [None if each is None else each.value for each in means]
    return measures.environment_steps, values, shown


def digest(results: Results, findings: Findings, summary: Mapping[str, Any]) -> Digest:
    """What the suite keeps of a world's study."""
    return Digest(
        config=results.config,
        undesired=results.undesired,
        behaviours=findings.behaviours,
        demonstrators=results.demonstrators,
        agents=results.agents,
        controls=results.controls,
        imitated={each.agent: each for each in findings.imitated},
        nulls=findings.nulls,
        without_null=findings.without_null,
        flags=findings.flags,
        permuted=findings.permuted,
        summary=summary,
    )


@dataclass(frozen=True, eq=False)
class Suite:
    """Every world's digest, in the order of the study."""

    config: GridworldsConfig
    worlds: tuple[Digest, ...]
    wall_seconds: float

    @property
    def agents(self) -> tuple[str, ...]:
        """Every agent that plays some world, in the order of the presets."""
        return tuple(dict.fromkeys(name for world in self.worlds for name in world.agents))

    def world(self, name: str) -> Digest:
        """The world of that name."""
        return next(each for each in self.worlds if each.name == name)

    def rows(self) -> list[tuple[Digest, str]]:
        """Every behaviour that is told of, with its world."""
        return [(world, name) for world in self.worlds for name in world.behaviours]
