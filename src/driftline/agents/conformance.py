"""`TargetConformance`: laws every pairing of a model and a target must keep, as a pytest class.

Knows no model. Subclass it in your own tests with two fixtures, ``model`` and
``observations`` (those of some steps, ``[steps, B, ...]``):

    class TestMine(TargetConformance):
        @pytest.fixture
        def model(self): return MyModel(...)

        @pytest.fixture
        def observations(self): return boards

It runs every target that Driftline has; one that needs what the model lacks has to
be refused. Override ``targets`` to run your own choice.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.exponential_tilt import ExponentialTilt, mgdt_paper
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Reference
from driftline.conditioning.sampled_maximum import mgdt_colab
from driftline.conditioning.target import Target, Unconditioned, manner
from driftline.errors import CapabilityError
from driftline.models.model import GenerativeModel, HasControl, HasDensity, HasReturnDistribution
from driftline.spaces.specs import DiscreteActionSpec

EVERY_TARGET: tuple[Target, ...] = (
    Unconditioned(),
    FixedReturn(1.0),
    Quantile(0.75, "point"),
    Quantile(0.75),
    Quantile(0.75, reference="model"),
    Quantile(0.75, per="step"),
    BestOfN(4),
    BestOfN(4, per="step"),
    ExponentialTilt(0.5),
    ExponentialTilt(0.5, per="step"),
    mgdt_paper(),
    mgdt_colab(),
    FactorisedTilt(0.5),
    FactorisedTilt(0.5, backup="control"),
)
REFERENCE = Reference.of(np.linspace(0.0, 2.0, 201))


class TargetConformance:
    """Give the fixtures ``model`` and ``observations``; the tests come along."""

    targets: tuple[Target, ...] = EVERY_TARGET
    """What is asked for; override it to run your own choice."""

    def pursued(self, model: Any) -> list[Target]:
        """The targets that ``model`` has what it takes for."""
        return [target for target in self.targets if not missing(model, target)]

    def test_what_the_model_lacks_is_refused_by_name(self, model: Any, observations: Any) -> None:
        for target in self.targets:
            lacked = missing(model, target)
            if not lacked:
                continue
            said = ""
            try:
                play(model, target, observations)
            except CapabilityError as error:
                said = str(error)
            assert said.startswith(f"{type(model).__name__} lacks {lacked}"), target
            assert ";" in said, f"{target}: name an alternative"

    def test_every_running_episode_gets_an_action(
        self, model: GenerativeModel, observations: Any
    ) -> None:
        discrete = isinstance(model.action, DiscreteActionSpec)
        for target in self.pursued(model):
            for step, (actions, _, _) in enumerate(play(model, target, observations)):
                assert len(actions) == len(observations[step]), target
                assert np.issubdtype(actions.dtype, np.integer if discrete else np.floating)

    def test_the_same_seed_gives_the_same_play(self, model: Any, observations: Any) -> None:
        for target in self.pursued(model):
            plays = (play(model, target, observations) for _ in "ab")
            for first, second in zip(*plays, strict=True):
                for one, other in zip(first, second, strict=True):
                    same = one is other is None or np.array_equal(one, other, equal_nan=True)
                    assert same, target

    def test_a_return_is_commanded_exactly_where_one_is_asked_for(
        self, model: Any, observations: Any
    ) -> None:
        """Asked at the start, it falls by the rewards received: here 1/4 each step."""
        for target in self.pursued(model):
            commands = np.stack([each for _, each, _ in play(model, target, observations)])
            if manner(target) in ("unasked", "factorised"):
                assert np.isnan(commands).all(), target
                continue
            assert np.isfinite(commands).all(), target
            if manner(target) == "asked":
                fallen = commands[0] - 0.25 * np.arange(len(commands))[:, None]
                np.testing.assert_allclose(commands, fallen, err_msg=repr(target))

    def test_distributions_of_discrete_actions_are_normalised(
        self, model: GenerativeModel, observations: Any
    ) -> None:
        if not isinstance(model.action, DiscreteActionSpec):
            return
        for target in self.pursued(model):
            for actions, _, known in play(model, target, observations):
                if known is None:
                    continue
                np.testing.assert_allclose(np.exp(known).sum(axis=1), 1.0, atol=1e-4)
                taken = np.take_along_axis(known, actions[:, None], 1)
                assert np.all(taken > -np.inf), target

    def test_narrowing_keeps_the_episodes_that_run(self, model: Any, observations: Any) -> None:
        """The rows kept have the commands and distributions they would have had."""
        rows = np.arange(0, len(observations[0]), 2)
        for target in self.pursued(model):
            played = play(model, target, observations)
            again = play(model, target, observations, narrow_to=rows)
            for (_, commanded, known), (_, fewer, rest) in zip(played[:2], again[:2], strict=True):
                kept = slice(None) if len(fewer) == len(commanded) else rows
                if manner(target) == "asked":
                    np.testing.assert_allclose(fewer, commanded[kept], err_msg=repr(target))
                if known is not None and manner(target) != "resampled":
                    np.testing.assert_allclose(rest, known[kept], atol=1e-4)


def missing(model: object, target: Target) -> str:
    """The capability that ``target`` needs and ``model`` lacks, or nothing."""
    needs: list[type] = []
    if manner(target) in ("resampled", "factorised") or _asks_the_model(target):
        needs.append(HasReturnDistribution)
    match target:
        case FactorisedTilt(backup="control"):
            needs = [HasControl]
        case _ if target == mgdt_colab():
            needs.append(HasDensity)
    lacked = next((each.__name__ for each in needs if not isinstance(model, each)), "")
    discrete = isinstance(getattr(model, "action", None), DiscreteActionSpec)
    if not lacked and target == mgdt_colab() and not discrete:
        return "discrete actions"
    return lacked


def _asks_the_model(target: Target) -> bool:
    return getattr(target, "reference", None) == "model"


def play(
    model: Any, target: Target, observations: Any, narrow_to: Any | None = None
) -> list[tuple[Any, Any, Any]]:
    """Act along ``observations``, each action bringing 1/4; narrowed after the first step."""
    agent = ReturnConditionedAgent(model, target, REFERENCE)
    agent.begin(len(observations[0]), seed=3)
    told, rows = [], np.arange(len(observations[0]))
    for step, seen in enumerate(observations):
        with torch.no_grad():
            actions = agent.act(seen[rows])
        told.append((actions, agent.commanded.copy(), agent.distributions))
        agent.receive(np.full(len(rows), 0.25))
        if step == 0 and narrow_to is not None:
            agent.narrow(narrow_to)
            rows = narrow_to
    return told
