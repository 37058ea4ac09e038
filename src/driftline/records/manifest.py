"""The manifest of a run: all that fixes what it will do, written before it does.

Knows no experiment. Its hash proves later that configuration, seeds and
thresholds were not changed after the numbers were seen.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

import driftline
from driftline.errors import RunError, SettingsError

FORMAT = 1
NEEDED = ("configuration", "seeds", "thresholds")
PACKAGES = (
    "numpy",
    "torch",
    "gymnasium",
    "gymnasium_robotics",
    "minari",
    "minigrid",
    "mujoco",
    "pyarrow",
    "safetensors",
    "scipy",
    "stable_baselines3",
)


def sealed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """``manifest`` with versions, the source revision and a sha256 of all that.

    It needs the keys ``configuration``, ``seeds`` and ``thresholds``; others are
    kept. Raises `SettingsError` where one is missing.
    """
    missing = [name for name in NEEDED if name not in manifest]
    if missing:
        raise SettingsError(
            f"a manifest needs {', '.join(NEEDED)}; {', '.join(missing)} is not given"
        )
    whole = {"format": FORMAT, **manifest, "versions": versions(), "revision": revision()}
    value = plain(whole)
    return {**value, "sha256": digest(value)}


def digest(manifest: Mapping[str, Any]) -> str:
    """The sha256 of everything but ``"sha256"``, in an order of its own.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1, "sha256": "?"})
    True
    """
    value = {name: each for name, each in manifest.items() if name != "sha256"}
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def verified(text: str, path: Path) -> dict[str, Any]:
    """The manifest in ``text``; raises `RunError` where it is damaged or was changed."""
    try:
        manifest = json.loads(text)
    except ValueError as error:
        raise RunError(
            f"{path} is damaged ({error}); restore it from a copy or start a new run"
        ) from error
    if not isinstance(manifest, dict) or manifest.get("sha256") != digest(manifest):
        raise RunError(
            f"{path} was changed after the run began: its sha256 does not match; "
            "restore it from a copy or start a new run"
        )
    if manifest.get("format") != FORMAT:
        raise RunError(
            f"{path} has format {manifest.get('format')}, this version reads {FORMAT}; "
            "use the version of Driftline that wrote it"
        )
    return manifest


def versions() -> dict[str, str]:
    """What the numbers may depend on: interpreter, platform, packages (none is loaded)."""
    found = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "driftline": driftline.__version__,
    }
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@functools.cache
def revision() -> dict[str, Any] | None:
    """The git commit of Driftline's own source and whether files differ from it.

    None where the package was installed from a wheel or git is not there.
    """
    here = Path(driftline.__file__).parent
    tracked = _git(here, "ls-files", "--error-unmatch", "__init__.py")
    commit = _git(here, "rev-parse", "HEAD")
    if not tracked or not commit:
        return None
    changes = _git(here, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "dirty": bool(changes)}


def _git(directory: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(directory), *arguments],
            capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def plain(value: Any) -> Any:
    """``value`` as JSON can hold it: arrays as lists, numbers that are not finite as null.

    >>> plain({"a": np.float64(1.5), "b": (float("nan"), np.arange(2))})
    {'a': 1.5, 'b': [None, [0, 1]]}
    """
    match value:
        case np.ndarray() | np.generic():
            return plain(value.tolist())
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(name): plain(each) for name, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case Path():
            return str(value)
        case None | bool() | int() | str():
            return value
        case _:
            raise TypeError(f"{type(value).__name__} has no plain JSON form")
