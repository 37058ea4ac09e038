"""`KLBudget`: how far a refit may move the policy, in a round and in all.

Knows no environment and no optimiser. The divergence is measured, exactly at every step
of a probe of the round's own episodes; it is the measurement that decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from torch import Tensor

from driftline.errors import CapabilityError, SettingsError
from driftline.models.model import HasDensity
from driftline.models.trainable import TrainableModel
from driftline.shapes import Floats
from driftline.training.divergence import distributions, kl
from driftline.training.learner import Experience

PROBE = 128
"""Episodes of a round that the divergence is measured on."""
HALVINGS = 7
Weights = Mapping[str, Any]


@dataclass(frozen=True)
class KLBudget:
    """Nats an episode: ``per_round`` from the previous policy, ``total`` from the demonstrators'.

    ``enforce="stop"``: measured every ``check_every`` updates, the fit ends before the
    budget does, with the last weights within it. ``"backtrack"``: the fit ends as always,
    and the new weights are mixed with the old ones as far as the budget reaches. It is
    weights that are mixed, because a mixture of policies cannot be stored as one policy.
    A budget that is used up leaves the policy as it is: the agent goes on acting.

    Asking for higher returns moves a policy too, and what that costs is seen in the round
    that asks. Once old weights alone are beyond ``total``, nothing is let into the mixture
    any more and nothing is fitted, so that nothing higher is asked for: the agent is frozen
    for good, beyond the total by what the last admission added. (Frozen for a round only,
    it would creep on in every round whose probe happens to say less.)
    """

    per_round: float | None = None
    total: float | None = None
    enforce: Literal["backtrack", "stop"] = "backtrack"
    check_every: int = 4

    def __post_init__(self) -> None:
        given = [each for each in (self.per_round, self.total) if each is not None]
        if not given or any(not each >= 0 for each in given):
            raise SettingsError(
                f"a KL budget of {self.per_round} a round and {self.total} in all was given; "
                "give at least one of them, 0 or more nats"
            )
        if self.check_every < 1:
            raise SettingsError(f"check_every is {self.check_every}; give 1 update or more")

    def holds(self, spent: Spent) -> bool:
        """Whether this much is within the budget."""
        return (self.per_round is None or spent.round <= self.per_round) and (
            self.total is None or spent.total <= self.total
        )


@dataclass(frozen=True)
class Spent:
    """KL in nats an episode: from the previous policy and from the demonstrators'."""

    round: float
    total: float


@dataclass(frozen=True, eq=False)
class Probe:
    """At most `PROBE` episodes of a round, and what two policies would have done in them."""

    experience: Experience
    previous: Floats
    origin: Floats

    @classmethod
    def of(cls, experience: Experience, previous: Any, demonstrator: Any) -> Probe:
        """Raises `CapabilityError` for a model without a density."""
        previous, demonstrator = measurable(previous), measurable(demonstrator)
        data = experience.trajectories
        rows = np.arange(min(PROBE, len(data)))
        steps = int(data.starts[rows[-1] + 1] - data.starts[0])
        few = Experience(data.take(rows), experience.commanded[:steps], None)
        before = distributions(previous, few.trajectories, few.asked)
        return cls(few, before, distributions(demonstrator, few.trajectories, None))

    def spent(self, model: Any) -> Spent:
        """How far ``model`` is, under the episodes' commands."""
        data = self.experience.trajectories
        now = distributions(model, data, self.experience.asked)
        apart = (kl(model.family, now, each).sum() for each in (self.previous, self.origin))
        return Spent(*(float(each) / len(data) for each in apart))


def measurable(model: Any) -> HasDensity:
    """The model, if a budget can be measured of it; raises `CapabilityError` otherwise."""
    if not isinstance(model, HasDensity):
        raise CapabilityError(
            f"a KL budget needs HasDensity, which {type(model).__name__} lacks; bound the "
            "pace instead: refresh_rate, or pace=ReviewPace()"
        )
    return model


def copied(weights: Weights) -> dict[str, Tensor]:
    """Weights that training does not change any more."""
    return {name: each.clone() for name, each in weights.items()}


def backtrack(model: TrainableModel, before: Weights, probe: Probe, budget: KLBudget) -> float:
    """Mix the model's weights with those of ``before`` until the budget holds.

    Returns the share of the new ones that is kept: all, or the most that bisection found,
    and 0 where no step at all is within the budget.
    """
    if budget.holds(probe.spent(model)):
        return 1.0
    after, low, high = copied(model.state_dict()), 0.0, 1.0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        model.load_state_dict(_mixed(before, after, middle))
        low, high = (middle, high) if budget.holds(probe.spent(model)) else (low, middle)
    model.load_state_dict(_mixed(before, after, low))
    return low


def _mixed(before: Weights, after: Weights, share: float) -> dict[str, Tensor]:
    """Whole numbers, which cannot be mixed, are the old ones."""
    return {
        name: old + share * (after[name] - old) if old.is_floating_point() else old
        for name, old in before.items()
    }
