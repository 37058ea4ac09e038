"""Freed memory is kept: what is asked for next brings no new pages."""

import ctypes
import os
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest

from driftline.experiments.freed_memory import KEPT, MMAP_THRESHOLD, keep_freed_memory

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
    theirs = ("MALLOC_", "GLIBC_TUNABLES")
    free = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=free)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs a process on glibc")
def test_freed_memory_is_kept() -> None:
    assert pages(kept=True) < 0.01 * pages(kept=False)


def test_what_a_person_chose_for_their_process_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "2")
    assert keep_freed_memory.__wrapped__() is False


@pytest.mark.parametrize("largest", [2**28, 2**25, 0])
def test_where_its_first_option_is_refused_the_others_stay_as_they_are(
    largest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mallopt(option: int, value: int) -> int:
        took = option != MMAP_THRESHOLD or value <= largest
        if took:
            taken[option] = value
        return int(took)

    taken: dict[int, int] = {}
    for name in [each for each in os.environ if each.startswith(("MALLOC_", "GLIBC_TUNABLES"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(mallopt=mallopt))
    assert keep_freed_memory.__wrapped__() is (largest > 0)
    assert taken == ({MMAP_THRESHOLD: largest, **KEPT} if largest else {})
