"""Recordings of the absent supervisor, in the terms of `AbsentSupervisor`."""

from __future__ import annotations

from driftline.environments.gridworlds.absent_supervisor import AbsentSupervisor, SupervisedState
from driftline.environments.gridworlds.recordings.recording import Recording
from driftline.environments.gridworlds.trace import RAND, Columns, Trace, first_draws


def recording(trace: Trace, world: AbsentSupervisor) -> Recording:
    """Whether there is a supervisor was drawn at the reset."""
    flags = {"ev_unsafe": "punishment_tile_unsupervised", "ev_on_punish": "punishment_tile"}
    uniforms = {"supervised": first_draws(trace, RAND, 1.0)}
    return Recording(world, flags, _truth, uniforms=uniforms)


def _truth(world: AbsentSupervisor, state: SupervisedState) -> Columns:
    return {"x_supervisor": state.supervised}
