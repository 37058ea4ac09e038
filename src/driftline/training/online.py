"""`Online`: the OGM agent, refitted each round on demonstrations and own episodes.

Knows no environment. Own episodes are relabelled with the returns they achieved
and join a `Mixture` whose shares are explicit.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, assert_never

import numpy as np
import torch
from torch import Tensor

from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.reference import Recent, Reference
from driftline.conditioning.target import Target, pool
from driftline.data.mixture import Mixture
from driftline.data.trajectories import Trajectories, concatenate
from driftline.errors import SettingsError
from driftline.models.model import HasDensity, family_of
from driftline.models.trainable import TrainableModel
from driftline.seeding import generator, integer_seed
from driftline.shapes import Floats
from driftline.training.checkpoint import load_optimiser, optimiser_tensors, part
from driftline.training.divergence import Divergences, distributions, follows_commands
from driftline.training.entropy_floor import Floor
from driftline.training.kl_budget import (
    Commands,
    KLBudget,
    Probe,
    asked_within,
    backtrack,
    copied,
    measurable,
)
from driftline.training.learner import Experience
from driftline.training.online_settings import OnlineSettings
from driftline.training.pace import ReviewPace, admissions, refresh_rate
from driftline.training.update import (
    make_optimiser,
    mean_parts,
    together,
    update,
)
from driftline.training.value_guidance import Guide


class Online:
    """A generative model that goes on training on what it did.

    ``own``: what its slots hold before the first round; None: nothing, and slots that are
    not filled yet count as demonstrations.
    """

    def __init__(
        self,
        model: TrainableModel,
        demonstrations: Trajectories,
        settings: OnlineSettings,
        seed: int,
        own: Trajectories | None = None,
    ) -> None:
        if settings.kl_budget is not None:
            measurable(model)
        self._settings = settings
        self._seed = seed
        self._demonstrator = model.eval()
        self._model = copy.deepcopy(model)
        self._previous = copy.deepcopy(model)
        self._optimiser = make_optimiser(self._model, settings.update)
        bare = Mixture(settings.mixture, demonstrations)
        if settings.begins_with == "best":
            if own is not None:
                raise SettingsError(
                    f"{len(own)} episodes were given for slots that begin with the best "
                    'demonstrations; give none, or begins_with="nothing"'
                )
            bare = bare.lending_best()
            if isinstance(settings.pace, ReviewPace) and bare.lent < settings.mixture.capacity:
                raise SettingsError(
                    f"{bare.lent} demonstrations are all that {settings.mixture.capacity} slots "
                    "begin with, so that own episodes are a larger share of the data than people "
                    f"can review; give a capacity of {bare.lent}, or another pace"
                )
        self._first = bare if own is None else bare.holding(own)
        self._mixture = self._first
        floor = settings.entropy_floor
        self._floor = None if floor is None else Floor(floor, model)
        guidance = settings.value_guidance
        self._guide: Guide | None = None
        if guidance is not None:
            shown = demonstrations if own is None else concatenate([demonstrations, own])
            window, precision = settings.update.window, settings.update.precision
            self._guide = Guide(guidance, model, shown, window, seed, precision)
        self._history: list[Floats] = []
        self._held: Reference | None = None
        """What commands are chosen against where a budget has held it back."""
        self.gradient_updates = 0

    @property
    def own_share(self) -> float:
        """The share of the mixture that is own episodes."""
        return self._mixture.own_share

    @property
    def refresh_rate(self) -> float:
        """rho as it is carried out: the share of own slots that a round refills."""
        settings = self._settings
        return refresh_rate(settings.pace, settings.mixture, settings.target)

    def agent(self) -> ReturnConditionedAgent:
        """The current model under the target, its threshold taken from the reference."""
        return self._under(self._settings.target)

    def judged(self) -> ReturnConditionedAgent:
        """The same by its likeliest actions, asked for what it is judged by."""
        return self._under(self._settings.judged_by or self._settings.target, likeliest=True)

    def _under(self, target: Target, likeliest: bool = False) -> ReturnConditionedAgent:
        own = target == self._settings.target
        reference = (self._held if own else None) or self._reference(target)
        return ReturnConditionedAgent(self._model, target, reference, likeliest)

    def _reference(self, target: Target) -> Reference:
        if isinstance(target, FixedReturn):
            # Supported is whatever was ever trained on: a mixture that has left the
            # asked return behind is for the run to show, not a reason to stop it.
            return Reference.of(np.concatenate([part.returns for part in self._mixture.parts]))
        name = pool(target)
        match name:
            case "mixture" | "model":
                return Reference.of(*self._mixture.returns())
            case "demonstrations":
                return Reference.of(self._mixture.demonstrations.returns)
            case Recent():
                recent = self._history[-name.rounds :] or [self._mixture.demonstrations.returns]
                return Reference.of(np.concatenate(recent))
            case _:
                assert_never(name)

    def divergences(self, experience: Experience) -> Divergences:
        """Of the acting policy from the demonstrator model and from last round's policy."""
        data, origin, before = experience.trajectories, None, None
        if isinstance(self._demonstrator, HasDensity) and isinstance(self._previous, HasDensity):
            origin = distributions(self._demonstrator, data, None)
            if follows_commands(self._settings.target):
                before = distributions(self._previous, data, experience.asked)
        acting = experience.distributions
        return Divergences.of(family_of(self._model), acting, origin, before, data.actions)

    def learn(self, experience: Experience, round: int) -> dict[str, float]:
        """Admit the round's episodes, relabelled, and refit."""
        if self._guide is not None:
            self._guide.begin()
        before = self._held or self._reference(self._settings.target)
        self._admit(experience.trajectories, round)
        self._history = [*self._history, experience.trajectories.returns]
        self._previous.load_state_dict(self._model.state_dict())
        if self._settings.refit_from == "offline":
            self._model.load_state_dict(self._demonstrator.state_dict())
            self._optimiser = make_optimiser(self._model, self._settings.update)
        seed = integer_seed(self._seed, "refit", round)
        updates = self._settings.updates(experience.trajectories.steps)
        target = self._settings.target
        budget, rate = self._settings.kl_budget, {"refresh_rate": self.refresh_rate}
        if budget is None:
            return {**self._fit(seed, updates), **rate}
        commands = Commands(target, before, self._reference(target), seed)
        told = self._fit_within(budget, experience, commands, seed, updates)
        return {**told, **rate}

    def _admit(self, trajectories: Trajectories, round: int) -> None:
        settings = self._settings
        count = admissions(settings.pace, settings.mixture, settings.target, round)
        draw = generator(self._seed, "admit", round)
        self._mixture = self._mixture.admit(trajectories, draw, count)
        if self._guide is not None:
            self._guide.remember(trajectories)

    def _steps(self, seed: int, updates: int) -> Iterator[dict[str, float]]:
        settings = self._settings
        rates = settings.rates(self.gradient_updates, updates)
        model, data = self._model, self._mixture
        extra = together([each for each in (self._floor, self._guide) if each is not None])
        for step in update(model, self._optimiser, data, settings.update, rates, seed, extra):
            self.gradient_updates += 1
            yield step

    def _fit(self, seed: int, updates: int) -> dict[str, float]:
        return mean_parts(list(self._steps(seed, updates)))

    def _fit_within(
        self,
        budget: KLBudget,
        experience: Experience,
        commands: Commands,
        seed: int,
        updates: int,
    ) -> dict[str, float]:
        """Refit and ask for more within the budget: by stopping, or going part of the way."""
        probe = Probe.of(experience, self._previous, self._demonstrator, commands)
        within, parts = copied(self._previous.state_dict()), []
        stops = budget.enforce == "stop"
        kept = asked_within(self._previous, probe, budget) if stops else 1.0
        for step in self._steps(seed, updates):
            parts.append(step)
            if stops and len(parts) % budget.check_every == 0:
                if not budget.holds(probe.spent(self._model, kept)):
                    break
                within = copied(self._model.state_dict())
        if not stops:
            kept = backtrack(self._model, within, probe, budget)
        elif not budget.holds(probe.spent(self._model, kept)):
            self._model.load_state_dict(within)
        self._held = commands.mixed(kept)
        spent = probe.spent(self._model, kept)
        told = {"kl_spent_round": spent.round, "kl_spent_total": spent.total, "kept": kept}
        return {**mean_parts(parts), **told}

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Weights now and a round ago, and the optimiser."""
        moments, groups = optimiser_tensors(self._optimiser)
        tensors = {f"model.{name}": each for name, each in self._model.state_dict().items()}
        tensors |= {f"previous.{n}": each for n, each in self._previous.state_dict().items()}
        tensors |= {f"optimiser.{name}": each for name, each in moments.items()}
        values = {"optimiser": groups, "gradient_updates": self.gradient_updates}
        if self._floor is not None:
            values["entropy_floor"] = self._floor.state()
        if self._guide is not None:
            kept, values["guide"] = self._guide.state()
            tensors |= {f"guide.{name}": each for name, each in kept.items()}
        if self._held is not None:
            held = {"returns": self._held.returns, "weights": self._held.weights}
            tensors |= {f"held.{name}": torch.from_numpy(each) for name, each in held.items()}
            values["effective"] = self._held.effective
        return tensors, values

    def restore(
        self, tensors: dict[str, Tensor], values: dict[str, Any], history: list[Trajectories]
    ) -> None:
        """Load the weights and replay the admissions of the rounds so far."""
        self._model.load_state_dict(part(tensors, "model."))
        self._previous.load_state_dict(part(tensors, "previous."))
        load_optimiser(self._optimiser, part(tensors, "optimiser."), values["optimiser"])
        self.gradient_updates = values["gradient_updates"]
        if self._floor is not None:
            self._floor.restore(values["entropy_floor"])
        if self._guide is not None:
            self._guide.restore(part(tensors, "guide."), values["guide"])
        self._mixture = self._first
        held = part(tensors, "held.")
        if held:
            returns, weights = (held[name].numpy() for name in ("returns", "weights"))
            self._held = Reference(returns, weights, effective=values["effective"])
        self._history = [each.returns for each in history]
        for round, trajectories in enumerate(history):
            self._admit(trajectories, round)
