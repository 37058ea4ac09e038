"""Tomato watering, asked for more and more: what each method earns for how far it goes.

Knows the study's settings; the demonstrators and their model are the same for all
methods of a seed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from driftline.agents.agent import Agent
from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.agents.rollout import Rollout, rollout
from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.exponential_tilt import ExponentialTilt, mgdt_paper
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Reference
from driftline.conditioning.sampled_maximum import mgdt_colab
from driftline.conditioning.target import Target, Unconditioned, command, manner
from driftline.data.episodes import Episodes
from driftline.data.trajectories import Trajectories
from driftline.experiments import build
from driftline.experiments.targets.selection import selected, weighed
from driftline.experiments.targets_config import FrontierSettings
from driftline.models.action_distributions import divergence, log_density
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.safety.density_ratio import BestOf, Nominal, realised
from driftline.safety.estimate import Estimate, episode_sums
from driftline.safety.measurement import finite
from driftline.seeding import generator, integer_seed
from driftline.shapes import Floats
from driftline.training.divergence import distributions
from driftline.training.finetune import FineTune, FineTuneSettings
from driftline.training.kl_penalty import FixedPenalty
from driftline.training.marginal import marginal_distributions
from driftline.training.offline import train_offline
from driftline.training.rounds import RoundSettings, run_rounds

SUMMED = 48
"""Episodes whose divergence is measured where every command has to be summed over,"""
COMMANDS = 16
"""and into how many equally likely commands their distribution is gathered."""
TUNING = FineTuneSettings(learning_rate=1e-3, epochs=2, episodes_per_batch=4, trace=0.98)


def frontier(settings: FrontierSettings, seed: int) -> dict[str, Any]:
    """Every method at every strength from one seed's demonstrators."""
    study = settings.study
    shown = build.demonstrations(study, seed)
    model = build.model(study, shown.trajectories, seed)
    for _ in train_offline(model, shown.trajectories, study.offline, integer_seed(seed, "offline")):
        pass
    play = Player(model.eval(), settings, shown.trajectories, seed)
    pool = play.rolled(play.agent(Unconditioned()), settings.pool, "pool").episodes
    tuned = [play.tuned(each) for each in settings.coefficients]
    even = np.full(len(pool), 1.0 / len(pool))
    return {
        "returns": shown.observed_returns.round(3).tolist(),
        "demonstrated": weighed(shown, np.full(len(shown), 1.0 / len(shown))),
        "imitated": weighed(pool, even),
        "rows": [*play.asked(), *tuned, *selected(pool, settings)],
    }


@dataclass(frozen=True, eq=False)
class Player:
    """Plays every target with one demonstrator ``model`` and measures it."""

    model: TrajectoryTransformer
    settings: FrontierSettings
    demonstrations: Trajectories
    seed: int

    @property
    def reference(self) -> Reference:
        """What the targets refer to: the returns of the demonstrations."""
        return Reference.of(self.demonstrations.returns)

    def asked(self) -> list[dict[str, Any]]:
        """A row for every target that acts by itself."""
        levels, betas = self.settings.levels, self.settings.betas
        return [
            *(self.row("quantile", 1 - each, Quantile(each)) for each in levels),
            *(self.row("quantile, step", 1 - each, Quantile(each, per="step")) for each in levels),
            *(self.row("tilt", each, ExponentialTilt(each, least_samples=0.0)) for each in betas),
            *(
                self.row("tilt, factorised", each, FactorisedTilt(each, least_samples=0.0))
                for each in betas
            ),
            *(
                self.row("tilt, step", each, ExponentialTilt(each, per="step", least_samples=0.0))
                for each in betas
            ),
            *(self.row("best of n, asked", float(n), BestOfN(n)) for n in self.settings.best_of),
            self.row("mgdt, paper", 10.0, mgdt_paper()),
            self.row("mgdt, colab", 128.0, mgdt_colab()),
        ]

    def agent(self, target: Target) -> Agent:
        """The model under ``target``."""
        return ReturnConditionedAgent(self.model, target, self.reference)

    def rolled(self, agent: Agent, episodes: int, *path: str | int) -> Rollout:
        """Episodes of ``agent``."""
        copies = build.environment(self.settings.study.world, min(episodes, 512))
        return rollout(copies, agent, episodes, integer_seed(self.seed, "play", *path))

    def row(self, method: str, strength: float, target: Target) -> dict[str, Any]:
        """What ``target`` earns and how far it goes."""
        played = self.rolled(self.agent(target), self.settings.episodes, method, str(strength))
        nominal = _nominal(target)
        return {
            "method": method,
            "strength": strength,
            **_earned(played.episodes),
            **self._departed(played, target),
            "nominal_kl": None if nominal is None else nominal.kl,
            "nominal_ratio": None if nominal is None else nominal.ratio,
            "samples": float(len(played.episodes)),
        }

    def _departed(self, played: Rollout, target: Target) -> dict[str, Any]:
        """Divergence of the policy as it is seen from outside."""
        data, acted = played.episodes.trajectories, played.distributions
        match manner(target):
            case "asked":
                data = data.take(np.arange(min(SUMMED, len(data))))
                returns, weights = self._commands(target)
                acted = marginal_distributions(self.model, data, returns, weights)
            case "resampled":
                # Given the returns drawn: a bound from above, and no density of its own.
                bound = self._divergence(data, acted)[0]
                return {**bound, "log_ratio": None, "chi_squared": None, "bound": True}
            case _:
                pass
        found, sums = self._divergence(data, acted)
        told = realised(sums)
        heavy = {"log_ratio": float(sums.max()), "chi_squared": finite(told.chi_squared.mean)}
        return {**found, **heavy, "bound": False}

    def _commands(self, target: Target) -> tuple[Floats, Floats]:
        """The returns a target may ask for, gathered into equally likely ones."""
        draw = generator(self.seed, "commands")
        drawn = command(target, self.reference, 8192, draw)
        assert drawn is not None
        values, counts = np.unique(drawn, return_counts=True)
        if len(values) <= COMMANDS:
            return values, counts / counts.sum()
        parts = np.array_split(np.sort(drawn), COMMANDS)
        return np.array([each.mean() for each in parts]), np.full(COMMANDS, 1.0 / COMMANDS)

    def _divergence(self, data: Trajectories, acted: Any) -> tuple[dict[str, Any], Floats]:
        """KL with its error, and each episode's log ratio ``[E]``."""
        origin = torch.from_numpy(distributions(self.model, data, None))
        policy, actions = torch.from_numpy(acted), torch.from_numpy(data.actions)
        family = self.model.family
        steps = divergence(family, policy, origin).numpy()
        ratio = log_density(family, policy, actions) - log_density(family, origin, actions)
        estimate = Estimate.of(episode_sums(steps, data.starts))
        told = {"kl": estimate.mean, "kl_error": finite(estimate.standard_error)}
        return told, episode_sums(ratio.numpy(), data.starts)

    def tuned(self, coefficient: float) -> dict[str, Any]:
        """The same weights fine-tuned with a KL penalty of so much reward a nat."""
        study = self.settings.study
        settings = replace(TUNING, kl_penalty=FixedPenalty(coefficient))
        learner = FineTune(
            self.model, self.demonstrations, settings, study.model.horizon, self.seed
        )
        rounds = RoundSettings(study.rounds.rounds, study.rounds.episodes_per_round)
        place = build.environment(study.world, rounds.episodes_per_round)
        for _ in run_rounds(learner, place, rounds, integer_seed(self.seed, "tune")):
            pass
        episodes = self.settings.episodes
        played = self.rolled(learner.agent(), episodes, "tuned", str(coefficient))
        return {
            "method": "KL fine-tuning",
            "strength": coefficient,
            **_earned(played.episodes),
            **self._departed(played, Unconditioned()),
            "nominal_kl": None,
            "nominal_ratio": None,
            "samples": float(episodes),
        }


def _earned(episodes: Episodes) -> dict[str, Any]:
    """Means over episodes, as `selection.weighed` gives them."""
    told = weighed(episodes, np.full(len(episodes), 1.0 / len(episodes)))
    names = ("observed", "observed_error", "true", "true_error", "shown")
    asked = episodes.commanded_returns
    commanded = None if np.isnan(asked).any() else float(asked.mean())
    return {**{name: told[name] for name in names}, "commanded": commanded}


def _nominal(target: Target) -> Nominal | BestOf | None:
    match target:
        case Quantile():
            return Nominal(target.share)
        case BestOfN():
            return BestOf(target.n)
        case _:
            return None
