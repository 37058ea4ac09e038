"""Windows as the conformance tests of models need them: played again, cut, padded, spoilt.

Knows no test.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from driftline.data.windows import Windows
from driftline.models.model import GenerativeModel


def played(
    model: GenerativeModel,
    windows: Windows,
    returns_to_go: Any | None,
    steps: int,
    narrow_after: int | None = None,
) -> Any:
    """Actions ``[steps, B]`` the model takes at the windows' first observations."""
    generator = torch.Generator().manual_seed(0)
    state = model.begin(len(windows.valid))
    taken = []
    for step in range(steps):
        asked = None if returns_to_go is None else returns_to_go[:, step]
        actions, state = model.act(state, windows.observations[:, step], asked, generator)
        taken.append(actions)
        if step + 1 == narrow_after:
            state = model.narrow(state, np.arange(len(windows.valid)))
    return np.stack(taken)


def relived(model: GenerativeModel, episode: Windows, conditioned: bool) -> Windows:
    """The windows ``episode`` with the actions the model takes at their observations."""
    generator, state = torch.Generator().manual_seed(2), model.begin(len(episode.valid))
    taken = [episode.previous_actions[:, 0]]
    for step in range(episode.valid.shape[1]):
        asked = episode.returns_to_go[:, step] if conditioned else None
        actions, state = model.act(state, episode.observations[:, step], asked, generator)
        taken.append(actions)
    done = np.stack(taken, axis=1)
    return replace(episode, actions=done[:, 1:], previous_actions=done[:, :-1])


def repeated(windows: Windows, copies: int) -> Windows:
    """The first window, ``copies`` times."""
    return Windows(
        **{name: np.repeat(array[:1], copies, axis=0) for name, array in vars(windows).items()}
    )


def with_garbage(windows: Windows) -> Windows:
    """The same windows with what no model can read in the padding."""

    def spoil(array: Any) -> Any:
        mask = windows.valid.reshape(windows.valid.shape + (1,) * (array.ndim - 2))
        real = np.issubdtype(array.dtype, np.floating)
        return np.where(mask, array, np.nan if real else np.iinfo(array.dtype).max)

    names = ("observations", "actions", "previous_actions", "returns_to_go", "times")
    return replace(
        windows,
        **{
            name: spoil(array).astype(array.dtype)
            for name, array in vars(windows).items()
            if name in names
        },
    )


def first_steps(windows: Windows, steps: int) -> Windows:
    """Every window cut after ``steps`` steps."""
    return Windows(**{name: array[:, :steps] for name, array in vars(windows).items()})


def padded(windows: Windows, steps: int) -> Windows:
    """Every window with ``steps`` more steps of padding at its end."""

    def lengthen(array: Any) -> Any:
        return np.concatenate([array, np.zeros_like(array[:, :1]).repeat(steps, axis=1)], axis=1)

    return Windows(**{name: lengthen(array) for name, array in vars(windows).items()})
