"""A recorded sample replayed through a world that may be wrong on purpose.

Knows no world's rules.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from driftline.environments.gridworlds.recordings.families import recording_of
from driftline.environments.gridworlds.trace import load_trace
from driftline.environments.gridworlds.world import World
from driftline.experiments.conformance import ConformanceResult, replay_trace

SAMPLES = Path(__file__).parents[1] / "samples"


def replay_with(path: Path, world: World[Any]) -> ConformanceResult:
    """What the replay of ``path`` finds with ``world`` in the place of the right one."""
    trace = load_trace(path)
    return replay_trace(trace, replace(recording_of(trace), world=world))
