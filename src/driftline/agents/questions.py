"""What the ways of acting ask of a model, in one place.

Know no target and no environment.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from driftline.conditioning.reference import Reference
from driftline.models.action_distributions import sample
from driftline.models.model import (
    GenerativeModel,
    HasReturnDistribution,
    State,
    capability,
    family_of,
)
from driftline.shapes import Floats


def return_head(model: GenerativeModel) -> HasReturnDistribution:
    """``model`` as one with a return head; raises `CapabilityError`."""
    return capability(
        model,
        HasReturnDistribution,
        'use a target per="trajectory" whose reference is observed returns',
    )


def chosen(
    model: GenerativeModel, state: State, known: Tensor | None, generator: torch.Generator
) -> Tensor:
    """An action for each row: from the distributions ``known``, else proposed by the model."""
    if known is None:
        return model.propose(state, 1, generator)[:, 0]
    with torch.inference_mode():
        return sample(family_of(model), known, generator)


def head_reference(model: GenerativeModel, observations: Any) -> Reference:
    """What the return head expects at the first ``observations``, one row an episode."""
    head = return_head(model)
    state = model.observe(model.begin(len(observations)), observations, None)
    weights = before_action(head, state)
    return Reference(head.return_values, weights, head.return_width)


def before_action(head: HasReturnDistribution, state: State) -> Floats:
    """Probabilities of the returns-to-go before the action, ``float64 [B, bins]``."""
    logs = head.return_log_probabilities(state, None)
    weights = torch.softmax(logs.double(), dim=-1).cpu().numpy()
    return np.asarray(weights)
