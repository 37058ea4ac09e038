"""`keep_freed_memory`: ask the C library to keep what is freed for what is needed next.

Knows no computation. A gradient step frees and asks for tens of megabytes. A C library that
gives them back to the system in between has every page cleared and mapped again, which is a
twentieth of a step's time, and more on a virtual machine.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache

MMAP_THRESHOLD, TRIM_THRESHOLD, TOP_PAD = -3, -1, -2
"""The numbers of glibc's options, from its malloc.h."""
LARGEST = 2**28, 2**25
"""Blocks up to so many bytes come from memory that is kept; before 2.35 glibc takes the second."""
KEPT = {TRIM_THRESHOLD: 2**28, TOP_PAD: 2**24}


@cache
def keep_freed_memory() -> bool:
    """Do so for the rest of this process; whether its C library can (glibc's does).

    Memory that was freed above what is in use is given back once it is more than 256 MiB.
    Whoever has set ``MALLOC_...`` or ``GLIBC_TUNABLES`` has chosen otherwise, and nothing is done.
    """
    chosen = any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ)
    if chosen or not sys.platform.startswith("linux"):
        return False
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is None:
        return False
    # The other options alone would fix the threshold where it is: worse than doing nothing.
    if not any(set_option(MMAP_THRESHOLD, size) == 1 for size in LARGEST):
        return False
    done = [set_option(option, value) == 1 for option, value in KEPT.items()]
    return all(done)
