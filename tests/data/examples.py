"""Episodes with random columns, for tests that only care that columns survive."""

from __future__ import annotations

import numpy as np

from driftline.data.episodes import Episodes
from driftline.data.trajectories import Trajectories
from driftline.spaces.specs import ContinuousActionSpec


def random_trajectories(
    draw: np.random.Generator, lengths: list[int], kind: str = "boards", actions: int = 4,
    box: ContinuousActionSpec | None = None,
) -> Trajectories:  # fmt: skip
    """Trajectories of the given lengths over boards, single states or vectors.

    Actions are one of ``actions``, or lie in ``box``.
    """
    steps, frames = sum(lengths), sum(lengths) + len(lengths)
    observations = {
        "boards": lambda: draw.integers(0, 6, (frames, 7, 9), dtype=np.uint8),
        "states": lambda: draw.integers(0, 16, frames),
        "vectors": lambda: draw.normal(size=(frames, 4)).astype(np.float32),
    }[kind]()
    terminated = draw.random(len(lengths)) < 0.5
    return Trajectories(
        observations=observations,
        actions=draw.integers(0, actions, steps) if box is None else within(draw, box, steps),
        rewards=draw.normal(size=steps),
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        terminated=terminated,
        truncated=~terminated & (draw.random(len(lengths)) < 0.5),
    )


def within(draw: np.random.Generator, box: ContinuousActionSpec, steps: int) -> np.ndarray:
    """Uniform actions in the box, ``float32 [steps, d]``."""
    return draw.uniform(box.low, box.high, (steps, box.size)).astype(np.float32)


def random_episodes(
    draw: np.random.Generator, lengths: list[int], kind: str = "boards", round: int = 0,
    box: ContinuousActionSpec | None = None,
) -> Episodes:  # fmt: skip
    """Episodes of the given lengths; some measured columns hold NaN."""
    steps = sum(lengths)

    def column() -> np.ndarray:
        return np.where(draw.random(steps) < 0.3, np.nan, draw.normal(size=steps))

    return Episodes(
        trajectories=random_trajectories(draw, lengths, kind, box=box),
        hidden_rewards=column(),
        commanded=column(),
        kl=column(),
        kl_previous=column(),
        log_ratio=column(),
        rounds=np.full(len(lengths), round, np.int64),
        sources=tuple(draw.choice(["demonstration", "self"], len(lengths)).tolist()),
        flags={"bucket": draw.random(steps) < 0.3, "wall": draw.random(steps) < 0.5},
        available={"bucket": draw.random(steps) < 0.9, "wall": np.ones(steps, np.bool_)},
    )
