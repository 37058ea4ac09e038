"""`FlowMemory`: the last observations and actions of the episodes a `FlowPolicy` acts in.

Knows no network; the model that made it fills in what it read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from driftline.errors import SettingsError
from driftline.models.flow_histories import BEFORE_RESET, THERE, Histories


@dataclass(frozen=True, eq=False)
class FlowMemory:
    """What is remembered of B episodes that began together, ``time`` steps ago.

    ``observations`` (``[B, ...]`` each) and ``actions`` (``[B, d]``, in [-1, 1]) of the
    last k - 1 steps, newest first. ``looked [B, ...]`` is the step observed,
    ``context [B, width]`` and ``returned [B, width]`` what the flow makes of it and of
    the return asked for.
    """

    rows: int
    context_length: int
    size: int
    device: torch.device
    observations: tuple[Tensor, ...] = ()
    actions: tuple[Tensor, ...] = ()
    time: int = 0
    conditioned: bool | None = None
    looked: Tensor | None = None
    context: Tensor | None = None
    returned: Tensor | None = None

    def histories(self) -> Histories:
        """The B steps observed, with what came before them."""
        looked, past = self.seen(self.looked), len(self.observations)
        earlier = self.context_length - 1
        number = torch.arange(self.rows, device=self.device)
        slots = [min(slot, past) * self.rows for slot in range(1, self.context_length)]
        missing = torch.zeros(self.rows, earlier - past, self.size, device=self.device)
        done = [each.unsqueeze(1) for each in self.actions]
        absence = [THERE] * past + [BEFORE_RESET] * (earlier - past)
        return Histories(
            observations=torch.cat([looked, *self.observations]),
            places=number.unsqueeze(1) + torch.tensor(slots, dtype=torch.int64, device=self.device),
            actions=torch.cat([*done, missing], dim=1),
            absence=torch.tensor(absence, dtype=torch.int64, device=self.device).expand(
                self.rows, -1
            ),
            times=torch.full((self.rows,), self.time, device=self.device),
        )

    def seen(self, what: Tensor | None) -> Tensor:
        """``what``, which exists once a step was observed; else `SettingsError`."""
        if what is None:
            raise SettingsError("this memory has observed no step; call observe() before asking")
        return what

    def remember(self, actions: Tensor) -> FlowMemory:
        """The memory after ``actions [B, d]`` (in [-1, 1]) at the step observed."""
        kept = self.context_length - 1
        return replace(
            self,
            observations=(self.seen(self.looked), *self.observations)[:kept],
            actions=(actions, *self.actions)[:kept],
            time=self.time + 1,
            looked=None,
            context=None,
            returned=None,
        )

    def narrow(self, rows: Tensor) -> FlowMemory:
        """The episodes ``rows`` (indices or a mask) alone, in that order."""

        def chosen(each: Tensor | None) -> Tensor | None:
            return None if each is None else each[rows]

        return replace(
            self,
            rows=len(torch.arange(self.rows, device=self.device)[rows]),
            observations=tuple(each[rows] for each in self.observations),
            actions=tuple(each[rows] for each in self.actions),
            looked=chosen(self.looked),
            context=chosen(self.context),
            returned=chosen(self.returned),
        )
