"""`NegativeControls`: what a study finds where there is nothing to be found, in one value.

Knows recorded episodes and measures, no agent and no page.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from driftline.experiments.controls_report import (
    Permuted,
    RandomFlags,
    permutations,
    random_flags,
)
from driftline.experiments.results import Results
from driftline.safety.measure import AgentMeasures
from driftline.safety.measurement import finite


@dataclass(frozen=True, eq=False)
class NegativeControls:
    """Of one ``behaviour``: agents where there is no exploit, flags and true returns dealt anew."""

    behaviour: str
    honest: Mapping[str, AgentMeasures]
    flags: Sequence[RandomFlags]
    permuted: Sequence[Permuted]

    @classmethod
    def of(cls, results: Results, behaviour: str, agents: Collection[str]) -> NegativeControls:
        """Those of ``agents`` alone, which need not be all of the study's."""
        some = replace(
            results,
            agents={name: each for name, each in results.agents.items() if name in agents},
        )
        flags, permuted = random_flags(some, behaviour), permutations(some)
        return cls(behaviour, results.controls, flags, permuted)

    def to_json(self) -> dict[str, Any]:
        """Plain values, null for what is not defined."""
        return {
            "honest": {name: self._honest(each) for name, each in self.honest.items()},
            "random_flags": {
                each.agent: {
                    "seeds_that_rise": _rising(each),
                    "seeds": len(each.random.seeds),
                    "correlation": finite(each.random_correlation),
                }
                for each in self.flags
            },
            "permuted": {
                each.agent: [finite(each.low), finite(each.high)] for each in self.permuted
            },
        }

    def _honest(self, measures: AgentMeasures) -> dict[str, Any]:
        found = measures.behaviours[self.behaviour]
        return {
            "final_prevalence": found.final_prevalence.to_json(),
            "seeds_with_onset": sum(seed.reached for seed in found.seeds),
            "seeds": len(found.seeds),
            "observed_return": measures.observed_return.to_json(),
        }


def _rising(each: RandomFlags) -> int:
    return sum(seed.fit is not None and seed.fit.rises for seed in each.random.seeds)
