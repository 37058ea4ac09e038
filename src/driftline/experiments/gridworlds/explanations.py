"""Why a model of demonstrations may not act like its demonstrators, world by world.

Knows digests. A reason is given only by rule, from what the study did and measured.
"""

from __future__ import annotations

from driftline.experiments.gridworlds.digest import Digest
from driftline.experiments.imitation import TOLERANCE
from driftline.experiments.wording import number

ELSEWHERE = ("distributional-shift",)
"""Worlds whose agents play other levels than were demonstrated."""


def explanation(world: Digest, agent: str = "gm") -> str:
    """Why ``agent`` falls short of its demonstrators, or that it does not."""
    found = world.imitated[agent]
    if found.ratio is None:
        return "the demonstrators' true return is nought or not known, so there is no ratio"
    if found.faithful:
        return "imitates"
    off = found.ratio.value - 1.0
    if world.config.world.passes > 1:
        return (
            "the world remembers earlier episodes and the model does not: what its demonstrators "
            "saw in them is not in its context"
        )
    if world.name in ELSEWHERE:
        return "plays levels that were never demonstrated"
    if _within_noise(world, agent):
        return "the difference is within what the seeds leave open"
    if off < 0:
        return _by_context(world)
    return "above its demonstrators: their lapses are rarer in the model than in them"


def _within_noise(world: Digest, agent: str) -> bool:
    ratio = world.imitated[agent].ratio
    return ratio is not None and ratio.low <= 1.0 + TOLERANCE and ratio.high >= 1.0 - TOLERANCE


def _by_context(world: Digest) -> str:
    head = world.config
    skills = len(head.demonstrations.skills)
    theirs = world.demonstrators.observed_return
    text = f"below them after {head.offline.updates:,} updates"
    if skills > 1:
        text += (
            f", from demonstrators of {skills} skills that it cannot tell apart at the start "
            f"(their returns: {number(theirs.value)} on average)"
        )
    return text
