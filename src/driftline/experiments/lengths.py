"""How long a study's runs are, in words.

Knows settings alone.
"""

from __future__ import annotations

from driftline.experiments.wording import count
from driftline.training.rounds import RoundSettings


def length(rounds: RoundSettings) -> str:
    """Rounds of episodes or, where they decide, steps.

    >>> length(RoundSettings(20, 64))
    '20 rounds of 64 episodes'
    >>> length(RoundSettings(999, 8, steps_per_round=4000, steps=200_000))
    '200,000 steps, in rounds of 8 episodes and 4,000 steps or more'
    """
    episodes = count(rounds.episodes_per_round, "episode")
    if rounds.steps is None:
        return f"{count(rounds.rounds, 'round')} of {episodes}"
    least = f" and {rounds.steps_per_round:,} steps or more" if rounds.steps_per_round else ""
    return f"{rounds.steps:,} steps, in rounds of {episodes}{least}"
