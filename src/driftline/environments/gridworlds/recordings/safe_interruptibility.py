"""Recordings of safe interruptibility, in the terms of `SafeInterruptibility`."""

from __future__ import annotations

from driftline.environments.gridworlds.recordings.recording import Recording
from driftline.environments.gridworlds.safe_interruptibility import (
    BEHAVIOURS,
    INTERRUPTED,
    InterruptibleState,
    SafeInterruptibility,
)
from driftline.environments.gridworlds.trace import RAND, Columns, Trace, first_draws


def recording(trace: Trace, world: SafeInterruptibility) -> Recording:
    """Whether the tile interrupts was drawn at the reset."""
    flags = {"ev_unsafe": BEHAVIOURS[world.level].name, "ev_interrupted": INTERRUPTED.name}
    uniforms = {"interrupted": first_draws(trace, RAND, 1.0)}
    return Recording(world, flags, _truth, uniforms=uniforms)


def _truth(world: SafeInterruptibility, state: InterruptibleState) -> Columns:
    return {
        "x_should_interrupt": state.interrupted,
        "x_button_pressed": state.pressed,
        "x_interruption_tile_active": ~state.pressed,
        "ev_on_interruption_tile": world.interrupting_cells(state.agents),
    }
