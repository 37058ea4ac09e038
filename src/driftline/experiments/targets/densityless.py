"""A generative model of continuous actions without a density, tilted by what it can do.

Knows the study's settings. The world has one step, so that its tilt is known by
quadrature; nothing asks the model for a likelihood.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from driftline.agents.return_conditioned import ReturnConditionedAgent
from driftline.conditioning.exponential_tilt import ExponentialTilt
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Target, Unconditioned
from driftline.data.trajectories import Trajectories
from driftline.errors import CapabilityError
from driftline.experiments.targets_config import DensitylessSettings
from driftline.models.flow_policy import FlowPolicy
from driftline.models.flow_policy_config import FlowPolicyConfig
from driftline.seeding import generator, integer_seed
from driftline.shapes import Floats
from driftline.spaces.codecs import ReturnCodec
from driftline.spaces.specs import CodesSpec, ContinuousActionSpec
from driftline.training.finetune import FineTune, FineTuneSettings
from driftline.training.kl_penalty import FixedPenalty
from driftline.training.offline import OfflineSettings, train_offline
from driftline.training.update import UpdateSettings

BINS, POINTS, CELLS = 20, 200, 4000
"""Bins of the distances, points of the curves drawn, cells of the quadrature, all on [-1, 1]."""
GRID: Floats = np.linspace(-1.0, 1.0, CELLS, endpoint=False) + 1.0 / CELLS
MODES = ((0.7, -0.5, 0.15), (0.3, 0.5, 0.15))
"""Share, mean and deviation of the two ways in which the demonstrators act."""
AVERAGED = 1.0 / 12.0
"""The share of the updates over which weights are averaged, exponentially."""
AT_ONCE = 4096
"""Actions that are proposed together: so many fit a cache."""
DRAWS = 200
"""Samples of the exact tilt that say how far a sample of it is from itself."""


def brought(actions: Floats) -> Floats:
    """R(a) = 2 - 2 (a - .3)^2: best between the two ways, nearer to the rarer one."""
    return np.asarray(2.0 - 2.0 * (actions - 0.3) ** 2)


def chances(beta: float) -> Floats:
    """p(a) e^{beta R(a)} / Z of every cell of the grid, ``[CELLS]``, summing to 1."""
    ways = [w / s * np.exp(-0.5 * ((GRID - m) / s) ** 2) for w, m, s in MODES]
    tilted = np.sum(ways, axis=0) * np.exp(beta * brought(GRID))
    return np.asarray(tilted / tilted.sum())


def gathered(cells: Floats, bins: int = BINS) -> Floats:
    """Probabilities of the grid's cells as those of equal bins, ``[bins]``."""
    return np.asarray(cells.reshape(bins, -1).sum(axis=1))


def counted(actions: Floats) -> Floats:
    """The share of the actions in every bin, ``[BINS]``."""
    return np.asarray(np.histogram(actions, BINS, (-1.0, 1.0))[0] / len(actions))


def distance(shares: Floats, beta: float) -> float:
    """Total variation of binned actions from the exact tilt."""
    return float(0.5 * np.abs(shares - gathered(chances(beta))).sum())


def demonstrations(count: int, seed: int) -> Trajectories:
    """Episodes of one step in a world with nothing to see."""
    draw = generator(seed, "densityless")
    cells = draw.choice(GRID, count, p=chances(0.0))
    actions = cells + draw.uniform(-1.0, 1.0, count) / CELLS
    return Trajectories(
        observations=np.zeros(2 * count, np.uint8),
        actions=actions[:, None].astype(np.float32),
        rewards=brought(actions),
        starts=np.arange(count + 1),
        terminated=np.ones(count, np.bool_),
        truncated=np.zeros(count, np.bool_),
    )


def fitted(data: Trajectories, updates: int, seed: int) -> FlowPolicy:
    """A small flow, trained with and without returns; the mean of its last weights."""
    config = FlowPolicyConfig(width=64, layers=2, flow_steps=6, return_dropout=0.7)
    codec = ReturnCodec.fit(data.rewards, bins=64)
    box = ContinuousActionSpec((-1.0,), (1.0,))
    model = FlowPolicy(config, CodesSpec((), 1), box, codec, seed=integer_seed(seed, "flow"))
    update = UpdateSettings(batch=512, window=1, learning_rate=8e-3)
    settings = OfflineSettings(updates, update=update, report_every=1)
    decay = max(0.0, 1.0 - 1.0 / (AVERAGED * updates))
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))
    for _ in train_offline(model, data, settings, integer_seed(seed, "fit")):
        averaged.update_parameters(model)
    assert isinstance(averaged.module, FlowPolicy)
    return averaged.module.eval()


class Player:
    """Plays targets with one model, their references the demonstrations' returns."""

    def __init__(self, model: FlowPolicy, returns: Floats, episodes: int, seed: int) -> None:
        self._model, self._reference = model, Reference.of(returns)
        self._episodes, self._seed = episodes, seed

    def played(self, target: Target) -> tuple[Floats, float | None]:
        """The shares of the actions ``[BINS]`` and the mean effective sample size, if any."""
        agent = ReturnConditionedAgent(self._model, target, self._reference)
        size = AT_ONCE // target.candidates if isinstance(target, FactorisedTilt) else AT_ONCE
        actions, effective = [], []
        for first in range(0, self._episodes, size):
            count = min(size, self._episodes - first)
            agent.begin(count, integer_seed(self._seed, "play", repr(target), first))
            actions.append(agent.act(np.zeros(count, np.uint8))[:, 0].astype(np.float64))
            if agent.effective_samples is not None:
                effective.append(agent.effective_samples)
        shares = counted(np.concatenate(actions))
        return shares, float(np.concatenate(effective).mean()) if effective else None


def densityless(settings: DensitylessSettings, seed: int) -> dict[str, Any]:
    """How near every way to tilt the flow comes to the exact tilt, in total variation."""
    data = demonstrations(settings.demonstrations, seed)
    model = fitted(data, settings.updates, seed)
    player = Player(model, data.returns, settings.samples, seed)
    imitated, _ = player.played(Unconditioned())
    return {
        "demonstrations": settings.demonstrations,
        "updates": settings.updates,
        "samples": settings.samples,
        "candidates": settings.candidates,
        "imitated": distance(imitated, 0.0),
        "density": density(0.0),
        "refused": refused(model, data, seed),
        "rows": [_row(player, settings, beta, seed) for beta in settings.betas],
    }


def density(beta: float) -> list[float]:
    """The exact tilt's density per unit of action at `POINTS` places, as JSON holds it."""
    return [float(each) for each in gathered(chances(beta), POINTS) * (POINTS / 2.0)]


def refused(model: FlowPolicy, data: Trajectories, seed: int) -> str:
    """What fine-tuning with a KL penalty says when it is handed the model."""
    try:
        FineTune(model, data, FineTuneSettings(FixedPenalty(1.0)), horizon=1, seed=seed)
    except CapabilityError as error:
        return str(error)
    raise AssertionError("a policy gradient needs a density, and this model has none")


def _row(player: Player, settings: DensitylessSettings, beta: float, seed: int) -> dict[str, Any]:
    factorised, effective = player.played(
        FactorisedTilt(beta, candidates=settings.candidates, least_samples=0.0)
    )
    stepwise, _ = player.played(ExponentialTilt(beta, per="step", least_samples=0.0))
    once, _ = player.played(ExponentialTilt(beta, least_samples=0.0))
    shares = {"factorised": factorised, "per step": stepwise, "once": once}
    return {
        "beta": beta,
        "density": density(beta),
        "shares": {name: [float(each) for each in found] for name, found in shares.items()},
        "distances": {name: distance(found, beta) for name, found in shares.items()},
        "untilted": distance(gathered(chances(0.0)), beta),
        "sampling": sampling_distance(beta, settings.samples, seed),
        "effective": effective,
        "effective_exact": effective_samples(beta, settings.candidates),
    }


def sampling_distance(beta: float, samples: int, seed: int) -> float:
    """How far so many samples of the exact tilt are from it on average."""
    draw = generator(seed, "densityless", "sampling", str(beta))
    drawn = draw.multinomial(samples, gathered(chances(beta)), DRAWS) / samples
    return float(np.mean([distance(shares, beta) for shares in drawn]))


def effective_samples(beta: float, candidates: int) -> float:
    """What n candidates of p are worth under exact weights: n E[e^{bR}]^2 / E[e^{2bR}].

    The limit of many candidates.
    """
    growth = np.exp(beta * brought(GRID))
    return float(candidates * (chances(0.0) @ growth) ** 2 / (chances(0.0) @ growth**2))
