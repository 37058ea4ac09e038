"""`Departure`: how far an agent went from its demonstrator model in a round of episodes.

Knows no concrete world. What cannot be measured of an agent is null and has its
reason under ``missing``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from driftline.agents.agent import Agent
from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.baselines.policy_agent import PolicyAgent
from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.quantile import Quantile
from driftline.data.episodes import Episodes
from driftline.data.trajectories import Trajectories
from driftline.experiments.head_check import NONE_HELD_OUT, spread
from driftline.experiments.outside import Missing, Outside, seen_from_outside
from driftline.models.action_distributions import divergence, log_density
from driftline.models.model import GenerativeModel, HasDensity, family_of
from driftline.safety.density_ratio import BestOf, Nominal, RatioCheck, realised
from driftline.safety.divergence_estimates import divergence_estimates
from driftline.safety.estimate import Estimate, episode_sums
from driftline.safety.held_out import forward_kl
from driftline.safety.luck_gap import commanded_gap
from driftline.safety.measurement import finite
from driftline.shapes import Floats
from driftline.training.divergence import distributions

SUMMED = 32
"""Episodes that are measured where every command has to be summed over."""
NOT_RECORDED = "it was not recorded when the actions were taken"
ASKS_NOTHING = "it asks for no return"
ANOTHER_KIND = "its actions follow another kind of distribution than the demonstrator model's"
NO_PROMISE = "its target promises no density ratio"


@dataclass(frozen=True, eq=False)
class Departure:
    """What an agent is measured against: the ``demonstrator`` model, demonstrations held out."""

    demonstrator: GenerativeModel
    held_out: Trajectories | None
    seed: int

    def of(self, agent: Agent, episodes: Episodes) -> dict[str, Any]:
        """Plain values of ``agent``, which acted in ``episodes``, all of one round.

        ``kl``, ``k1``, ``k3``: given the command. ``outside``: the policy whose
        command is not known, on at most `SUMMED` episodes where it has to be
        summed over. ``forward_kl``: that policy on held-out demonstrations.
        """
        missing: dict[str, str] = {}
        told = recorded(episodes, missing)
        nominal = _nominal(agent, missing)
        seen = self._outside(agent)
        outside = forward = None
        if isinstance(seen, Missing):
            missing |= dict.fromkeys(("outside", "forward_kl"), seen.reason)
        else:
            outside = self._ratio(seen, episodes.trajectories, nominal)
            if self.held_out is None:
                missing["forward_kl"] = NONE_HELD_OUT
            else:
                forward = self._forward(seen, self.held_out).to_json()
        return {
            "round": int(episodes.rounds[0]),
            "episodes": len(episodes),
            **told,
            "nominal": None if nominal is None else _promised(nominal),
            "outside": outside,
            "forward_kl": forward,
            "missing": missing,
        }

    def _outside(self, agent: Agent) -> Outside | Missing:
        if not isinstance(self.demonstrator, HasDensity):
            return Missing(f"{type(self.demonstrator).__name__} has no density")
        if isinstance(agent, PolicyAgent) and agent.family != self.demonstrator.family:
            return Missing(ANOTHER_KIND)
        return seen_from_outside(agent, self.seed)

    def _ratio(
        self, seen: Outside, data: Trajectories, nominal: Nominal | BestOf | None
    ) -> dict[str, Any]:
        data = _some(data) if seen.commands > 1 else data
        steps, ratios = self._against(seen, data)
        told = realised(episode_sums(ratios, data.starts))
        check = None if nominal is None else RatioCheck(nominal, told)
        return {
            "episodes": len(data),
            "commands": seen.commands,
            "kl": Estimate.of(episode_sums(steps, data.starts)).to_json(),
            "log_ratio": finite(float(episode_sums(ratios, data.starts).max())),
            "ratio": finite(told.ratio),
            "chi_squared": told.chi_squared.to_json(),
            "heaviest_share": finite(told.heaviest_share),
            "exceeded": None if check is None else check.exceeded,
            "caution": told.caution,
        }

    def _against(self, seen: Outside, data: Trajectories) -> tuple[Floats, Floats]:
        """KL at every step and the log ratio of its action, ``[S]`` each."""
        policy, origin, actions = self._rows(seen, data)
        family = family_of(self.demonstrator)
        ratio = log_density(family, policy, actions) - log_density(family, origin, actions)
        return divergence(family, policy, origin).numpy(), ratio.numpy()

    def _forward(self, seen: Outside, held_out: Trajectories) -> Estimate:
        data = _some(held_out) if seen.commands > 1 else held_out
        policy, origin, actions = self._rows(seen, data)
        family = family_of(self.demonstrator)
        reference = log_density(family, origin, actions).numpy()
        return forward_kl(reference, log_density(family, policy, actions).numpy(), data.starts)

    def _rows(self, seen: Outside, data: Trajectories) -> tuple[Any, Any, Any]:
        known: Any = self.demonstrator
        policy = torch.from_numpy(seen.parameters(data))
        origin = torch.from_numpy(distributions(known, data, None))
        return policy, origin, torch.as_tensor(data.actions)


def recorded(episodes: Episodes, missing: dict[str, str]) -> dict[str, Any]:
    """What the columns of one round say by themselves; ``missing`` gains what they do not."""
    starts = episodes.trajectories.starts
    found = divergence_estimates(episodes.kl, episodes.log_ratio, starts)
    found = {"kl": found["rao_blackwell"], "k1": found["k1"], "k3": found["k3"]}
    missing |= {name: NOT_RECORDED for name, each in found.items() if each.episodes == 0}
    gap = commanded_gap(episodes.commanded_returns, episodes.observed_returns)
    if gap.episodes == 0:
        missing["luck_gap"] = ASKS_NOTHING
    found["luck_gap"] = gap
    return {name: each.to_json() if each.episodes else None for name, each in found.items()}


def _some(data: Trajectories) -> Trajectories:
    """At most `SUMMED` episodes from all over the data: demonstrations lie by skill."""
    return data.take(spread(len(data), SUMMED))


def _nominal(agent: Agent, missing: dict[str, str]) -> Nominal | BestOf | None:
    """The quantilizer that the agent's target is of its own reference."""
    target = agent.target if isinstance(agent, ReturnConditionedAgent) else None
    match target:
        case Quantile() if target.draw == "tail":
            return Nominal(target.share)
        case BestOfN():
            return BestOf(target.n)
        case _:
            missing["nominal"] = NO_PROMISE
            return None


def _promised(nominal: Nominal | BestOf) -> dict[str, float]:
    return {"ratio": nominal.ratio, "kl": nominal.kl, "chi_squared": nominal.chi_squared}
