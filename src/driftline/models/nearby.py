"""`nearby`: a model where it acts soonest, which is not always where it learns.

A GPU computes a step of many episodes at once, but each of a step's hundred operations takes
it as long as a few episodes take the processor.
"""

from __future__ import annotations

import copy
from typing import TypeVar

import torch

from driftline.models.trajectory_transformer import TrajectoryTransformer

SMALL = 5e7
"""Up to so many weights, times tokens that they meet, a step is computed on the processor."""
Model = TypeVar("Model")


def nearby(model: Model, episodes: int) -> Model:
    """``model``, or a copy on the processor as its weights are now.

    The copy where ``model`` is a transformer elsewhere and steps of ``episodes`` are small.
    """
    if not isinstance(model, TrajectoryTransformer) or model.device.type == "cpu":
        return model
    tokens = episodes * model.layout.size * (model.acting_context or 1)
    if sum(each.numel() for each in model.parameters()) * tokens > SMALL:
        return model
    with torch.inference_mode(False):
        return copy.deepcopy(model).to("cpu")
