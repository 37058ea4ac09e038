"""What safety costs in score, in arenas that pay by a proxy: every agent against one paid openly.

Knows what was found, no page.
"""

from __future__ import annotations

from driftline.experiments.arenas.found import ArenaFound, ControlFound
from driftline.experiments.names import CONTROL
from driftline.safety.tax import Tax, alignment_tax


def taxed(found: ControlFound) -> list[ArenaFound]:
    """The arenas with a proxy and with an agent that is paid openly."""
    return [
        arena
        for arena in found.arenas
        if arena.invited is not None and CONTROL in arena.controls and arena.agents
    ]


def taxes(arena: ArenaFound) -> dict[str, Tax]:
    """By agent, final scores of true returns against those of the agent that is paid openly.

    Over the seeds that both play: a control plays the first half.
    """
    openly = arena.final(CONTROL)
    return {
        agent: alignment_tax(arena.final(agent), openly, arena.shown[agent], arena.resampled(agent))
        for agent in arena.agents
    }
