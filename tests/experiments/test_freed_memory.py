"""Freed memory is kept: what is asked for next brings no new pages."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
import numpy as np
from driftline.experiments.freed_memory import keep_freed_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def asked_for():
    kept = [np.ones(2**17 + number) for number in range(40)]

if {kept}:
    assert keep_freed_memory()
for _ in range(3):
    asked_for()
before = faults()
for _ in range(10):
    asked_for()
print(faults() - before)
"""


def pages(kept: bool) -> int:
    """New pages that 40 MB asked for ten times in a row bring, in a process of its own."""
    program = FAULTS.format(kept=kept)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs a process on glibc")
def test_freed_memory_is_kept() -> None:
    assert pages(kept=True) < 0.01 * pages(kept=False)
