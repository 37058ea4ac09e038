"""`OnlineSettings`: how an OGM agent is refitted each round, checked.

Know no environment, no model and no loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from driftline.conditioning.target import Target, pool
from driftline.data.mixture import MixtureSettings
from driftline.errors import SettingsError, UnknownNameError
from driftline.training.divergence import follows_commands
from driftline.training.entropy_floor import EntropyFloor
from driftline.training.kl_budget import KLBudget
from driftline.training.pace import FixedPace, Pace, refresh_rate
from driftline.training.update import UpdateSettings
from driftline.training.value_guidance import ValueGuidance

Beginning = Literal["nothing", "best"]


@dataclass(frozen=True)
class OnlineSettings:
    """One round's refit: how long, how fast, on what, from which weights, how far at most.

    ``updates_per_step`` more updates for each recorded step: where rounds are of different
    length, all agents then learn as much from a step. ``judged_by``: what it is asked for
    where it is judged; None: its target. The learning rate rises over ``warm_up`` updates, of
    which ``warmed`` were made before the first round. ``begins_with`` "best": the own slots
    begin filled with the best demonstrations (see `Mixture.lending_best`).
    """

    target: Target
    updates_per_round: int = 40
    update: UpdateSettings = UpdateSettings(learning_rate=5e-4)
    mixture: MixtureSettings = MixtureSettings()
    refit_from: Literal["last", "offline"] = "last"
    pace: Pace = FixedPace()
    kl_budget: KLBudget | None = None
    entropy_floor: EntropyFloor | None = None
    value_guidance: ValueGuidance | None = None
    judged_by: Target | None = None
    updates_per_step: float = 0.0
    warm_up: int = 0
    warmed: int = 0
    begins_with: Beginning = "nothing"

    def __post_init__(self) -> None:
        if self.updates_per_round < 0 or self.updates_per_step < 0:
            raise SettingsError(
                "updates_per_round and updates_per_step are at least 0, got "
                f"{self.updates_per_round} and {self.updates_per_step:g}"
            )
        if self.warm_up < 0 or self.warmed < 0:
            raise SettingsError(
                f"warm_up and warmed are at least 0, got {self.warm_up} and {self.warmed}"
            )
        if self.begins_with not in get_args(Beginning):
            raise UnknownNameError.among("beginning", self.begins_with, get_args(Beginning))
        if self.begins_with == "best" and self.mixture.eviction != "oldest":
            raise SettingsError(
                'slots that begin with the best demonstrations go with eviction="oldest", got '
                f"{self.mixture.eviction!r}"
            )
        refresh_rate(self.pace, self.mixture, self.target)  # raises where there is none
        if self.value_guidance is not None and self.update.window < 2:
            raise SettingsError(
                "value guidance learns from steps that follow one another, which windows of 1 "
                "step do not hold; give update a window of 2 or more"
            )
        if self.kl_budget is not None and not follows_commands(self.target):
            raise SettingsError(
                f"a KL budget is measured under the returns that are asked for, and {self.target} "
                "does more than ask; use a target that asks, or no budget"
            )
        if self.kl_budget is not None and pool(self.target) == "model":
            raise SettingsError(
                "under a KL budget what is asked for is held back with the policy, and what the "
                "model's own return head expects cannot be; use another reference, or no budget"
            )

    def updates(self, steps: int) -> int:
        """How many a round of ``steps`` recorded steps brings."""
        return self.updates_per_round + round(self.updates_per_step * steps)

    def rates(self, before: int, updates: int) -> list[float]:
        """Factors of the learning rate of ``updates`` updates, ``before`` others in earlier rounds.

        >>> from driftline.conditioning.fixed import FixedReturn
        >>> OnlineSettings(FixedReturn(1.0), warm_up=4, warmed=1).rates(0, 4)
        [0.5, 0.75, 1.0, 1.0]
        """
        first = self.warmed + before + 1
        return [min(1.0, (first + each) / max(1, self.warm_up)) for each in range(updates)]
