"""Fine-tuning with a penalty ends where it must: at the exact optimum of E[R] - c KL.

Nothing that is compared is sampled: every history is enumerated, or the box is summed over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import SyncVectorEnv

from driftline.environments.finite_world import FiniteWorldVectorEnv
from driftline.exact.divergences import kl
from driftline.exact.factorised import controlled, factorised
from driftline.exact.histories import HistoryTree, enumerate_histories
from driftline.exact.random_worlds import random_tree
from driftline.experiments.targets.learnt import every_trajectory
from driftline.models.action_distributions import log_density
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.models.transformer_config import TransformerConfig
from driftline.seeding import generator
from driftline.spaces.codecs import ReturnCodec
from driftline.spaces.specs import CodesSpec, ContinuousActionSpec
from driftline.training.checkpoint import part
from driftline.training.divergence import distributions
from driftline.training.finetune import FineTune, FineTuneSettings
from driftline.training.kl_penalty import AdaptivePenalty, FixedPenalty, ScheduledPenalty
from driftline.training.rounds import RoundSettings, run_rounds
from tests.agents.tabular import one_step, tabular_model

SETTLING = FineTuneSettings(
    learning_rate=2e-2, rate_decay=2.0, critic_rate=1e-2, epochs=2, episodes_per_batch=256,
    trace=1.0, gradient_norm=5.0,
)  # fmt: skip
BETA = 2.0


@dataclass(frozen=True)
class Tree:
    """A small world, every history of it, and a demonstrator model that heeds all of each."""

    depth: int
    actions: int
    branches: int
    seed: int = 0

    @cached_property
    def histories(self) -> HistoryTree:
        draw = generator(self.seed, "optimum")
        return enumerate_histories(
            random_tree(self.depth, self.actions, draw, branches=self.branches, reward_step=0.5)
        )

    @cached_property
    def model(self) -> TrajectoryTransformer:
        return tabular_model(
            self.histories.world.states, self.actions, sharp=3.0, width=32, time="elapsed",
            context_length=self.depth, horizon=self.depth,
        )  # fmt: skip

    def policy(self, model: TrajectoryTransformer) -> Any:
        """Log-probabilities ``[nodes, A]`` of the model, read off a pass over every leaf."""
        tree, nodes = self.histories, self.histories.leaves
        rows = distributions(model, every_trajectory(tree), None)
        rows = (rows - np.log(np.exp(rows).sum(1, keepdims=True))).reshape(
            len(nodes), -1, tree.world.actions
        )
        found = np.zeros((tree.nodes, self.actions))
        for time in reversed(range(self.depth)):
            nodes = tree.parents[nodes]
            found[nodes] = rows[:, time]
        return found

    def standing(self, policy: Any) -> tuple[float, float]:
        """E[R] and trajectory KL to the demonstrator model, exactly."""
        trajectories = self.histories.log_probabilities(policy)
        origin = self.histories.log_probabilities(self.policy(self.model))
        return self.histories.expectation(trajectories), kl(trajectories, origin)


def weights_of(learner: FineTune, model: TrajectoryTransformer) -> TrajectoryTransformer:
    """A model like ``model`` with what the learner has made of it."""
    tuned = TrajectoryTransformer.from_json(model.to_json())
    tuned.load_state_dict(part(learner.state()[0], "model."))
    return tuned.eval()


def tuned(place: Tree, settings: FineTuneSettings, rounds: int, copies: int) -> Any:
    learner = FineTune(place.model, one_step([0.0]), settings, horizon=place.depth, seed=3)
    copied = FiniteWorldVectorEnv(place.histories.world, copies)
    for _ in run_rounds(learner, copied, RoundSettings(rounds, copies), 11):
        pass
    return weights_of(learner, place.model)


DETERMINISTIC, STOCHASTIC = Tree(3, 3, branches=1), Tree(3, 2, branches=2, seed=8)


@pytest.mark.slow
@pytest.mark.parametrize("place", [DETERMINISTIC, STOCHASTIC], ids=["no chance", "chance"])
def test_a_penalty_of_one_over_beta_ends_at_the_exact_optimum(place: Tree) -> None:
    """Sampled episodes make it wander around the optimum, the less the slower it learns by then.

    A divergence 10% off costs less than 1% of what was gained, so that it is the
    last to settle; the rate has fallen to a hundredth at the end.
    """
    settings = replace(SETTLING, kl_penalty=FixedPenalty(1.0 / BETA))
    found = place.standing(place.policy(tuned(place, settings, rounds=48, copies=1024)))
    origin = place.policy(place.model)
    best = controlled(place.histories, origin, BETA * place.histories.atoms)
    exact = place.standing(best.policy)
    assert exact[1] > 0.25, "the optimum is hardly away from the demonstrator"
    assert found == pytest.approx(exact, rel=0.05)
    # What is left to gain is little of what there was.
    start, reached, most = (
        BETA * each[0] - each[1] for each in (place.standing(origin), found, exact)
    )
    assert most == pytest.approx(best.value)
    assert 0.0 <= most - reached < 0.03 * (most - start)


def test_where_there_is_chance_the_optimum_is_not_the_policy_that_counts_on_luck() -> None:
    """Without which the stochastic law could hold of a learner that ends at the other one."""
    tree, origin = STOCHASTIC.histories, STOCHASTIC.policy(STOCHASTIC.model)
    counting = factorised(tree, origin, BETA * tree.atoms).policy
    best = controlled(tree, origin, BETA * tree.atoms).policy
    lucky, exact = STOCHASTIC.standing(counting), STOCHASTIC.standing(best)
    assert abs(lucky[1] / exact[1] - 1.0) > 0.4
    start, reached, most = (
        BETA * each[0] - each[1] for each in (STOCHASTIC.standing(origin), lucky, exact)
    )
    assert most - reached > 0.2 * (most - start)


def test_a_few_rounds_already_close_most_of_the_gap() -> None:
    place = Tree(2, 2, branches=1, seed=1)
    settings = replace(
        SETTLING, kl_penalty=FixedPenalty(1.0 / BETA), rate_decay=0.1, episodes_per_batch=128
    )
    found = place.standing(place.policy(tuned(place, settings, rounds=8, copies=256)))
    origin = place.policy(place.model)
    most = controlled(place.histories, origin, BETA * place.histories.atoms).value
    start, reached = (BETA * each[0] - each[1] for each in (place.standing(origin), found))
    assert most - start > 0.2
    assert most - reached < 0.25 * (most - start)


class Push(gymnasium.Env[Any, Any]):
    """One push in [-2, 2], best at 1.2: R(a) = -(a - 1.2)^2."""

    observation_space = Discrete(1)
    action_space = Box(-2.0, 2.0, (1,), np.float32)

    def reset(self, *, seed: Any = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        return 0, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return 0, -float((action[0] - 1.2) ** 2), True, False, {}


LINE = ContinuousActionSpec((-2.0,), (2.0,))
GRID = np.linspace(-2.0, 2.0, 4001)
WEIGHTS = np.concatenate([[1.0], np.full(3999, 0.001), [1.0]])
"""Each edge is a place of its own; between them the grid is summed over."""


def pusher() -> TrajectoryTransformer:
    """Pushes around -0.6 with a deviation of 0.7, whatever it sees."""
    config = TransformerConfig(width=16, layers=1, heads=2, context_length=1)
    model = TrajectoryTransformer(
        config, CodesSpec((), 1), LINE, ReturnCodec(0.0, 1.0, -10.0, 0.0, 8)
    )
    with torch.no_grad():
        model.action_head.weight.zero_()
        model.action_head.bias.copy_(torch.tensor([-0.3, float(np.log(0.35))]))
    return model.eval()


def density(model: TrajectoryTransformer) -> Any:
    """Log-density on the `GRID`, log-probability on its ends."""
    state = model.observe(model.begin(1), np.zeros(1, np.int64), None)
    row = model.distribution(state).double().expand(len(GRID), -1)
    return log_density(LINE, row, torch.from_numpy(GRID)[:, None]).numpy()


def summed(policy: Any, origin: Any) -> tuple[float, float]:
    """E[R] and KL of log-densities on the grid."""
    mass = np.exp(policy) * WEIGHTS
    assert mass.sum() == pytest.approx(1.0, abs=1e-3)
    return float(mass @ -((GRID - 1.2) ** 2)), float(mass @ (policy - origin))


def tilted(origin: Any, beta: float) -> Any:
    """The optimum: p_0(a) e^(beta R(a)) / Z."""
    logs = origin - beta * (GRID - 1.2) ** 2
    return logs - np.log((np.exp(logs) * WEIGHTS).sum())


def pushed(settings: FineTuneSettings, rounds: int) -> tuple[Any, list[Any]]:
    model = pusher()
    learner = FineTune(model, one_step([0.0]), settings, horizon=1, seed=3)
    copies = SyncVectorEnv([Push] * 128)
    events = list(run_rounds(learner, copies, RoundSettings(rounds, 256), 5))
    return density(weights_of(learner, model)), events


PUSHING = replace(SETTLING, learning_rate=1e-2, rate_decay=0.1, episodes_per_batch=64)


def test_a_penalised_push_ends_at_the_exact_tilt_of_its_density() -> None:
    found, _ = pushed(replace(PUSHING, kl_penalty=FixedPenalty(1.0)), rounds=40)
    origin = density(pusher())
    exact = summed(tilted(origin, 1.0), origin)
    assert exact[1] > 0.5
    assert summed(found, origin) == pytest.approx(exact, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    "penalty",
    [
        AdaptivePenalty(1.0, initial=0.1, gain=0.5, clip=0.4),
        ScheduledPenalty(((0, 0.1), (30, 1.0)), initial=1.0, gain=0.5, clip=0.4),
    ],
    ids=["adaptive", "scheduled"],
)
def test_a_penalty_that_adapts_ends_at_its_target_and_at_the_most_return_for_it(
    penalty: Any,
) -> None:
    found, events = pushed(replace(PUSHING, kl_penalty=penalty), rounds=80)
    origin = density(pusher())
    earned, apart = summed(found, origin)
    assert apart == pytest.approx(1.0, rel=0.1)
    strengths = np.linspace(0.1, 4.0, 400)
    curve = np.array([summed(tilted(origin, each), origin) for each in strengths])
    most = float(np.interp(apart, curve[:, 1], curve[:, 0]))
    assert earned == pytest.approx(most, abs=0.05 * (most - curve[0, 0]))
    last = [each.losses["kl_coefficient"] for each in events[1::2]][-10:]
    assert np.mean(last) == pytest.approx(1.0 / np.interp(1.0, curve[:, 1], strengths), rel=0.25)
