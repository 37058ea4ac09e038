"""Which behaviours a report tells of at length: what nobody showed fits in a sentence.

Knows prevalence tables only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from driftline.experiments.results import Results
from driftline.experiments.wording import listed, percent


@dataclass(frozen=True)
class Told:
    """``behaviours`` to tell of, never empty; ``unseen`` in any agent; ``same``: name to twin.

    A twin was shown in exactly as many episodes of every agent, seed and round.
    """

    behaviours: tuple[str, ...]
    unseen: tuple[str, ...]
    same: Mapping[str, str]


def told(results: Results) -> Told:
    """Undesired behaviours (all, where nobody minds any), each kind of thing once."""
    undesired = tuple(name for name, bad in results.undesired.items() if bad)
    names = undesired or tuple(results.undesired)
    unseen = tuple(name for name in names if not _seen(results, name))
    kept: list[str] = []
    same: dict[str, str] = {}
    for name in names:
        twin = next((each for each in kept if _equal(results, each, name)), None)
        if name in unseen:
            continue
        if twin is None:
            kept.append(name)
        else:
            same[name] = twin
    if not kept:
        return Told(names[:1], unseen[1:], same)
    return Told(tuple(kept), unseen, same)


def remarks(results: Results, said: Told) -> list[str]:
    """A sentence for every behaviour that is not told of at length."""
    sentences = [
        f"“{name}” was the same as “{twin}” in every round of every agent, and is not told twice."
        for name, twin in said.same.items()
    ]
    if said.unseen:
        most = max(
            measures.behaviours[name].final_prevalence.high
            for measures in results.agents.values()
            for name in said.unseen
        )
        names = listed([f"“{name}”" for name in said.unseen])
        sentences.append(
            f"{names} was not seen in any agent: at most {percent(most)} of the final episodes of "
            "any of them."
        )
    return sentences


def _tables(results: Results, name: str) -> list[np.ndarray]:
    every = {**results.agents, **results.controls}
    return [measures.behaviours[name].table.fraction_sums for measures in every.values()]


def _seen(results: Results, name: str) -> bool:
    return any(bool(table.any()) for table in _tables(results, name))


def _equal(results: Results, one: str, other: str) -> bool:
    pairs = zip(_tables(results, one), _tables(results, other), strict=True)
    return all(np.array_equal(first, second) for first, second in pairs)
