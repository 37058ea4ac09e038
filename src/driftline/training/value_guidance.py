"""`ValueGuidance`: pull a sequence model towards actions that a critic values.

Knows no environment. The gradient of TD3 added to the loss of a decision transformer
(Yan et al. 2024, arXiv:2410.24108).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from driftline.data.trajectories import Trajectories
from driftline.data.windows import Windows, trimmed
from driftline.errors import CapabilityError, CheckpointError, SettingsError
from driftline.models.action_distributions import Family, typical
from driftline.models.flow_box import from_unit, to_unit
from driftline.models.model import Losses, some_asked
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.seeding import generator, integer_seed
from driftline.spaces.specs import ContinuousActionSpec
from driftline.training.checkpoint import load_optimiser, optimiser_tensors, part
from driftline.training.memory import Memory
from driftline.training.precision import Precision, reckoned
from driftline.training.twin_critic import TwinCritic

WARM_HASTE = 10.0
"""How much faster targets follow before the first round, when no policy moves with them."""


@dataclass(frozen=True)
class ValueGuidance:
    """-``strength`` * Q(s, a) / spread beside the loss, a the model's own typical action.

    The spread is how much Q varies, to first order, over what the policy draws of one number of
    the action: the root mean square of deviation times slope. Against a likelihood of those
    deviations each number moves by about ``strength`` of them, whatever units rewards have,
    however sure the policy is, and whatever critics know: those that have not settled pull as much.
    How far it moved then counts as deviation too, which is 1 / sqrt(1 - strength^2) times as
    large in the end: at 1 or more it grows, and takes the pull with it, without end.
    Q is the first of two critics that learn from all that was ever done, also from what a
    mixture has evicted: ``updates`` times for every update of the model, from about ``batch``
    steps: the smaller of their targets, ``discount``, the next action blurred by ``blur`` and at
    most ``blur_limit`` (in units of half the box), targets that follow at ``target_rate``.
    Before the first round they learn ``warm_up`` times alone, from the mean of their targets for
    the next action that was done: what is far from its value takes 1 / ((1 - discount)
    target_rate) times to come near it, and here a tenth of that. ``guidance`` is the strength
    in force. Where a clipped policy is sure of more than the box allows, the gradient passes as
    if it were inside, or no critic could call it back.
    """

    strength: float = 0.6
    discount: float = 0.995
    learning_rate: float = 3e-4
    target_rate: float = 0.005
    blur: float = 0.2
    blur_limit: float = 0.5
    width: int = 256
    warm_up: int = 20_000
    batch: int = 128
    updates: int = 20

    def __post_init__(self) -> None:
        shares = (self.discount, self.target_rate)
        if not (0 <= self.strength < 1 and all(0 < each <= 1 for each in shares)):
            raise SettingsError(
                "value guidance needs a strength of 0 or more and less than 1 and a discount and "
                f"target_rate above 0 and at most 1, got {self.strength:g}, {self.discount:g} and "
                f"{self.target_rate:g}"
            )
        if not (self.learning_rate > 0 and self.blur >= 0 and self.blur_limit >= 0):
            raise SettingsError(
                "value guidance needs a positive learning_rate and no negative blur, got "
                f"{self.learning_rate:g}, {self.blur:g} and {self.blur_limit:g}"
            )
        if min(self.width, self.batch, self.updates) < 1 or self.warm_up < 0:
            raise SettingsError(
                "width, batch and updates are at least 1 and warm_up at least 0, got "
                f"{self.width}, {self.batch}, {self.updates} and {self.warm_up}"
            )


@dataclass(frozen=True, eq=False)
class Transitions:
    """Steps whose next step is in the same window, or that ended their episode.

    ``rows`` are places in the flat window ``[B * L]``; ``goes_on`` is 0 where an episode
    terminated. What was cut off tells nothing of what comes next and is left out.
    """

    rows: Tensor
    following: Tensor
    rewards: Tensor
    goes_on: Tensor

    @classmethod
    def of(cls, windows: Windows, device: torch.device | None = None) -> Transitions:
        """Rewards are differences of the achieved returns-to-go."""
        valid = windows.valid
        next_valid = np.zeros_like(valid)
        next_valid[:, :-1] = valid[:, 1:]
        terminal = valid & (windows.ends == 1)
        here = np.flatnonzero((valid & next_valid & ~terminal) | terminal)
        goes_on = ~terminal.ravel()[here]
        after = np.where(goes_on, np.minimum(here + 1, valid.size - 1), here)
        left = windows.returns_to_go.ravel()
        rewards = left[here] - np.where(goes_on, left[after], 0.0)
        arrays = (here, after, rewards.astype(np.float32), goes_on.astype(np.float32))
        return cls(*(torch.from_numpy(each).to(device) for each in arrays))

    def only(self, chosen: Tensor) -> Transitions:
        """Those at ``chosen``, places among them."""
        columns = (self.rows, self.following, self.rewards, self.goes_on)
        return Transitions(*(each[chosen] for each in columns))


def _acted(family: Family, known: Tensor) -> Tensor:
    """Typical actions whose gradient reaches the policy wherever it is."""
    if not isinstance(family, ContinuousActionSpec):
        return typical(family, known)
    mean = known.chunk(2, dim=-1)[0]
    return from_unit(family, mean.detach()) + 0.5 * _width(family, mean) * (mean - mean.detach())


def _width(spec: ContinuousActionSpec, like: Tensor) -> Tensor:
    return like.new_tensor(spec.high) - like.new_tensor(spec.low)


class Guide:
    """The critics as they are during training, and all that they may learn from.

    ``shown``: what there is before the first round, drawn in windows of ``length``.
    ``precision``: in which the model is asked what it would do next.
    """

    def __init__(
        self,
        settings: ValueGuidance,
        model: Any,
        shown: Trajectories,
        length: int,
        seed: int,
        precision: Precision = "float32",
    ) -> None:
        fits = isinstance(model, TrajectoryTransformer) and isinstance(
            model.action, ContinuousActionSpec
        )
        if not fits or model.vector is None:
            raise CapabilityError(
                "value guidance needs a TrajectoryTransformer of continuous actions that observes "
                f"vectors, and {type(model).__name__} of "
                f"{getattr(model, 'action', 'unknown actions')} is none; leave value_guidance out"
            )
        self._settings, self._seed, self._precision = settings, seed, precision
        draw = torch.Generator().manual_seed(integer_seed(seed, "critics"))
        self._device = model.device
        critic = TwinCritic(model.vector, model.action, settings.width, draw)
        self._critic = critic.to(self._device)
        self._target = copy.deepcopy(self._critic)
        self._optimiser = torch.optim.Adam(
            self._critic.parameters(), lr=settings.learning_rate, fused=True
        )
        self._unit = float(model.returns.scale)
        self._memory, self._length = Memory(shown), length
        self._begun = False
        self.updates = 0

    def remember(self, trajectories: Trajectories) -> None:
        """Learn from these as well from now on."""
        self._memory.add(trajectories)

    def begin(self) -> None:
        """Learn what was done is worth, before anything is guided; once, whoever asks again."""
        if self._begun:
            return
        settings, self._begun = self._settings, True
        draw = generator(self._seed, "critics first")
        for _ in range(settings.warm_up):
            windows = self._memory.sample(settings.batch, self._length, draw)
            seen = self._tensor(windows.observations).flatten(0, 1)
            done = self._tensor(windows.actions).flatten(0, 1)
            steps = Transitions.of(windows, self._device)
            if len(steps.rows):
                self._step(steps, seen, done, done[steps.following], alone=True)

    def __call__(
        self, model: Any, windows: Windows, losses: Losses
    ) -> tuple[Tensor, dict[str, float]]:
        """The term to add to the loss, and what to report; fits the critics first."""
        error = self._fit(model)
        known, rows = some_asked(model, windows, losses)
        valid = self._tensor(windows.valid[rows])
        # Of a mean over all windows those that see no return have their part, and are not pulled.
        share = float(windows.valid[rows].sum() / windows.valid.sum())
        mean, deviation = known[valid].chunk(2, dim=-1)
        seen = self._tensor(windows.observations[rows])[valid]
        slope, value = self._slope(model.family, seen, mean.detach())
        spread = (slope * deviation.detach().exp()).square().mean().sqrt()
        strength = self._settings.strength if self.updates else 0.0
        told = {
            "critic_error": error,
            "value": value * self._unit,
            "guidance": strength,
        }
        gain = (slope * (mean - mean.detach())).sum(-1).mean()
        return -strength * share * gain / spread.clamp(min=1e-9), told

    def _slope(self, family: Family, seen: Tensor, mean: Tensor) -> tuple[Tensor, float]:
        """How Q grows with the means that actions are taken from, and its own mean."""
        moved = mean.clone().requires_grad_(True)
        values = self._critic(seen, _acted(family, torch.cat([moved, moved], dim=-1)))[0]
        [slope] = torch.autograd.grad(values.sum(), moved)
        return slope, float(values.detach().mean())

    def _fit(self, model: Any) -> float:
        """So many updates of the critics; the mean error, 0 where memory tells nothing."""
        settings = self._settings
        draw = generator(self._seed, "remembered", self.updates)
        steps = settings.updates * settings.batch
        windows = trimmed(self._memory.sample(steps, self._length, draw))
        whole = Transitions.of(windows, self._device)
        with torch.no_grad():
            with reckoned(self._precision, self._device):
                known = model.window_distributions(windows, True)
            acted = _acted(model.family, known.flatten(0, 1))
        seen = self._tensor(windows.observations).flatten(0, 1)
        done = self._tensor(windows.actions).flatten(0, 1)
        errors = []
        for chosen in np.array_split(draw.permutation(len(whole.rows)), settings.updates):
            if len(chosen):
                some = whole.only(torch.from_numpy(chosen).to(self._device))
                following = self._blurred(acted[some.following])
                errors.append(self._step(some, seen, done, following, alone=False))
        return float(torch.stack(errors).mean()) if errors else 0.0

    def _step(
        self, steps: Transitions, seen: Tensor, done: Tensor, following: Tensor, *, alone: bool
    ) -> Tensor:
        """One step of both critics; the error before it.

        ``alone``: nobody chose the ``following`` action by what they say, so that nothing is
        exaggerated that the smaller of them would have to make up for. What it takes off is
        handed on from step to step, and grows 1 / (1 - discount) times as large.
        """
        settings = self._settings
        with torch.no_grad():
            both = self._target(seen[steps.following], following)
            worth = both.mean(0) if alone else both.amin(0)
            goal = steps.rewards / self._unit + settings.discount * steps.goes_on * worth
        found = self._critic(seen[steps.rows], done[steps.rows])
        error = (found - goal).square().mean()
        self._optimiser.zero_grad(set_to_none=True)
        error.backward()
        self._optimiser.step()
        self.updates += 1
        rate = min(1.0, (WARM_HASTE if alone else 1.0) * settings.target_rate)
        with torch.no_grad():
            pairs = zip(self._target.parameters(), self._critic.parameters(), strict=True)
            for slow, quick in pairs:
                slow.lerp_(quick, rate)
        return error.detach()

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)

    def _blurred(self, actions: Tensor) -> Tensor:
        """TD3's smoothing of the target policy; drawn anew for every update."""
        settings, spec = self._settings, self._critic.action
        seed = integer_seed(self._seed, "blur", self.updates)
        draw = torch.Generator().manual_seed(seed)
        noise = settings.blur * torch.randn(actions.shape, generator=draw).to(actions)
        limit = settings.blur_limit
        return from_unit(spec, to_unit(spec, actions) + noise.clamp(-limit, limit))

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Critics, targets and the optimiser."""
        moments, groups = optimiser_tensors(self._optimiser)
        tensors = {f"critic.{n}": each for n, each in self._critic.state_dict().items()}
        tensors |= {f"target.{n}": each for n, each in self._target.state_dict().items()}
        tensors |= {f"optimiser.{n}": each for n, each in moments.items()}
        return tensors, {"optimiser": groups, "updates": self.updates, "begun": self._begun}

    def restore(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        """Load what `state` gave; own episodes are to be remembered anew."""
        if "begun" not in values:
            raise CheckpointError(
                "critics that an earlier version of Driftline guided by are stored here, and they "
                "are learnt otherwise now; start the run anew"
            )
        self._critic.load_state_dict(part(tensors, "critic."))
        self._target.load_state_dict(part(tensors, "target."))
        load_optimiser(self._optimiser, part(tensors, "optimiser."), values["optimiser"])
        self.updates, self._begun = values["updates"], values["begun"]
        self._memory.forget()
