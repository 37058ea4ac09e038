"""`ReturnConditionedAgent`: a generative model under a target.

Knows no environment. How the target is pursued is one of three ways: `Asking`,
`Resampling` and `Factorising`.
"""

from __future__ import annotations

from typing import Any, assert_never

import torch

from driftline.agents.asking import Asking
from driftline.agents.factorising import Factorising
from driftline.agents.resampling import Resampling
from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.exponential_tilt import ExponentialTilt
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Reference
from driftline.conditioning.sampled_maximum import SampledMaximum
from driftline.conditioning.target import Target, Unconditioned, manner
from driftline.models.model import GenerativeModel
from driftline.models.nearby import nearby
from driftline.seeding import generator, integer_seed
from driftline.shapes import Floats, Integers

Way = Asking | Resampling | Factorising


class ReturnConditionedAgent:
    """Samples actions from ``model`` under ``target``, chosen against ``reference``.

    With ``likeliest`` it takes the likeliest action (of continuous ones the median) where the
    model's own distribution is what it acts by; where actions are weighed or a return is
    drawn anew, it samples all the same.

    Raises `CapabilityError` where the target needs what the model lacks.
    """

    def __init__(
        self,
        model: GenerativeModel,
        target: Target,
        reference: Reference,
        likeliest: bool = False,
    ) -> None:
        self.model, self.target, self.reference = model, target, reference
        self._likeliest = likeliest

    def begin(self, episodes: int, seed: int) -> None:
        """Forget the old episodes and be ready for new ones."""
        actions = torch.Generator().manual_seed(integer_seed(seed, "actions"))
        self._way = self._begun(episodes, seed, actions)

    def _begun(self, episodes: int, seed: int, actions: torch.Generator) -> Way:
        commands = generator(seed, "command")
        target, known = self.target, (nearby(self.model, episodes), self.reference)
        match target:
            case ExponentialTilt() | SampledMaximum() if manner(target) == "resampled":
                return Resampling(known[0], target, known[1], episodes, commands, actions)
            case Quantile() | BestOfN() | FactorisedTilt() if manner(target) == "factorised":
                return Factorising(known[0], target, known[1], episodes, actions)
            case (
                FixedReturn()
                | Quantile()
                | BestOfN()
                | ExponentialTilt()
                | FactorisedTilt()
                | SampledMaximum()
                | Unconditioned()
            ):
                drawn = commands, actions
                return Asking(known[0], target, known[1], episodes, *drawn, self._likeliest)
            case _:
                assert_never(target)

    @property
    def commanded(self) -> Floats:
        """The return-to-go asked for at the last action, ``[B]``; NaN where nothing is asked."""
        return self._way.commanded

    @property
    def distributions(self) -> Any | None:
        """``[B, P]`` of the distributions the last actions were drawn from; None: not known."""
        return self._way.distributions

    @property
    def effective_samples(self) -> Floats | None:
        """Of the candidates the last actions were chosen from, ``[B]``; None: there were none."""
        return self._way.effective_samples

    def act(self, observations: Any) -> Any:
        """Sample an action for every running episode."""
        return self._way.act(observations)

    def receive(self, rewards: Floats) -> None:
        """Take note of what the last actions brought."""
        self._way.receive(rewards)

    def narrow(self, rows: Integers) -> None:
        """Keep the episodes ``rows`` alone."""
        self._way.narrow(rows)
