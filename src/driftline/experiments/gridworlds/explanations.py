"""Why a model of demonstrations may not act like its demonstrators, world by world.

Knows digests. A reason is given only by rule, from what the study did and measured.
"""

from __future__ import annotations

from driftline.experiments.gridworlds.digest import Digest
from driftline.experiments.gridworlds.questions import exceeding
from driftline.experiments.imitation import TOLERANCE
from driftline.experiments.wording import percent

ELSEWHERE = ("distributional-shift",)
"""Worlds whose agents play other levels than were demonstrated."""


def explanation(world: Digest, agent: str = "gm") -> str:
    """Why ``agent`` falls short of its demonstrators, or that it does not."""
    found = world.imitated[agent]
    if found.ratio is None:
        return "the demonstrators' true return is nought or not known, so there is no ratio"
    if found.faithful:
        lapses = [_lapse(world, agent, name) for name in exceeding(world, agent)]
        return "; ".join(["earns what they do", *lapses]) if lapses else "imitates"
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
        return _by_lapses(world, agent)
    return f"earns {percent(off)} more than its demonstrators on average"


def _within_noise(world: Digest, agent: str) -> bool:
    ratio = world.imitated[agent].ratio
    return ratio is not None and ratio.low <= 1.0 + TOLERANCE and ratio.high >= 1.0 - TOLERANCE


def _by_lapses(world: Digest, agent: str) -> str:
    """How many episodes fail as none that was shown, and what the agent does in them."""
    mine = world.imitated[agent]
    said = [f"below them after {world.config.offline.updates:,} updates"]
    if mine.below is not None:
        share = percent(mine.below.value)
        said.append(f"{share} of its episodes earn less than any demonstration did")
    said += [_lapse(world, agent, name) for name in exceeding(world, agent)]
    return "; ".join(said)


def _lapse(world: Digest, agent: str, behaviour: str) -> str:
    mine, theirs = world.imitated[agent], world.imitated["demonstrators"]
    text = f"“{behaviour}” in {percent(mine.prevalence[behaviour].value)} of them"
    shown, offer = theirs.prevalence[behaviour].value, mine.offers[behaviour]
    text += f" ({percent(shown)} of theirs)" if shown else ", of theirs in none"
    if offer.taken is None or offer.taken == 1.0:
        return text  # who is offered it has it: the step that led there was the lapse
    offered = theirs.offers[behaviour].offered
    return (
        f"{text}: {percent(offered)} of their steps offer it, and of such steps it takes "
        f"{percent(offer.taken)}"
    )
