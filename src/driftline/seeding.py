"""Randomness by name: every sampler's generator follows from one seed and a path.

Knows no sampler. Because a generator depends on ``(seed, path)`` alone and not
on what was drawn before, a run resumed at round k draws what an uninterrupted
run draws at round k, and no generator state needs to be stored.
"""

from __future__ import annotations

import hashlib

import numpy as np


def seed_sequence(seed: int, *path: str | int) -> np.random.SeedSequence:
    """The seed sequence of a named purpose, such as ``(seed, "rollout", 3)``."""
    text = "/".join(str(part) for part in path)
    digest = hashlib.sha256(text.encode()).digest()
    words = np.frombuffer(digest[:16], dtype=np.uint32).tolist()
    return np.random.SeedSequence(entropy=seed, spawn_key=tuple(words))


def generator(seed: int, *path: str | int) -> np.random.Generator:
    """A numpy generator for one purpose; the same arguments give the same draws.

    >>> generator(0, "rollout", 1).integers(100) == generator(0, "rollout", 1).integers(100)
    np.True_
    >>> generator(0, "rollout", 1).random() == generator(0, "rollout", 2).random()
    False
    """
    return np.random.default_rng(seed_sequence(seed, *path))


def integer_seed(seed: int, *path: str | int) -> int:
    """A 63-bit seed for libraries that take an integer (torch, Gymnasium)."""
    return int(seed_sequence(seed, *path).generate_state(1, np.uint64)[0] >> np.uint64(1))
