"""Set up `.venv` in the repository with pinned versions, or see that nothing changed.

Knows no package but torch: the rest comes from pyproject.toml and constraints.txt.
Needs only the standard library, and parses on older Pythons so that they can be told.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
STAMP = VENV / "driftline-setup.json"
OLDEST = (3, 11)
TORCH = "2.13.0"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--extras", default="baselines", help="comma-separated (baselines)")
    wanted = set(parser.parse_args().extras.split(","))
    require_python()
    done = read_stamp()
    if done["inputs"] == inputs_hash() and wanted <= set(done["extras"]) and runs(PYTHON):
        return
    extras = sorted(wanted | set(done["extras"]))
    print(f"setting up .venv with the extras {', '.join(extras)} (minutes the first time)")
    sys.stdout.flush()
    make_environment()
    install(extras)
    STAMP.write_text(json.dumps({"inputs": inputs_hash(), "extras": extras}) + "\n")


def require_python() -> None:
    if sys.version_info < OLDEST:
        given = ".".join(map(str, sys.version_info[:2]))
        needed = ".".join(map(str, OLDEST))
        sys.exit(
            f"Python {given} at {sys.executable} is too old: {needed} or newer is needed; "
            "run make with PYTHON=/path/to/a/newer/python3"
        )


def inputs_hash() -> str:
    """Changes when what would be installed does."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {TORCH}".encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def read_stamp() -> dict[str, str | list[str]]:
    """What the last set-up that finished had installed."""
    try:
        stamp: dict[str, str | list[str]] = json.loads(STAMP.read_text())
        return {"inputs": stamp["inputs"], "extras": stamp["extras"]}
    except (OSError, ValueError, KeyError):
        return {"inputs": "", "extras": []}


def runs(python: Path) -> bool:
    """Whether this interpreter starts, has pip and is as new as the one running."""
    test = f"import pip, sys; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})"
    try:
        return subprocess.run([str(python), "-c", test], capture_output=True).returncode == 0
    except OSError:
        return False


def make_environment() -> None:
    if runs(PYTHON):
        return
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if subprocess.run(command).returncode != 0:
        sys.exit(
            f"{sys.executable} could not make a virtual environment; install the venv and "
            "ensurepip modules of this Python (on Debian: the package python3-venv)"
        )


def install(extras: list[str]) -> None:
    """Torch first and alone: resolved freely, it would be replaced by a larger build."""
    if not torch_is_there():
        pip_install(f"torch=={TORCH}")
    pip_install("--constraint", "constraints.txt", "--editable", f".[{','.join(extras)}]")


def torch_is_there() -> bool:
    """Whether the environment holds a torch that pyproject.toml accepts."""
    test = (
        "import sys; from importlib.metadata import version; "
        "sys.exit(not (2, 6) <= tuple(map(int, version('torch').split('.')[:2])) < (3, 0))"
    )
    return subprocess.run([str(PYTHON), "-c", test], capture_output=True).returncode == 0


def pip_install(*arguments: str) -> None:
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*command, *arguments], cwd=ROOT).returncode != 0:
        sys.exit(f"pip could not install {arguments[-1]}; its last lines above say why")


if __name__ == "__main__":
    main()
