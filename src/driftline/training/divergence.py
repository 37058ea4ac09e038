"""Divergence of an acting policy from a model, exact at every visited prefix.

Knows no environment. KL(pi || pi_0) of trajectories is the expected sum of these
per-step terms; the environment's terms cancel (Rao-Blackwellised estimator).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import assert_never

import numpy as np
import torch
from torch import Tensor

from driftline.conditioning.exponential_tilt import ExponentialTilt
from driftline.conditioning.target import Target, manner
from driftline.data.trajectories import Trajectories
from driftline.data.windows import WindowSource
from driftline.models.action_distributions import Family, Squashed, divergence, log_density
from driftline.models.model import HasDensity, ReadsAnew
from driftline.shapes import Actions, Floats
from driftline.spaces.specs import ContinuousActionSpec, DiscreteActionSpec


@dataclass(frozen=True, eq=False)
class Divergences:
    """Of the policy that acted, at every step ``[S]``; NaN: not measured.

    ``kl`` and ``kl_previous`` are KL(pi(.|h_t) || .) to the demonstrator model and to
    last round's policy; ``log_ratio`` is log pi(a_t|h_t) - log pi_0(a_t|h_t) of the
    action taken; ``jensen_shannon`` (nats) and ``hellinger`` are the symmetric distances
    to the demonstrator model, known of discrete actions only: a clipped Gaussian and the
    mixture of two have no divergence in closed form.
    """

    kl: Floats
    kl_previous: Floats
    log_ratio: Floats
    jensen_shannon: Floats
    hellinger: Floats

    @classmethod
    def unknown(cls, steps: int) -> Divergences:
        """Nothing was measured at any of so many steps."""
        return cls(*(np.full(steps, np.nan) for _ in fields(cls)))

    @property
    def columns(self) -> dict[str, Floats]:
        """By the names that recorded episodes have for them."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def of(
        cls,
        family: Family,
        acting: Floats | None,
        origin: Floats | None,
        before: Floats | None,
        actions: Actions,
    ) -> Divergences:
        """Of distributions ``[S, P]`` (None: not known) that ``actions`` were drawn from."""
        found = cls.unknown(len(actions))
        if acting is not None and before is not None:
            found = replace(found, kl_previous=kl(family, acting, before))
        if acting is None or origin is None:
            return found
        found = replace(
            found,
            kl=kl(family, acting, origin),
            log_ratio=log_ratio(family, acting, origin, actions),
        )
        if isinstance(family, DiscreteActionSpec):
            apart = {"jensen_shannon": jensen_shannon, "hellinger": hellinger}
            found = replace(found, **{name: of(acting, origin) for name, of in apart.items()})
        return found


def follows_commands(target: Target) -> bool:
    """Whether the policy under ``target`` is the model's own, given the command of each step.

    Where actions are weighed or left out, it is not, and asking an earlier model for
    the same commands would not give the earlier policy.
    """
    return manner(target) in ("unasked", "asked") or isinstance(target, ExponentialTilt)


def distributions(
    model: HasDensity,
    trajectories: Trajectories,
    commanded: Floats | None,
    steps_at_once: int = 6400,
) -> Floats:
    """What ``model`` would have done at every step, ``float64 [S, P]``.

    ``commanded [S]`` conditions it; None leaves it unconditioned. A model that acts by
    reading its last steps anew is shown just those at every step.
    """
    if isinstance(model, ReadsAnew) and model.acting_context is not None:
        return _anew(model, model.acting_context, trajectories, commanded, steps_at_once)
    order = np.argsort(trajectories.lengths, kind="stable")
    asked = np.zeros(trajectories.steps) if commanded is None else commanded
    source = WindowSource(trajectories, asked)
    out: Floats | None = None
    longest = max(1, int(trajectories.lengths.max()))
    size = max(1, steps_at_once // longest)
    with torch.inference_mode():
        for first in range(0, len(order), size):
            rows = order[first : first + size]
            windows = source.whole(rows)
            found = model.window_distributions(windows, commanded is not None)
            known = found.double().cpu().numpy()
            if out is None:
                out = np.empty((trajectories.steps, known.shape[-1]))
            steps = trajectories.starts[rows][:, None] + windows.times
            out[steps[windows.valid]] = known[windows.valid]
    assert out is not None  # there is at least one trajectory
    return out


def _anew(
    model: HasDensity,
    context: int,
    trajectories: Trajectories,
    commanded: Floats | None,
    steps_at_once: int,
) -> Floats:
    asked = np.zeros(trajectories.steps) if commanded is None else commanded
    source, parts = WindowSource(trajectories, asked), []
    with torch.inference_mode():
        for _, windows, newest in source.endings(context, max(1, steps_at_once // context)):
            found = model.window_distributions(windows, commanded is not None)
            chosen = found[torch.arange(len(found)), torch.from_numpy(newest).to(found.device)]
            parts.append(chosen.double().cpu().numpy())
    return np.concatenate(parts)


def kl(family: Family, policy: Floats, reference: Floats) -> Floats:
    """KL(policy || reference) of each row of parameters ``[S, P]``, ``[S]``.

    >>> rows = np.log(np.array([[0.5, 0.5], [1.0 - 1e-12, 1e-12]]))
    >>> kl(DiscreteActionSpec(2), rows, np.log(np.full((2, 2), 0.5))).round(6)
    array([0.      , 0.693147])
    """
    match family:
        case DiscreteActionSpec():
            # In numpy: its exponential and sum are the ones that recorded runs were made with.
            with np.errstate(invalid="ignore"):
                ratio = np.where(np.isneginf(policy), 0.0, policy - reference)
            return np.maximum(np.sum(np.exp(policy) * ratio, axis=1), 0.0)
        case ContinuousActionSpec() | Squashed():
            return _each(lambda *rows: divergence(family, *rows), policy, reference)
        case _:
            assert_never(family)


def jensen_shannon(policy: Floats, reference: Floats) -> Floats:
    """Jensen-Shannon divergence of rows of log-probabilities ``[S, A]``, nats, ``[S]``.

    The mean of KL(policy || m) and KL(reference || m), m half of each (Lin 1991):
    0 where they agree, at most log 2.

    >>> rows = np.log(np.array([[0.5, 0.5], [1.0 - 1e-12, 1e-12]]))
    >>> jensen_shannon(rows, rows[::-1]).round(4)
    array([0.2158, 0.2158])
    """
    middle = np.logaddexp(policy, reference) - np.log(2.0)
    spec = DiscreteActionSpec(policy.shape[1])
    return 0.5 * (kl(spec, policy, middle) + kl(spec, reference, middle))


def hellinger(policy: Floats, reference: Floats) -> Floats:
    """Hellinger distance of rows of log-probabilities ``[S, A]``, from 0 to 1, ``[S]``.

    sqrt(1 - sum_a sqrt(pi(a) pi_0(a))); its square lies between half the square of the
    total variation and the total variation.

    >>> hellinger(np.log(np.array([[0.5, 0.5]])), np.log(np.array([[0.5, 0.5]]))).round(6)
    array([0.])
    """
    common = np.sum(np.exp(0.5 * (policy + reference)), axis=1)
    return np.sqrt(np.maximum(1.0 - common, 0.0))


def log_ratio(family: Family, policy: Floats, reference: Floats, actions: Actions) -> Floats:
    """log policy(a) - log reference(a) of the action of each step, ``[S]``.

    >>> rows = np.log(np.array([[0.5, 0.5]]))
    >>> log_ratio(DiscreteActionSpec(2), rows, np.log([[0.25, 0.75]]), np.array([0])).round(6)
    array([0.693147])
    """
    done = torch.from_numpy(np.array(actions))
    return _each(
        lambda one, other: log_density(family, one, done) - log_density(family, other, done),
        policy,
        reference,
    )


def forward_log_ratio(
    model: HasDensity, reference: HasDensity, family: Family, held_out: Trajectories
) -> Floats:
    """log p_0(tau) - log p(tau) of the actions of each trajectory, unconditioned, ``[E]``.

    On demonstrations that neither was fitted to its mean estimates KL(p_0 || p) less
    the error of p_0 itself: the gap of their negative log-likelihoods. It needs no
    rollout, and tells what the divergence to the demonstrator cannot: what the model
    has stopped doing.
    """
    before, now = (distributions(each, held_out, None) for each in (reference, model))
    steps = log_ratio(family, before, now, held_out.actions)
    return np.add.reduceat(steps, held_out.starts[:-1] - held_out.starts[0])


def _each(measure: Callable[..., Tensor], policy: Floats, reference: Floats) -> Floats:
    rows = (torch.from_numpy(np.array(each)) for each in (policy, reference))
    return np.asarray(measure(*rows).numpy())
