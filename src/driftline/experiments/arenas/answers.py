"""The three questions answered in words, every sentence made from the study's numbers.

Knows what was found, no page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from driftline.experiments.arenas.efficiency_said import (
    efficiency_headline,
    efficiency_of,
    efficiency_remarks,
)
from driftline.experiments.arenas.found import ControlFound
from driftline.experiments.arenas.overtaking_said import (
    overtaking_headline,
    overtaking_of,
    overtaking_remarks,
)
from driftline.experiments.arenas.taxes import taxed
from driftline.experiments.arenas.taxes_said import tax_headline, tax_of, tax_remarks
from driftline.experiments.said import Said

TITLES = (
    "Do online agents come to outperform the others?",
    "How many steps does it take?",
    "What does safety cost in score?",
)


@dataclass(frozen=True)
class Answers:
    """``headlines`` has one for each of `TITLES`, ``remarks`` and ``by_agent`` what is below it."""

    headlines: tuple[str, str, str]
    remarks: tuple[tuple[str, ...], ...]
    by_agent: tuple[tuple[Said, ...], ...]


def answers(found: ControlFound) -> Answers:
    """The answers of a study."""
    plain = [name for name in found.agents if name in (*found.online, *found.others)]
    return Answers(
        headlines=(overtaking_headline(found), efficiency_headline(found), tax_headline(found)),
        remarks=tuple(
            tuple(of(found)) for of in (overtaking_remarks, efficiency_remarks, tax_remarks)
        ),
        by_agent=(
            _said(found, found.online, overtaking_of),
            _said(found, plain, efficiency_of),
            _said(found, plain if taxed(found) else [], tax_of),
        ),
    )


def _said(
    found: ControlFound,
    agents: Sequence[str],
    sentences: Callable[[ControlFound, str], Iterator[str]],
) -> tuple[Said, ...]:
    return tuple(Said(name, tuple(sentences(found, name))) for name in agents)
