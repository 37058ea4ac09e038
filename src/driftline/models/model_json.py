"""What a model is built from, beside its weights, as plain values and back.

Knows no architecture: a kind, a configuration, spaces and fitted codecs.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from driftline.spaces.codecs import ReturnCodec, VectorCodec
from driftline.spaces.specs import (
    ActionSpec,
    ObservationSpec,
    action_spec_from_json,
    observation_spec_from_json,
    to_json,
)

Parts = tuple[ObservationSpec, ActionSpec, ReturnCodec, VectorCodec | None]


def model_to_json(kind: str, config: dict[str, Any], parts: Parts) -> dict[str, Any]:
    """``kind`` and ``config`` beside the parts, as JSON can hold them."""
    observation, action, returns, vector = parts
    return {
        "kind": kind,
        "config": config,
        "observation": to_json(observation),
        "action": to_json(action),
        "returns": asdict(returns),
        "vector": None if vector is None else asdict(vector),
    }


def parts_from_json(value: dict[str, Any]) -> Parts:
    """The parts of what `model_to_json` wrote."""
    vector = value["vector"]
    return (
        observation_spec_from_json(value["observation"]),
        action_spec_from_json(value["action"]),
        ReturnCodec(**value["returns"]),
        vector and VectorCodec(tuple(vector["centre"]), tuple(vector["scale"])),
    )
