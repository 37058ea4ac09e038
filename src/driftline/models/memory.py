"""`Memory`: what a transformer remembers of the episodes it is acting in.

Knows no kind of observation and no distribution: what reads and draws them is given to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor, nn

from driftline.errors import SettingsError
from driftline.models.attention import Block, Layout
from driftline.models.reencoding import LastSteps, one_for_each
from driftline.models.stepping import ManyRings, Rings
from driftline.models.stepping_few import FEW, FewRings
from driftline.models.stepping_head import FewHead
from driftline.models.stepping_tokens import Parts, Tokens, tokens_of
from driftline.models.transformer_config import Precision
from driftline.models.unchanged import Unchanged


@dataclass(eq=False)
class Memory:
    """What is remembered of B episodes that began together, ``time`` steps ago.

    ``rings`` are written in place: a state that was passed on is spent. They and ``tokens``
    hold ``weights`` as they were when the episodes began. ``acted [B, width]``
    stands for the action before the step that comes now; ``hidden [B, width]`` is what the
    last step predicted from, and ``head``, where there is one, draws actions soonest.
    """

    layout: Layout
    rings: Rings
    tokens: Tokens
    acted: Tensor
    weights: Unchanged
    time: int = 0
    conditioned: bool | None = None
    hidden: Tensor | None = None
    head: FewHead | None = None

    @classmethod
    def empty(
        cls,
        batch: int,
        layout: Layout,
        blocks: list[Block],
        last: nn.LayerNorm,
        parts: Parts,
        weights: Unchanged,
        precision: Precision,
    ) -> Memory:
        """Memory of ``batch`` episodes that start now."""
        device = parts.previous_action.device
        few = batch * layout.size <= FEW and device.type == "cpu"
        distances = ring_distances(layout).to(device)
        ring = batch, layout.ring * layout.size, blocks, last, distances
        kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
        rings: Rings = FewRings.empty(*ring) if few else ManyRings.empty(*ring, kind)
        return cls(
            layout=layout,
            rings=rings,
            tokens=tokens_of(parts, few),
            acted=parts.previous_action[:1].expand(batch, -1),
            weights=weights,
        )

    def seen(self) -> Tensor:
        """What the step observed is predicted from, ``[B, width]``."""
        if self.hidden is None:
            raise SettingsError("this memory has observed no step; call observe() before asking")
        return self.hidden

    def _row(self) -> int:
        """Which biases hold for the step that comes now: by step, modulo ring once it is full."""
        ring = self.layout.ring
        return self.time if self.time < ring else ring + self.time % ring

    def _slots(self) -> slice:
        """Where the step that comes now keeps its keys and values."""
        first = self.time % self.layout.ring * self.layout.size
        return slice(first, first + self.layout.size)

    def step(
        self, observations: npt.NDArray[Any], returns_to_go: npt.NDArray[Any] | None
    ) -> Tensor:
        """What the step that comes now is predicted from, ``[B, width]``."""
        one_for_each(observations, len(self.acted))
        tokens = self.tokens(observations, returns_to_go, self.acted, self.time)
        return self.rings.step(tokens, self.layout.size, self._row(), self._slots())

    def remember(self, actions: npt.NDArray[Any] | Tensor) -> None:
        """Take note of the actions ``[B(, d)]`` that were done; the next step may follow."""
        self.acted = self.tokens.acted(actions)
        self.time += 1

    def narrow(self, rows: Tensor) -> Memory:
        """A copy that holds the episodes ``rows`` alone, in that order."""
        return Memory(
            layout=self.layout,
            rings=self.rings.narrow(rows),
            tokens=self.tokens,
            acted=self.acted[rows],
            weights=self.weights,
            time=self.time,
            conditioned=self.conditioned,
            hidden=None if self.hidden is None else self.hidden[rows],
            head=self.head,
        )


def check(state: Memory | LastSteps, conditioned: bool, model: nn.Module, one: Tensor) -> None:
    """Raise `SettingsError` where an episode would be continued in another way, or by others.

    An episode is asked throughout or not at all, by the ``model`` and the weights that it began
    with, of which ``one`` is shown.
    """
    if state.conditioned is not None and state.conditioned != conditioned:
        raise SettingsError(
            "an episode is conditioned on a return at every step or at none, and this one "
            "changed; begin a second state for the other policy"
        )
    state.weights.check(model, one)


def ring_distances(layout: Layout) -> Tensor:
    """Distances ``int64 [2 * ring, size, ring * size]`` from each step's group to the slots.

    Slot g holds the newest group that is g modulo the ring; one not yet written
    counts as before the first and is never seen.
    """
    slots = torch.arange(layout.ring)
    times = torch.arange(2 * layout.ring)
    return torch.stack(
        [layout.distances(time[None], time - (time - slots) % layout.ring) for time in times]
    )
