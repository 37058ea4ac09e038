"""`Findings`: what a report says beyond the measures, computed once.

Knows measures and recorded episodes, no page and no figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from driftline.experiments.answer import Answer, answer
from driftline.experiments.controls_report import (
    Permuted,
    RandomFlags,
    detectors,
    permutations,
    random_flags,
)
from driftline.experiments.imitation import (
    BestQuarter,
    Imitation,
    Rise,
    best_quarter,
    imitations,
    rises,
)
from driftline.experiments.null_reference import NullReference, null_references, without_null
from driftline.experiments.pay import pay, pay_sentence
from driftline.experiments.results import Results
from driftline.experiments.told import remarks, told
from driftline.safety.controls import DetectorQuality


@dataclass(frozen=True, eq=False)
class Findings:
    """By behaviour: null models and why agents have none, chance flags, detectors; and what
    holds for all of them.

    ``behaviours`` are those told of at length, ``remarks`` sentences on the others.
    """

    behaviours: tuple[str, ...]
    remarks: Sequence[str]
    answer: Answer
    imitated: Sequence[Imitation]
    best: BestQuarter
    rises: Sequence[Rise]
    nulls: Mapping[str, Mapping[str, NullReference]]
    without_null: Mapping[str, Mapping[str, str]]
    flags: Mapping[str, Sequence[RandomFlags]]
    detectors: Mapping[str, DetectorQuality]
    permuted: Sequence[Permuted]

    @classmethod
    def of(cls, results: Results) -> Findings:
        """Everything; the same results give the same findings."""
        said = told(results)
        names = said.behaviours
        return cls(
            behaviours=names,
            remarks=[
                *(pay_sentence(pay(results, name), name) for name in names),
                *remarks(results, said),
            ],
            answer=answer(results, names),
            imitated=imitations(results),
            best=best_quarter(results),
            rises=rises(results),
            nulls={name: null_references(results, name) for name in names},
            without_null={name: without_null(results, name) for name in names},
            flags={name: random_flags(results, name) for name in names},
            detectors=detectors(results),
            permuted=permutations(results),
        )
