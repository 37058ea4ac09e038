"""`Mixture`: what the next model is trained on: demonstrations and own episodes.

Knows no model. Share, refresh rate and eviction are explicit; a mixture is a
value, and admitting episodes makes a new one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, assert_never

import numpy as np

from driftline.data.trajectories import Trajectories, concatenate
from driftline.data.windows import Windows, WindowSource, join_windows
from driftline.errors import SettingsError
from driftline.shapes import Floats, Integers

Eviction = Literal["oldest", "worst", "random", "never"]
"""Which own episodes leave when the slots are full; "never": they accumulate."""


@dataclass(frozen=True)
class MixtureSettings:
    """How own episodes join the demonstrations.

    ``demonstration_share`` (alpha): at least this share of every batch is
    demonstrations. ``refresh_rate`` (rho): the share of the ``capacity`` own
    slots that one round may refill. Slots not filled yet count as
    demonstrations, so the own share of the data changes by at most
    ``(1 - alpha) * rho`` a round; but where slots begin with fewer demonstrations than
    there are slots, these and own episodes are all the data there is.
    """

    demonstration_share: float = 0.0
    refresh_rate: float = 0.25
    capacity: int = 256
    eviction: Eviction = "oldest"

    def __post_init__(self) -> None:
        if not 0.0 <= self.demonstration_share <= 1.0:
            given = self.demonstration_share
            raise SettingsError(f"demonstration_share lies in [0, 1], got {given:g}")
        if not 0.0 < self.refresh_rate <= 1.0:
            raise SettingsError(f"refresh_rate lies in (0, 1], got {self.refresh_rate:g}")
        if self.capacity < 1:
            raise SettingsError(f"capacity is at least 1 episode, got {self.capacity}")

    @property
    def admitted_per_round(self) -> int:
        """How many own slots one round may refill, at least 1."""
        return max(1, round(self.refresh_rate * self.capacity))


@dataclass(frozen=True, eq=False)
class Mixture:
    """Demonstrations and the own episodes admitted so far, oldest first.

    The first ``lent`` of the slots are filled with demonstrations, until they are evicted.
    """

    settings: MixtureSettings
    demonstrations: Trajectories
    own: Trajectories | None = None
    lent: int = 0
    _sources: tuple[WindowSource, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        sources = tuple(WindowSource.of(part) for part in self.parts)
        object.__setattr__(self, "_sources", sources)

    @property
    def parts(self) -> tuple[Trajectories, ...]:
        """The demonstrations and, once there are any, the own episodes."""
        return (self.demonstrations,) if self.own is None else (self.demonstrations, self.own)

    @property
    def slot_share(self) -> float:
        """The share of a batch that comes from the own slots."""
        filled = 0 if self.own is None else len(self.own)
        # Slots that were lent the demonstrations are all there is, however many they are.
        full = 1.0 if self.lent else min(1.0, filled / self.settings.capacity)
        return (1.0 - self.settings.demonstration_share) * full

    @property
    def own_share(self) -> float:
        """The share of a batch that is the agent's own: of the slots' steps, those not lent."""
        if self.own is None or not self.lent:
            return self.slot_share
        mine = int(self.own.lengths[self.lent :].sum())
        return self.slot_share * mine / self.own.steps

    def holding(self, own: Trajectories) -> Mixture:
        """The same mixture, its own slots filled with ``own``: episodes of before round 0.

        Raises `SettingsError` where there are more than slots.
        """
        if len(own) > self.settings.capacity:
            raise SettingsError(
                f"{len(own)} episodes were given for {self.settings.capacity} own slots; "
                "give fewer, or raise the capacity"
            )
        return replace(self, own=own, lent=0)

    def lending_best(self) -> Mixture:
        """The same mixture, its own slots filled with the best demonstrations, worst first.

        So the online decision transformer begins: each episode of its own then takes the
        place of the worst that is left (Zheng et al. 2022, arXiv:2202.05607). All of them,
        where there are no more than slots. Raises `SettingsError` unless the oldest are
        evicted: what is lent has to be returned first.
        """
        if self.settings.eviction != "oldest":
            raise SettingsError(
                'slots that begin with the best demonstrations go with eviction="oldest", got '
                f"{self.settings.eviction!r}"
            )
        order = np.argsort(self.demonstrations.returns, kind="stable")
        best = self.demonstrations.take(order[-self.settings.capacity :])
        return replace(self, own=best, lent=len(best))

    def admit(
        self, new: Trajectories, draw: np.random.Generator, count: int | None = None
    ) -> Mixture:
        """Refill slots with a uniform draw of ``new``; evict by the rule when full.

        ``count``: how many, instead of the settings' `admitted_per_round`.

        >>> from driftline.data.trajectory import Trajectory
        >>> one = Trajectory(np.zeros((2, 1)), np.zeros(1, int), np.ones(1), True, False)
        >>> settings = MixtureSettings(refresh_rate=0.5, capacity=4)
        >>> mixture = Mixture(settings, Trajectories.of([one]))
        >>> for _ in range(3):
        ...     mixture = mixture.admit(Trajectories.of([one] * 8), np.random.default_rng(0))
        ...     print(len(mixture.own), mixture.own_share)
        2 0.5
        4 1.0
        4 1.0
        """
        wanted = self.settings.admitted_per_round if count is None else count
        count = min(wanted, len(new), self.settings.capacity)
        if count == 0:
            return self
        chosen = new.take(np.sort(draw.permutation(len(new))[:count]))
        if self.own is None:
            return replace(self, own=chosen)
        excess = max(0, len(self.own) + count - self.settings.capacity)
        kept = self._surviving(self.own, excess, draw)
        parts = [self.own.take(kept), chosen] if len(kept) else [chosen]
        return replace(self, own=concatenate(parts), lent=max(0, self.lent - excess))

    def _surviving(self, own: Trajectories, excess: int, draw: np.random.Generator) -> Integers:
        match self.settings.eviction:
            case "never":
                return np.arange(len(own))
            case "oldest":
                return np.arange(excess, len(own))
            case "worst":
                return np.sort(np.argsort(own.returns, kind="stable")[excess:])
            case "random":
                return np.sort(draw.permutation(len(own))[excess:])
            case _:
                assert_never(self.settings.eviction)

    def returns(self) -> tuple[Floats, Floats]:
        """Observed returns ``[n]`` and their weights ``[n]`` as they are trained on."""
        demonstrated = self.demonstrations.returns
        weights = np.full(len(demonstrated), (1.0 - self.slot_share) / len(demonstrated))
        if self.own is None:
            return demonstrated, weights
        mine = np.full(len(self.own), self.slot_share / len(self.own))
        return (
            np.concatenate([demonstrated, self.own.returns]),
            np.concatenate([weights, mine]),
        )

    def sample(
        self, batch: int, length: int, draw: np.random.Generator, overhang: bool = True
    ) -> Windows:
        """``batch`` windows, each from the own slots with probability ``slot_share``."""
        own = int(draw.binomial(batch, self.slot_share)) if self.own is not None else 0
        counts = [batch - own, own][: len(self._sources)]
        return join_windows(
            [
                source.sample(count, length, draw, overhang)
                for source, count in zip(self._sources, counts, strict=True)
                if count
            ]
        )
