"""`one_thread`: compute on one thread, so that sums round alike wherever they run.

Knows no computation. On two threads a sum is added up in another order, and a run
resumed on another machine would end with other numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Give torch one thread until the block ends, then as many as it had."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
