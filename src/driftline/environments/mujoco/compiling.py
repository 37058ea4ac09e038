"""`compiled`: a robot's file as a MuJoCo model, and what MuJoCo says of it as warnings.

Knows no robot. Left to itself MuJoCo writes what it has to say to a file in whatever
directory the process happens to be in.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mujoco

KNOWN = "settotalmass"
"""In a message about Gymnasium's own half-cheetah, whose masses are as they should be."""


def compiled(path: Path) -> Any:
    """The model in the file ``path``, an ``mjModel``."""
    with told() as messages:
        model: Any = mujoco.MjModel.from_xml_path(str(path))
    for message in messages:
        if KNOWN not in message:
            warnings.warn(f"MuJoCo says of {path.name}: {message}", RuntimeWarning, stacklevel=2)
    return model


@contextlib.contextmanager
def told() -> Iterator[list[str]]:
    """What MuJoCo warns of while the block runs, and nothing of it in a file."""
    before, messages = mujoco.get_mju_user_warning(), []  # type: ignore[var-annotated]
    mujoco.set_mju_user_warning(messages.append)
    try:
        yield messages
    finally:
        mujoco.set_mju_user_warning(before)
