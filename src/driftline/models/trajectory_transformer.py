"""`TrajectoryTransformer`: the generative model of demonstrated trajectories.

Knows windows, not worlds: no target, no reward and no environment.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from driftline.data.windows import Windows
from driftline.errors import SettingsError
from driftline.models.action_distributions import sample
from driftline.models.attention import Block, Layout, RelativeBias
from driftline.models.embeddings import ReturnEmbedding, TimeEmbedding, observation_embedding
from driftline.models.layers import linear, table
from driftline.models.memory import Memory
from driftline.models.model import Losses
from driftline.models.return_head import IGNORED, ReturnHead
from driftline.models.transformer_config import TransformerConfig
from driftline.models.window_tensors import WindowTensors
from driftline.shapes import Floats
from driftline.spaces.codecs import ReturnCodec, VectorCodec
from driftline.spaces.specs import (
    ActionSpec,
    ObservationSpec,
    action_spec_from_json,
    discrete,
    observation_spec_from_json,
    to_json,
)

TOKENS_AT_ONCE = 4096
"""How many steps are evaluated together where no gradient is kept: bounds the memory."""


class TrajectoryTransformer(nn.Module):
    """A causal transformer over steps that can be asked for a return, or for none.

    Return dropout acts on whole windows, so the one set of weights is both the
    conditioned policy and, having seen no return anywhere, the demonstrators'
    policy; the return head learns on those windows alone. Attention is banded: a
    step sees ``context_length`` steps in each layer, in training as in acting, so
    that acting with a cache equals the forward pass over the whole episode.

    The initial weights follow from ``seed`` and nothing else.
    """

    def __init__(
        self,
        config: TransformerConfig,
        observation: ObservationSpec,
        action: ActionSpec,
        returns: ReturnCodec,
        vector: VectorCodec | None = None,
        seed: int = 0,
    ):
        super().__init__()
        self.config, self.returns, self.vector = config, returns, vector
        self.observation, self.action = observation, action
        count = discrete(action).count
        width, kinds = config.width, (0,) if config.tokens == "fused" else (-1, 0, 0)
        self.layout = Layout(kinds, config.context_length)
        draw = torch.Generator().manual_seed(seed)
        self.embed_observation = observation_embedding(observation, vector, config, draw)
        self.embed_return = ReturnEmbedding(width, draw)
        timed = config.time == "elapsed"
        self.embed_time = TimeEmbedding(config.horizon, width, draw) if timed else None
        self.previous_action = table(count + 1, width, draw, 0.5)
        self.blocks = nn.ModuleList(self._block(draw) for _ in range(config.layers))
        self.last_norm = nn.LayerNorm(width)
        self.action_head = linear(width, count, draw, gain=0.1)
        self.return_head = ReturnHead(width, count, returns.bins, draw)

    def _block(self, draw: torch.Generator) -> Block:
        config = self.config
        learned = config.time != "none"
        bias = RelativeBias(config.heads, config.context_length, learned, draw)
        return Block(config.width, config.heads, config.expansion, bias, draw)

    def to_json(self) -> dict[str, Any]:
        """All that is needed beside the weights to build this model again."""
        return {
            "kind": "trajectory_transformer",
            "config": self.config.to_json(),
            "observation": to_json(self.observation),
            "action": to_json(self.action),
            "returns": asdict(self.returns),
            "vector": None if self.vector is None else asdict(self.vector),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any], seed: int = 0) -> TrajectoryTransformer:
        """The model `to_json` described, with fresh weights: load the stored ones next."""
        vector = value["vector"]
        return cls(
            TransformerConfig(**value["config"]),
            observation_spec_from_json(value["observation"]),
            action_spec_from_json(value["action"]),
            ReturnCodec(**value["returns"]),
            vector and VectorCodec(tuple(vector["centre"]), tuple(vector["scale"])),
            seed,
        )

    @property
    def return_values(self) -> Floats:
        """The middle of each bin of the return head, ``[bins]``."""
        return self.returns.centres

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.previous_action.device

    def loss(self, windows: Windows, generator: torch.Generator) -> Losses:
        """Masked mean negative log-likelihood of the actions, plus the return head's.

        Each window loses its returns with probability ``config.return_dropout``; the
        return head's cross-entropy on the achieved return-to-go (mean of before and
        after the action) counts on those windows only.
        """
        batch = self._read(windows)
        kept = torch.rand(len(batch.valid), generator=generator) >= self.config.return_dropout
        hidden = self._hidden(batch, kept.to(self.device))
        action_nll, accuracy = self._action_nll(batch, hidden)
        return_nll = self._return_nll(batch, hidden, (~kept).nonzero().squeeze(1).to(self.device))
        return Losses(
            total=action_nll + self.config.return_loss_weight * return_nll,
            parts={
                "action_nll": action_nll.item(),
                "action_accuracy": accuracy.item(),
                "return_nll": return_nll.item(),
            },
        )

    def _action_nll(self, batch: WindowTensors, hidden: Tensor) -> tuple[Tensor, Tensor]:
        actions = torch.where(batch.valid, batch.actions, IGNORED).flatten()
        log_probabilities = self._distributions(hidden).flatten(0, 1)
        right = (log_probabilities.argmax(-1) == actions).sum() / batch.valid.sum()
        return nn.functional.nll_loss(log_probabilities, actions, ignore_index=IGNORED), right

    def _return_nll(self, batch: WindowTensors, hidden: Tensor, blind: Tensor) -> Tensor:
        """0 where no window of the batch lost its returns."""
        if not len(blind):
            return torch.zeros((), device=self.device)
        bins = torch.where(batch.valid, batch.return_bins, IGNORED)[blind].flatten()
        actions = batch.actions[blind].flatten()
        return self.return_head.nll(hidden.index_select(0, blind).flatten(0, 1), actions, bins)

    def window_hidden(self, windows: Windows, conditioned: bool) -> Tensor:
        """``float32 [B, L, width]``: what the actions of each step are predicted from."""
        batch = self._read(windows)
        kept = torch.full((len(batch.valid),), conditioned, device=self.device)
        if torch.is_grad_enabled():
            return self._hidden(batch, kept)
        rows = max(1, TOKENS_AT_ONCE // batch.valid.shape[1])
        parts = [slice(first, first + rows) for first in range(0, len(kept), rows)]
        return torch.cat([self._hidden(batch.rows(part), kept[part]) for part in parts])

    def window_distributions(self, windows: Windows, conditioned: bool) -> Tensor:
        """``float32 [B, L, P]``; see `HasDensity`."""
        return self._distributions(self.window_hidden(windows, conditioned))

    def window_return_log_probabilities(self, windows: Windows, after_action: bool) -> Tensor:
        """``float32 [B, L, bins]``; see `HasReturnDistribution`."""
        hidden = self.window_hidden(windows, conditioned=False)
        if after_action:
            return self.return_head.after(hidden, self._read(windows).actions)
        return self.return_head.before(hidden)

    def _read(self, windows: Windows) -> WindowTensors:
        return WindowTensors.of(windows, self.returns, self.device)

    def _distributions(self, hidden: Tensor) -> Tensor:
        return torch.log_softmax(self.action_head(hidden), dim=-1)

    def _hidden(self, batch: WindowTensors, kept: Tensor) -> Tensor:
        """``[B, L, width]``; window b is conditioned where ``kept[b]``."""
        rows, length = batch.valid.shape
        returned = self.embed_return(batch.returns, kept)
        observed = self.embed_observation(batch.observations.flatten(0, 1))
        tokens = self._tokens(
            observed.view(rows, length, -1), batch.previous_actions, returned, batch.times
        ).flatten(1, 2)
        groups = torch.arange(length)
        distances = self.layout.distances(groups, groups).to(self.device)
        for block, queries in self._blocks():
            chosen = distances if queries is None else distances[queries]
            tokens = block(tokens, block.bias(chosen), queries)
        hidden: Tensor = self.last_norm(tokens)
        return hidden

    def _tokens(
        self, observed: Tensor, previous: Tensor, returned: Tensor, times: Tensor
    ) -> Tensor:
        """Vectors ``[B, L, width]`` of a step's parts to its tokens ``[B, L, size, width]``."""
        acted = nn.functional.embedding(previous + 1, self.previous_action)
        if self.embed_time is not None:
            observed = observed + self.embed_time(times)
        if self.layout.size == 1:
            return (observed + acted + returned).unsqueeze(2)
        return torch.stack([acted, returned.expand_as(observed), observed], dim=2)

    def _blocks(self) -> list[tuple[Block, slice | None]]:
        """Each block with the tokens it must answer for: of the last, those predicted from."""
        size, last = self.layout.size, len(self.blocks) - 1
        predicting = None if size == 1 else slice(size - 1, None, size)
        return [
            (block, predicting if number == last else None)  # type: ignore[misc]
            for number, block in enumerate(self.blocks)
        ]

    @torch.inference_mode()
    def begin(self, batch: int) -> Memory:
        """Memory of ``batch`` episodes that start now."""
        return Memory.empty(batch, self.layout, list(self.blocks), self.config.width)  # type: ignore[arg-type]

    @torch.inference_mode()
    def observe(
        self, state: Memory, observations: npt.NDArray[Any], returns_to_go: npt.NDArray[Any] | None
    ) -> Memory:
        """Look at the step's observations; writes into ``state``.

        Observing again before `remember` replaces the look.
        """
        if state.conditioned is not None and state.conditioned != (returns_to_go is not None):
            raise SettingsError(
                "an episode is conditioned on a return at every step or at none, and this one "
                "changed; begin a second state for the other policy"
            )
        state.conditioned = returns_to_go is not None
        tokens = self._step_tokens(state, observations, returns_to_go)
        row, slots = state.row(), state.slots()
        for number, (block, queries) in enumerate(self._blocks()):
            bias = state.biases[number][row]
            bias = bias if queries is None else bias[:, queries]
            tokens = block.step(
                tokens, bias, queries, state.keys[number], state.values[number], slots
            )
        state.hidden = self.last_norm(tokens[:, -1])
        return state

    @torch.inference_mode()
    def distribution(self, state: Memory) -> Tensor:
        """Parameters ``float32 [B, P]`` at the step observed; see `HasDensity`."""
        return self._distributions(state.seen())

    @torch.inference_mode()
    def propose(self, state: Memory, count: int, generator: torch.Generator) -> Tensor:
        """``count`` independent actions for the step observed."""
        rows = self.distribution(state).unsqueeze(1)
        return sample(self.action, rows.expand(-1, count, -1), generator)

    def _step_tokens(
        self, state: Memory, observations: npt.NDArray[Any], returns_to_go: npt.NDArray[Any] | None
    ) -> Tensor:
        observed = self.embed_observation(torch.as_tensor(observations, device=self.device))
        if returns_to_go is None:
            returned = self.embed_return.dropped()
        else:
            asked = torch.from_numpy(self.returns.standardise(np.asarray(returns_to_go)))
            kept = torch.ones(1, dtype=torch.bool, device=self.device)
            returned = self.embed_return(asked.to(self.device).unsqueeze(1), kept)
        times = torch.full((1, 1), state.time, device=self.device)
        return self._tokens(
            observed.unsqueeze(1), state.previous_actions.unsqueeze(1), returned, times
        ).flatten(1, 2)

    @torch.inference_mode()
    def remember(self, state: Memory, actions: npt.NDArray[Any] | Tensor) -> Memory:
        """Take note of the actions ``[B]`` that were done; the next step may follow."""
        state.previous_actions = torch.as_tensor(actions, device=self.device).long()
        state.time += 1
        return state

    @torch.inference_mode()
    def act(
        self,
        state: Memory,
        observations: npt.NDArray[Any],
        returns_to_go: npt.NDArray[Any] | None,
        generator: torch.Generator,
    ) -> tuple[npt.NDArray[Any], Memory]:
        """Sample actions and remember them; one uniform number a row where they are discrete."""
        state = self.observe(state, observations, returns_to_go)
        actions = self.propose(state, 1, generator)[:, 0]
        return actions.cpu().numpy(), self.remember(state, actions)

    @torch.inference_mode()
    def return_log_probabilities(self, state: Memory, actions: Tensor | None) -> Tensor:
        """Of the step observed: ``[B, bins]``, or ``[B, n, bins]`` after ``actions [B, n]``.

        Means what it says for unconditioned episodes only: the head learnt on those.
        """
        if actions is None:
            return self.return_head.before(state.seen())
        return self.return_head.after_each(state.seen(), actions)

    @torch.inference_mode()
    def narrow(self, state: Memory, rows: npt.NDArray[Any]) -> Memory:
        """Memory of the episodes ``rows`` (indices or a mask) alone."""
        return state.narrow(torch.as_tensor(rows, device=self.device))
