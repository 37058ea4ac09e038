"""`TrajectoryTransformer`: the generative model of demonstrated trajectories.

Knows windows, not worlds: no target, no reward and no environment.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor, nn

from driftline.data.windows import Windows
from driftline.models.action_distributions import Family, Squashed, from_head, parameters_of, sample
from driftline.models.action_features import as_tensor, embedded_previous, rows_of
from driftline.models.attention import Band, Block, Layout, RelativeBias, answering
from driftline.models.dropout import Dropout, dropout
from driftline.models.embeddings import (
    ReturnEmbedding,
    TimeEmbedding,
    each_once,
    observation_embedding,
)
from driftline.models.gpt2_weights import begin_as_gpt2
from driftline.models.layers import linear, table
from driftline.models.memory import Memory, check
from driftline.models.model import Losses
from driftline.models.model_json import model_to_json, parts_from_json
from driftline.models.reencoding import LastSteps
from driftline.models.return_head import ReturnHead
from driftline.models.stepping_head import FewHead
from driftline.models.stepping_tokens import Parts
from driftline.models.transformer_config import TransformerConfig, check_asked
from driftline.models.unchanged import Unchanged
from driftline.models.window_losses import action_loss, return_loss
from driftline.models.window_tensors import WindowTensors
from driftline.shapes import Floats
from driftline.spaces.codecs import ReturnCodec, VectorCodec
from driftline.spaces.specs import (
    ActionSpec,
    ContinuousActionSpec,
    ObservationSpec,
)

State = Memory | LastSteps
"""What is remembered of episodes: a cache, or the last steps to read anew."""
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
        width, kinds = config.width, (0,) if config.tokens == "fused" else (-1, 0, 0)
        self.layout = Layout(kinds, config.context_length)
        draw = torch.Generator().manual_seed(seed)
        self.embed_observation = observation_embedding(observation, vector, config, draw)
        plain = config.embeddings == "plain"
        self.embed_return = ReturnEmbedding(width, draw, plain)
        self.first_norm = nn.LayerNorm(width) if plain else None
        timed = config.time == "elapsed"
        self.embed_time = TimeEmbedding(config.horizon, width, draw) if timed else None
        self.previous_action = table(1 + rows_of(action), width, draw, 0.5)
        self.blocks = nn.ModuleList(self._block(draw) for _ in range(config.layers))
        self.last_norm = nn.LayerNorm(width)
        self.action_head = linear(width, parameters_of(self.family), draw, gain=0.1)
        self.return_head = ReturnHead(width, action, returns.bins, draw)
        if config.weights == "gpt2":
            begin_as_gpt2(self.blocks, self.action_head, draw)  # type: ignore[arg-type]

    def _block(self, draw: torch.Generator) -> Block:
        config = self.config
        bias = RelativeBias(config.heads, config.context_length, config.time != "none", draw)
        return Block(config.width, config.heads, config.expansion, bias, draw)

    def to_json(self) -> dict[str, Any]:
        """All that is needed beside the weights to build this model again."""
        parts = (self.observation, self.action, self.returns, self.vector)
        return model_to_json("trajectory_transformer", self.config.to_json(), parts)

    @classmethod
    def from_json(cls, value: dict[str, Any], seed: int = 0) -> TrajectoryTransformer:
        """The model `to_json` described, with fresh weights: load the stored ones next."""
        return cls(TransformerConfig(**value["config"]), *parts_from_json(value), seed)

    @property
    def family(self) -> Family:
        """The kind of distribution that actions follow."""
        squashed = self.config.gaussian == "squashed"
        if squashed and isinstance(self.action, ContinuousActionSpec):
            return Squashed(self.action)
        return self.action

    @property
    def width(self) -> int:
        """How many features `window_hidden` has; see `HasFeatures`."""
        return self.config.width

    @property
    def acting_context(self) -> int | None:
        """See `ReadsAnew`."""
        return self.config.acting_context

    @property
    def return_values(self) -> Floats:
        """The middle of each bin of the return head, ``[bins]``."""
        return self.returns.centres

    @property
    def return_width(self) -> float:
        """The width of a bin, in reward units."""
        return self.returns.width

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
        hidden = self._hidden(batch, kept.to(self.device), dropout(self.config.dropout, generator))
        known = self._distributions(hidden)
        action_nll, parts = action_loss(self.family, known, batch)
        blind = (~kept).nonzero().squeeze(1).to(self.device)
        return_nll = return_loss(self.return_head, hidden, batch, blind)
        total = action_nll + self.config.return_loss_weight * return_nll
        told = {**parts, "return_nll": return_nll.item()}
        rows = None if bool(kept.all()) else kept.to(self.device)
        return Losses(total, told, known, rows)

    def window_hidden(self, windows: Windows, conditioned: bool) -> Tensor:
        """``float32 [B, L, width]``: what the actions of each step are predicted from."""
        check_asked(self.config.return_dropout, conditioned)
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
        return from_head(self.family, self.action_head(hidden).float())

    def _hidden(self, batch: WindowTensors, kept: Tensor, drop: Dropout | None = None) -> Tensor:
        """``[B, L, width]``; window b is conditioned where ``kept[b]``."""
        rows, length = batch.valid.shape
        returned = self.embed_return(batch.returns, kept)
        observed = each_once(self.embed_observation, batch.observations.flatten(0, 1))
        tokens = self._tokens(observed.view(rows, length, -1), returned, batch).flatten(1, 2)
        tokens = tokens if drop is None else drop(tokens)
        band = Band.over(self.layout, length, self.device)
        for block, queries in answering(self.blocks, self.layout.size):
            tokens = block(tokens, band, queries, drop)
        return self.last_norm(tokens)

    def _tokens(self, observed: Tensor, returned: Tensor, batch: WindowTensors) -> Tensor:
        """Vectors ``[B, L, width]`` of a step's parts to its tokens ``[B, L, size, width]``.

        Tokens are in single precision, and with them the sums of all layers.
        """
        before = self.action, self.previous_action, batch.previous_actions, batch.times
        acted = embedded_previous(*before, offset=self.first_norm is not None)
        if self.embed_time is not None:
            observed = observed + self.embed_time(batch.times)
        if self.layout.size == 1:
            tokens = (observed.float() + acted + returned).unsqueeze(2)
        else:
            tokens = torch.stack([acted, returned.expand_as(observed), observed], dim=2).float()
        return tokens if self.first_norm is None else self.first_norm(tokens)

    @torch.inference_mode()
    def begin(self, batch: int) -> State:
        """Memory of ``batch`` episodes that start now; the weights must stay until they end."""
        weights = Unchanged.of(self, self.previous_action)
        if self.config.acting_context is not None:
            return LastSteps.empty(batch, self.config.acting_context, self.action, weights)
        embeddings = self.embed_observation, self.embed_return, self.embed_time, self.first_norm
        done = self.previous_action, self.action, self.returns, self.layout.size
        way = Parts(*embeddings, *done), weights, self.config.acting_precision
        state = Memory.empty(batch, self.layout, list(self.blocks), self.last_norm, *way)  # type: ignore[arg-type]
        state.head = FewHead.of(self.action_head, self.family, batch)
        return state

    @torch.inference_mode()
    def observe(
        self, state: State, observations: npt.NDArray[Any], returns_to_go: npt.NDArray[Any] | None
    ) -> State:
        """Look at the step's observations, into ``state``; looking again replaces that."""
        return self._look(state, observations, returns_to_go)

    def _look(
        self, state: State, observations: npt.NDArray[Any], returns_to_go: npt.NDArray[Any] | None
    ) -> State:
        check_asked(self.config.return_dropout, returns_to_go is not None)
        check(state, returns_to_go is not None, self, self.previous_action)
        state.conditioned = returns_to_go is not None
        if isinstance(state, LastSteps):
            state.look(observations, returns_to_go)
            state.hidden = self.window_hidden(state.windows(), state.conditioned)[:, -1]
            return state
        state.hidden = state.step(observations, returns_to_go)
        return state

    @torch.inference_mode()
    def distribution(self, state: State) -> Tensor:
        """Parameters ``float32 [B, P]`` at the step observed; see `HasDensity`."""
        return self._distributions(state.seen())

    @torch.inference_mode()
    def propose(self, state: State, count: int, generator: torch.Generator) -> Tensor:
        """``count`` independent actions for the step observed."""
        rows = self.distribution(state).unsqueeze(1)
        return sample(self.family, rows.expand(-1, count, -1), generator)

    @torch.inference_mode()
    def remember(self, state: State, actions: npt.NDArray[Any] | Tensor) -> State:
        """Take note of the actions ``[B(, d)]`` that were done; the next step may follow."""
        if isinstance(state, LastSteps):
            state.remember(as_tensor(self.action, actions, self.device))
        else:
            state.remember(actions)
        return state

    @torch.inference_mode()
    def act(
        self,
        state: State,
        observations: npt.NDArray[Any],
        returns_to_go: npt.NDArray[Any] | None,
        generator: torch.Generator,
    ) -> tuple[npt.NDArray[Any], State]:
        """Sample actions and remember them: ``int64 [B]`` or ``float32 [B, d]``."""
        state = self._look(state, observations, returns_to_go)
        if isinstance(state, Memory) and state.head is not None:
            drawn = state.head.draw(state.seen().numpy(), generator)
            state.remember(drawn)
            return drawn, state
        actions = self.propose(state, 1, generator)[:, 0]
        return actions.cpu().numpy(), self.remember(state, actions)

    @torch.inference_mode()
    def return_log_probabilities(self, state: State, actions: Tensor | None) -> Tensor:
        """Of the step observed: ``[B, bins]``, or ``[B, n, bins]`` after ``[B, n(, d)]``.

        Means what it says for unconditioned episodes only: the head learnt on those.
        """
        if actions is None:
            return self.return_head.before(state.seen())
        done = as_tensor(self.action, actions, self.device)
        return self.return_head.after_each(state.seen(), done)

    @torch.inference_mode()
    def narrow(self, state: State, rows: npt.NDArray[Any]) -> State:
        """Memory of the episodes ``rows`` (indices or a mask) alone."""
        return state.narrow(torch.as_tensor(rows, device=self.device))
