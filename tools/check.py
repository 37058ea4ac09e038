"""Run every check of the project: lint, format, types, import contracts, docs, tests.

Knows no check's settings: they are in pyproject.toml. All checks run even when one
fails; pytest runs last, so that its closing line is the last line of a good run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent

CHECKS = {
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    "imports": ["lint-imports", "--no-logo"],
    "docs": ["sphinx-build", "-W", "--keep-going", "-q", "docs", "docs/_build/html"],
}


def main() -> None:
    failed = [name for name, command in CHECKS.items() if not passes(name, command)]
    tests = [str(BIN / "pytest"), "-q", "-n", "auto", "--maxprocesses", "4", *sys.argv[1:]]
    if subprocess.run(tests, cwd=ROOT, env=environment()).returncode != 0:
        failed.append("tests")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def passes(name: str, command: list[str]) -> bool:
    """Run one check, say how it went and show what it printed when it failed."""
    start = time.monotonic()
    result = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    verdict = "passed" if result.returncode == 0 else "FAILED"
    print(f"{name:<8} {verdict} {time.monotonic() - start:6.1f} s", flush=True)
    if result.returncode != 0:
        print(result.stdout, flush=True)
    return result.returncode == 0


def environment() -> dict[str, str]:
    """One thread each: the test processes already use every core."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return {**os.environ, **threads}


if __name__ == "__main__":
    main()
