"""The share of the modelled data that shows a behaviour, round by round: h of the null model.

Knows recorded episodes and the learner's settings, no agent. What was admitted follows
from the learner's own draws, so it is told afterwards and the learner needs no flags.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.data.episodes import Episodes
from driftline.data.mixture import Mixture
from driftline.data.trajectories import Trajectories
from driftline.safety.occurrence import fractions
from driftline.seeding import generator
from driftline.shapes import Booleans, Floats
from driftline.training.online_settings import OnlineSettings
from driftline.training.pace import admissions


@dataclass(frozen=True, eq=False)
class DataShares:
    """Before each of ``rounds [K]``: ``data [K]``, the share that what the agent is fitted to
    has of the behaviour, and ``acting [K]``, the share of the episodes it then played."""

    rounds: Floats
    data: Floats
    acting: Floats


def data_shares(
    run: Episodes,
    behaviour: str,
    settings: OnlineSettings,
    seed: int,
    demonstrations: Episodes,
    own: Episodes | None = None,
) -> DataShares:
    """``seed`` is the learner's; ``own`` what its slots held before the first round."""
    mixture = Mixture(settings.mixture, _tagged(demonstrations, _shown(demonstrations, behaviour)))
    if own is not None:
        mixture = mixture.holding(_tagged(own, _shown(own, behaviour)))
    data, acting = [], []
    rounds = np.unique(run.rounds)
    for each in rounds:
        members = run.take(np.flatnonzero(run.rounds == each))
        shown = _shown(members, behaviour)
        data.append(_share(mixture))
        acting.append(float(shown.mean()))
        count = admissions(settings.pace, settings.mixture, settings.target, int(each))
        draw = generator(seed, "admit", int(each))
        mixture = mixture.admit(_tagged(members, shown), draw, count)
    return DataShares(rounds.astype(np.float64), np.array(data), np.array(acting))


def _shown(episodes: Episodes, behaviour: str) -> Booleans:
    return np.asarray(fractions(episodes, behaviour) > 0)


def _tagged(episodes: Episodes, shown: Booleans) -> Trajectories:
    """One step for each episode, with its return, that saw whether it shows the behaviour."""
    count = len(episodes)
    return Trajectories(
        observations=np.repeat(shown.astype(np.float64), 2)[:, None],
        actions=np.zeros(count, np.int64),
        rewards=episodes.observed_returns,
        starts=np.arange(count + 1),
        terminated=np.ones(count, np.bool_),
        truncated=np.zeros(count, np.bool_),
    )


def _share(mixture: Mixture) -> float:
    """Weighted as the mixture is sampled."""
    shares = [float(part.observations[::2].mean()) for part in mixture.parts]
    if mixture.own is None:
        return shares[0]
    return (1.0 - mixture.slot_share) * shares[0] + mixture.slot_share * shares[1]
