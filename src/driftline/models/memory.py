"""`Memory`: the key/value rings of the episodes a transformer is acting in.

Knows no observation and no return; the model that made it writes into it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from driftline.errors import SettingsError
from driftline.models.action_features import none_yet
from driftline.models.attention import Block, Layout
from driftline.models.reencoding import LastSteps
from driftline.models.stepping import LookedUpConvolution, StepBlock, stepping_embedding
from driftline.spaces.specs import ActionSpec


@dataclass(eq=False)
class Memory:
    """What is remembered of B episodes that began together, ``time`` steps ago.

    Rings are written in place: a state that was passed on is spent. ``keys`` and
    ``values [width / heads, slots, heads, B]`` hold one tensor per layer, ``biases
    [2 * ring, size, slots, heads or 1, 1]`` one per layer, by step until the ring is
    full and by step modulo ring after. ``blocks`` and ``embedding`` hold weights as they
    were in ``version``, when the episodes began. ``hidden [B, width]`` is what the last step
    predicted from.
    """

    layout: Layout
    blocks: list[StepBlock]
    embedding: nn.Module | LookedUpConvolution
    keys: list[Tensor]
    values: list[Tensor]
    biases: list[Tensor]
    previous_actions: Tensor
    version: int
    time: int = 0
    conditioned: bool | None = None
    hidden: Tensor | None = None

    @classmethod
    def empty(
        cls,
        batch: int,
        layout: Layout,
        blocks: list[Block],
        embedding: nn.Module,
        spec: ActionSpec,
        version: int,
    ) -> Memory:
        """Memory of ``batch`` episodes that start now."""
        slots = layout.ring * layout.size
        ready = [StepBlock(block) for block in blocks]
        device = blocks[0].query_key_value.weight.device
        distances = ring_distances(layout).to(device)
        shapes = [(each.split[1], slots, each.split[2], batch) for each in ready]
        return cls(
            layout=layout,
            blocks=ready,
            embedding=stepping_embedding(embedding),
            keys=[torch.zeros(shape, device=device) for shape in shapes],
            values=[torch.zeros(shape, device=device) for shape in shapes],
            biases=[
                block.bias(distances).permute(1, 2, 3, 0).unsqueeze(-1).contiguous()
                for block in blocks
            ],
            previous_actions=none_yet(spec, batch, device),
            version=version,
        )

    def seen(self) -> Tensor:
        """What the step observed is predicted from, ``[B, width]``."""
        if self.hidden is None:
            raise SettingsError("this memory has observed no step; call observe() before asking")
        return self.hidden

    def row(self) -> int:
        """Which row of ``biases`` holds for the step that comes now."""
        ring = self.layout.ring
        return self.time if self.time < ring else ring + self.time % ring

    def slots(self) -> slice:
        """Where the step that comes now keeps its keys and values."""
        first = self.time % self.layout.ring * self.layout.size
        return slice(first, first + self.layout.size)

    def remember(self, actions: Tensor) -> None:
        """Take note of what was done; the next step may follow."""
        self.previous_actions = actions
        self.time += 1

    def narrow(self, rows: Tensor) -> Memory:
        """A copy that holds the episodes ``rows`` alone, in that order."""
        return Memory(
            layout=self.layout,
            blocks=self.blocks,
            embedding=self.embedding,
            keys=[each[..., rows] for each in self.keys],
            values=[each[..., rows] for each in self.values],
            biases=self.biases,
            previous_actions=self.previous_actions[rows],
            version=self.version,
            time=self.time,
            conditioned=self.conditioned,
            hidden=None if self.hidden is None else self.hidden[rows],
        )


def check(state: Memory | LastSteps, conditioned: bool, version: int) -> None:
    """Raise `SettingsError` where an episode would be continued in another way, or by others.

    An episode is asked throughout or not at all, by the weights that it began with.
    """
    if state.conditioned is not None and state.conditioned != conditioned:
        raise SettingsError(
            "an episode is conditioned on a return at every step or at none, and this one "
            "changed; begin a second state for the other policy"
        )
    if state.version != version:
        raise SettingsError(
            "the weights have changed since these episodes began; begin() anew after training"
        )


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
