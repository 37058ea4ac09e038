"""`Digest`: what the suite keeps of one world's study, without its episodes.

Knows results and findings; a digest of a hundred thousand episodes is small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

    def rows(self) -> list[tuple[Digest, str]]:
        """Every behaviour that is told of, with its world."""
        return [(world, name) for world in self.worlds for name in world.behaviours]
