"""`keep_freed_memory`: ask the C library to keep what is freed for what is needed next.

Knows no computation. A gradient step frees and asks for tens of megabytes. A C library that
gives them back to the system in between has every page cleared and mapped again, which is a
twentieth of a step's time, and more on a virtual machine.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

MMAP_THRESHOLD, TRIM_THRESHOLD, TOP_PAD = -3, -1, -2
"""The numbers of glibc's options, from its malloc.h."""
OPTIONS = {MMAP_THRESHOLD: 2**28, TRIM_THRESHOLD: 2**30, TOP_PAD: 2**24}


@cache
def keep_freed_memory() -> bool:
    """Do so for the rest of this process; whether its C library can (glibc's does).

    The process then keeps up to 1 GiB that it does not use at the moment.
    """
    if not sys.platform.startswith("linux"):
        return False
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is None:
        return False
    done = [set_option(option, value) == 1 for option, value in OPTIONS.items()]
    return all(done)
