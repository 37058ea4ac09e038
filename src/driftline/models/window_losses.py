"""Losses of whole windows: of the actions that were taken, of the returns that came.

Know no architecture: distributions, hidden states and what really happened.
"""

from __future__ import annotations

import math
from typing import assert_never

import torch
from torch import Tensor, nn

from driftline.models.action_distributions import Family, Squashed, entropy, log_density, typical
from driftline.models.return_head import IGNORED, ReturnHead
from driftline.models.window_tensors import WindowTensors
from driftline.spaces.specs import ContinuousActionSpec, DiscreteActionSpec

TOLD = 256
"""Steps of a batch whose entropy is computed for what is reported, at most."""

GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


def action_loss(
    family: Family, known: Tensor, batch: WindowTensors
) -> tuple[Tensor, dict[str, float]]:
    """Mean negative log-likelihood of real steps under ``known [B, L, P]``, and what to report.

    Beside it: how often the likeliest action is the one taken, or how far (mean
    absolute distance a dimension) the median is from it and the mean entropy, this of
    `TOLD` steps where there are more.
    """
    match family:
        case DiscreteActionSpec():
            actions = torch.where(batch.valid, batch.actions, IGNORED).flatten()
            logs = known.flatten(0, 1)
            right = (logs.argmax(-1) == actions).sum() / batch.valid.sum()
            nll = nn.functional.nll_loss(logs, actions, ignore_index=IGNORED)
            return nll, {"action_nll": nll.item(), "action_accuracy": right.item()}
        case ContinuousActionSpec() | Squashed():
            rows, actions = known[batch.valid], batch.actions[batch.valid]
            nll = -log_density(family, rows, actions).mean()
            with torch.no_grad():
                error = (typical(family, rows) - actions).abs().mean()
                spread = entropy(family, rows[_spread_out(rows)]).mean()
            return nll, {
                "action_nll": nll.item(),
                "action_error": error.item(),
                "action_entropy": spread.item(),
            }
        case _:
            assert_never(family)


def _spread_out(rows: Tensor) -> Tensor:
    """Up to `TOLD` of them, of all windows and of all places in a window."""
    if len(rows) <= TOLD:
        return torch.arange(len(rows), device=rows.device)
    # By the golden ratio: steps of one length would meet the same places of every window.
    places = torch.arange(TOLD, dtype=torch.float64, device=rows.device) * GOLDEN % 1.0
    return (places * len(rows)).long()


def return_loss(head: ReturnHead, hidden: Tensor, batch: WindowTensors, blind: Tensor) -> Tensor:
    """The head's cross-entropy on the windows ``blind``; 0 where there are none."""
    if not len(blind):
        return torch.zeros((), device=hidden.device)
    bins = torch.where(batch.valid, batch.return_bins, IGNORED)[blind].flatten()
    actions = batch.actions[blind].flatten(0, 1)
    return head.nll(hidden.index_select(0, blind).flatten(0, 1), actions, bins)
