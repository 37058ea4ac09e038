"""Gymnasium's single environments stepped as a vector of them steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def each_alone(
    single: Sequence[Any], actions: Any, ended: Any
) -> Iterator[tuple[Any, float, bool, bool]]:
    """Observation, reward, terminated and truncated of each; where one had ``ended`` it resets."""
    for environment, action, over in zip(single, actions, ended, strict=True):
        if over:
            yield environment.reset()[0], 0.0, False, False
        else:
            yield environment.step(action)[:4]
