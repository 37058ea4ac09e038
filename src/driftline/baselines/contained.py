"""`contained`: a library that draws from the process-wide generators, kept to itself.

Knows no library. Nothing else in Driftline touches those generators.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def contained(seed: int) -> Iterator[None]:
    """Within it the generators of torch (CPU) and numpy follow from ``seed`` alone.

    Afterwards, also after an error, they are as they were before.
    """
    # stable-baselines3 draws weights and actions from torch's global generator and the
    # order of its batches from numpy's, and takes no other: they have to be set to be
    # repeatable, and set back so that nothing outside can tell.
    before = np.random.get_state()  # noqa: NPY002
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        np.random.set_state(dict(np.random.MT19937(seed).state))  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(before)  # noqa: NPY002
