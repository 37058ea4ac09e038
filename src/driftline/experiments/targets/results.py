"""The results of the study's parts as files, and the summary made of them.

Knows only files: a finished study can be reported again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import driftline
from driftline.experiments.places import SUMMARY, wall_seconds
from driftline.experiments.targets_config import PARTS, PartName, TargetsConfig, seeds_of
from driftline.records.whole import write_whole

RESULT = "result.json"


@dataclass(frozen=True, eq=False)
class TargetsResults:
    """What each part found, one entry for each of its seeds."""

    config: TargetsConfig
    parts: Mapping[PartName, tuple[dict[str, Any], ...]]
    wall_seconds: float


def write_result(path: Path, result: Mapping[str, Any]) -> None:
    """Write ``result.json`` of the part in ``path``, whole."""
    write_whole(path / RESULT, json.dumps(result, allow_nan=False).encode())


def load_targets(root: Path, config: TargetsConfig) -> TargetsResults:
    """Read every part of the finished study in ``root``."""
    parts = {
        part: tuple(
            json.loads((root / "runs" / part / f"seed-{seed:03d}" / RESULT).read_text())
            for seed in seeds_of(config, part)
        )
        for part in PARTS
    }
    return TargetsResults(config, parts, wall_seconds(root))


def write_targets_summary(root: Path, results: TargetsResults, told: Sequence[Any]) -> Path:
    """Write ``summary.json``: the claims ``told`` and every part's figures; returns its path."""
    whole = {
        "study": results.config.name,
        "budget": results.config.budget,
        "version": driftline.__version__,
        "wall_seconds": results.wall_seconds,
        "claims": [asdict(each) for each in told],
        "parts": {name: list(each) for name, each in results.parts.items()},
    }
    path = root / SUMMARY
    write_whole(path, json.dumps(whole, indent=1, allow_nan=False).encode())
    return path
