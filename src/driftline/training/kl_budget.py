"""`KLBudget`: how far a refit may move the policy, in a round and in all.

Knows no environment and no optimiser. The divergence is measured, exactly at every step
of a probe of the round's own episodes; it is the measurement that decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from torch import Tensor

from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Target, command
from driftline.errors import CapabilityError, SettingsError
from driftline.models.model import HasDensity
from driftline.models.trainable import TrainableModel
from driftline.seeding import generator
from driftline.shapes import Floats
from driftline.training.divergence import distributions, kl, log_ratio
from driftline.training.learner import Experience

PROBE = 128
"""Episodes of a round that the divergence is measured on."""
HALVINGS = 7
DRAWS = 4096
"""Commands that are drawn to know how often each return is asked for."""
Weights = Mapping[str, Any]


@dataclass(frozen=True)
class KLBudget:
    """Nats an episode: ``per_round`` from the previous policy, ``total`` from the demonstrators'.

    A policy is weights and the returns that are asked of them: asking for higher returns
    moves it as learning does, and both are within the budget. ``enforce="backtrack"``: the
    fit ends as always, and the new weights, and the returns that are to be asked for, are
    mixed with the old ones as far as the budget reaches. ``"stop"``: what is asked for goes
    as far as half of the budget reaches; then, measured every ``check_every`` updates, the
    fit ends before the budget does, with the last weights within it. It is weights that are
    mixed, because a mixture of policies cannot be stored as one policy.

    A budget that is used up leaves the policy as it is, and the agent goes on acting.
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

    def halved(self, spent: Spent) -> KLBudget:
        """The budget of which half is left for what comes after, ``spent`` being over already."""
        halves = [
            None if most is None else min(most, 0.5 * (over + most))
            for most, over in ((self.per_round, spent.round), (self.total, spent.total))
        ]
        return replace(self, per_round=halves[0], total=halves[1])

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
class Commands:
    """What is asked for: ``target`` chooses it against ``before`` now and ``after`` next.

    ``mixed(share)`` is between the two: their returns, the later ones with so much weight.
    """

    target: Target
    before: Reference
    after: Reference
    seed: int

    def mixed(self, share: float) -> Reference:
        """The reference a share of the way from the one before to the one after."""
        if share in (0.0, 1.0):
            return self.after if share else self.before
        weights = [(1.0 - share) * self.before.weights, share * self.after.weights]
        returns = np.concatenate([self.before.returns, self.after.returns])
        return Reference.of(returns, np.concatenate(weights))

    def asked(self, commands: Floats, share: float) -> Floats:
        """What is asked in each of E episodes, of which ``commands [E]`` were asked.

        As many are asked for each return as the reference has it, whatever chance had drawn,
        and who was asked for most is asked for most again. By the convexity of KL what is
        then measured is no less than the KL of the policies that draw their commands.
        """
        draw, episodes = generator(self.seed, "probe"), len(commands)
        drawn = command(self.target, self.mixed(share), DRAWS, draw)
        if drawn is None:
            return commands
        middles = (np.arange(episodes) + 0.5) / episodes
        asked = np.empty(episodes)
        order = np.argsort(commands, kind="stable")
        asked[order] = np.quantile(drawn, middles, method="inverted_cdf")
        return asked


@dataclass(frozen=True, eq=False)
class Probe:
    """At most `PROBE` episodes of a policy, and what others would have done in them.

    ``acting``: what it did under the commands that were drawn; ``previous``: the same weights
    under as many commands of each kind as they ask for; ``origin``: the demonstrators' model.
    """

    experience: Experience
    commands: Commands | None
    acting: Floats
    previous: Floats
    origin: Floats

    @classmethod
    def of(
        cls,
        experience: Experience,
        previous: Any,
        demonstrator: Any,
        commands: Commands | None = None,
    ) -> Probe:
        """Raises `CapabilityError` for a model without a density."""
        previous, demonstrator = measurable(previous), measurable(demonstrator)
        data = experience.trajectories
        rows = np.arange(min(PROBE, len(data)))
        steps = int(data.starts[rows[-1] + 1] - data.starts[0])
        few = Experience(data.take(rows), experience.commanded[:steps], None)
        acting = distributions(previous, few.trajectories, few.asked)
        before = acting
        if commands is not None and few.asked is not None:
            asked = _asked(few, commands, 0.0)
            before = distributions(previous, few.trajectories, asked)
        origin = distributions(demonstrator, few.trajectories, None)
        return cls(few, commands, acting, before, origin)

    def spent(self, model: Any, share: float = 0.0) -> Spent:
        """How far ``model`` is, its commands a ``share`` of the way to what is asked next.

        Every step counts as much likelier as ``model`` is to come to it than who played, so
        that it is the divergence in the episodes that ``model`` will play.
        """
        data, family = self.experience.trajectories, model.family
        asked = _asked(self.experience, self.commands, share)
        now = distributions(model, data, asked)
        likelier = self._likelier(log_ratio(family, now, self.acting, data.actions))
        apart = (likelier * kl(family, now, each) for each in (self.previous, self.origin))
        return Spent(*(float(each.sum()) / len(data) for each in apart))

    def _likelier(self, ratios: Floats) -> Floats:
        """The product of the ratios of the actions before each step of an episode, ``[S]``."""
        data = self.experience.trajectories
        before = np.cumsum(ratios) - ratios
        begun = before[data.starts[:-1] - data.starts[0]]
        return np.asarray(np.exp(before - np.repeat(begun, data.lengths)))


def _asked(experience: Experience, commands: Commands | None, share: float) -> Floats | None:
    """Returns-to-go as they would have been under the later commands, ``[S]``."""
    asked, data = experience.asked, experience.trajectories
    if asked is None or commands is None:
        return asked
    first = asked[data.starts[:-1] - data.starts[0]]
    return asked + np.repeat(commands.asked(first, share) - first, data.lengths)


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


def furthest(holds: Callable[[float], bool]) -> float:
    """The largest share of a move that holds, by bisection; 0 where none does."""
    if holds(1.0):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def backtrack(model: TrainableModel, before: Weights, probe: Probe, budget: KLBudget) -> float:
    """Mix the model's weights with those of ``before`` until the budget holds.

    Returns the share of the new ones that is kept, and of what is to be asked for.
    """
    after = copied(model.state_dict())

    def holds(share: float) -> bool:
        model.load_state_dict(_mixed(before, after, share))
        return budget.holds(probe.spent(model, share))

    kept = furthest(holds)
    model.load_state_dict(_mixed(before, after, kept))
    return kept


def asked_within(model: TrainableModel, probe: Probe, budget: KLBudget) -> float:
    """How far the commands may move under weights as they are: for half of what is left."""
    left = budget.halved(probe.spent(model))
    return furthest(lambda share: left.holds(probe.spent(model, share)))


def _mixed(before: Weights, after: Weights, share: float) -> dict[str, Tensor]:
    """Whole numbers, which cannot be mixed, are the old ones."""
    return {
        name: old + share * (after[name] - old) if old.is_floating_point() else old
        for name, old in before.items()
    }
