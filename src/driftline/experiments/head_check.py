"""A demonstrator model's return head and likelihood, held to demonstrations it never saw.

Knows no concrete world and no concrete model: one without a head or a density is
said to lack it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from driftline.data.trajectories import Trajectories
from driftline.data.windows import Windows, WindowSource
from driftline.models.action_distributions import log_density
from driftline.models.model import GenerativeModel, HasDensity, HasReturnDistribution, ReadsAnew
from driftline.safety.return_calibration import calibrate_returns, clustered_mean
from driftline.shapes import Floats, Integers

EVERY = 5
"""Steps between predictions of an episode: neighbours say almost the same."""
STEPS_AT_ONCE = 6400
NONE_HELD_OUT = "this study holds no demonstrations out"


def check_head(model: object, held_out: Trajectories | None) -> dict[str, Any]:
    """Plain values of ``before`` and ``after`` the action, and the ``action_nll``.

    Null where it cannot be had, with the reason under ``missing``. The likelihood
    is per action, in nats, its error clustered by demonstration.
    """
    parts: dict[str, Any] = dict.fromkeys(("before", "after", "action_nll"))
    if held_out is None:
        return {"held_out": None, **parts, "missing": dict.fromkeys(parts, NONE_HELD_OUT)}
    missing: dict[str, str] = {}
    if isinstance(model, HasReturnDistribution):
        parts["before"] = _calibrated(model, held_out, after_action=False)
        parts["after"] = _calibrated(model, held_out, after_action=True)
    else:
        missing |= dict.fromkeys(("before", "after"), f"{type(model).__name__} has no return head")
    parts["action_nll"] = action_nll(model, held_out)
    if parts["action_nll"] is None:
        missing["action_nll"] = f"{type(model).__name__} has no density"
    counted = {"episodes": len(held_out), "steps": held_out.steps, "every": EVERY}
    return {"held_out": counted, **parts, "missing": missing}


def action_nll(model: object, data: Trajectories) -> dict[str, Any] | None:
    """Negative log-likelihood per action of ``data``, in nats, its error clustered by episode.

    By the unconditioned model; None where it has no density.
    """
    if not (isinstance(model, HasDensity) and isinstance(model, GenerativeModel)):
        return None
    nll = -log_likelihoods(model, data)
    return clustered_mean(nll, owners(data)).to_json()


def _calibrated(
    model: HasReturnDistribution, held_out: Trajectories, after_action: bool
) -> dict[str, Any]:
    """Every `EVERY`-th step's prediction against the return-to-go that came."""
    heads = np.empty((held_out.steps, len(model.return_values)), np.float32)
    to_go = np.empty(held_out.steps)
    for windows, steps, chosen in _shown(model, held_out):
        with torch.inference_mode():
            logs = model.window_return_log_probabilities(windows, after_action)
        heads[steps] = logs.exp().cpu().numpy()[chosen]
        to_go[steps] = windows.returns_to_go[chosen]
    counted = times(held_out) % EVERY == 0
    found = calibrate_returns(
        heads[counted].astype(np.float64),
        model.return_values,
        to_go[counted],
        owners(held_out)[counted],
    )
    return {"predictions": int(counted.sum()), **found.to_json()}


def log_likelihoods(model: HasDensity, data: Trajectories) -> Floats:
    """log pi_0(a|h) of every step's action by the unconditioned model, ``[S]``."""
    found = np.empty(data.steps)
    for windows, steps, chosen in _shown(model, data):
        with torch.inference_mode():
            known = model.window_distributions(windows, conditioned=False).double().cpu()
            logs = log_density(model.family, known, torch.as_tensor(windows.actions))
        found[steps] = logs.numpy()[chosen]
    return found


def _shown(model: object, data: Trajectories) -> Iterator[tuple[Windows, Any, Any]]:
    """Windows that show every step as the model would see it, the steps, and where they are.

    Whole episodes; of a model that acts by reading its last steps anew, just those.
    """
    if isinstance(model, ReadsAnew) and model.acting_context is not None:
        context = model.acting_context
        for rows, windows, newest in WindowSource.of(data).endings(
            context, STEPS_AT_ONCE // context
        ):
            yield windows, rows, (np.arange(len(newest)), newest)
        return
    for windows, steps in whole_episodes(data):
        yield windows, steps, windows.valid


def whole_episodes(data: Trajectories) -> list[tuple[Windows, Integers]]:
    """Whole episodes, a few thousand steps at a time, with where their valid steps lie."""
    source, order = WindowSource.of(data), np.argsort(data.lengths, kind="stable")
    size = max(1, STEPS_AT_ONCE // int(data.lengths.max()))
    parts = []
    for first in range(0, len(order), size):
        rows = order[first : first + size]
        windows = source.whole(rows)
        steps = (data.starts - data.starts[0])[rows][:, None] + windows.times
        parts.append((windows, steps[windows.valid]))
    return parts


def spread(total: int, count: int) -> Integers:
    """At most ``count`` of ``total`` places, spread evenly.

    Demonstrations lie skill by skill, so the first of them would be of one skill.

    >>> spread(10, 4).tolist()
    [0, 2, 5, 7]
    """
    count = min(count, total)
    return np.arange(count) * total // max(count, 1)


def owners(data: Trajectories) -> Integers:
    """The episode of each step, ``[S]``."""
    return np.repeat(np.arange(len(data)), data.lengths)


def times(data: Trajectories) -> Integers:
    """Steps since the reset, ``[S]``."""
    first = data.starts[:-1] - data.starts[0]
    return np.asarray(np.arange(data.steps) - np.repeat(first, data.lengths))
