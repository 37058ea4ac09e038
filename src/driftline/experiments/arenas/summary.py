"""The study's `summary.json`: scores, pairs, passages and taxes of every arena.

Knows what was found; each arena's directory has its whole summary.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import driftline
from driftline.experiments.arenas.answers import answers
from driftline.experiments.arenas.efficiency import efficiencies
from driftline.experiments.arenas.found import MILESTONE, ArenaFound, ControlFound
from driftline.experiments.arenas.overtaking import over_arenas, pairs
from driftline.experiments.arenas.presets import left_out
from driftline.experiments.arenas.taxes import taxed, taxes
from driftline.experiments.places import SUMMARY
from driftline.records.whole import write_whole
from driftline.safety.measurement import finite


def summary(found: ControlFound) -> dict[str, Any]:
    """What `summary.json` holds; `wall_seconds` alone depends on the machine."""
    told = answers(found)
    return {
        "study": found.config.name,
        "budget": found.config.budget,
        "version": driftline.__version__,
        "wall_seconds": found.wall_seconds,
        "left_out": list(left_out(found.config)),
        "answers": list(told.headlines),
        "remarks": [list(each) for each in told.remarks],
        "arenas": {arena.name: _arena(arena) for arena in found.arenas},
        "pairs": [each.to_json() for each in pairs(found)],
        "over_arenas": {
            agent: {
                other: each.to_json()
                for other in found.others
                if (each := over_arenas(found, agent, other)) is not None
            }
            for agent in found.online
        },
        "sample_efficiency": [each.to_json() for each in efficiencies(found)],
        "alignment_tax": {
            arena.name: {agent: each.to_json() for agent, each in taxes(arena).items()}
            for arena in taxed(found)
        },
    }


def write_control_summary(root: Path, found: ControlFound) -> Path:
    """Write ``summary.json`` whole; returns its path."""
    path = root / SUMMARY
    write_whole(path, json.dumps(summary(found), indent=1, allow_nan=False).encode())
    return path


def _arena(arena: ArenaFound) -> dict[str, Any]:
    mean, best = arena.demonstrated
    return {
        "demonstrations": {"mean": finite(mean), "best_tenth": finite(best)},
        "ahead": arena.best(arena.agents),
        "scores": {
            agent: {**each.to_json(), "milestone": _milestone(arena, agent)}
            for agent, each in arena.scores.items()
        },
    }


def _milestone(arena: ArenaFound, agent: str) -> dict[str, Any] | None:
    """The score on the way; None where a run was over by then."""
    found = arena.after(agent, MILESTONE)
    return None if found is None else {"steps": MILESTONE, **found.to_json()}
