"""`FlowPolicy`: a generative model of continuous actions that has samples but no density.

Knows windows, not worlds: no target, no reward and no environment.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from driftline.data.windows import Windows
from driftline.errors import SettingsError, SpaceError
from driftline.models.embeddings import ReturnEmbedding
from driftline.models.flow_box import from_unit, to_unit
from driftline.models.flow_histories import FlowSteps
from driftline.models.flow_integration import carried, straight_paths
from driftline.models.flow_memory import FlowMemory
from driftline.models.flow_networks import FlowReturnHead, HistoryNetwork, VelocityNetwork
from driftline.models.flow_policy_config import FlowPolicyConfig
from driftline.models.model import Losses
from driftline.models.model_json import model_to_json, parts_from_json
from driftline.models.transformer_config import check_asked
from driftline.shapes import Floats
from driftline.spaces.codecs import ReturnCodec, VectorCodec
from driftline.spaces.specs import ActionSpec, ContinuousActionSpec, ObservationSpec


class FlowPolicy(nn.Module):
    """A flow from noise to actions that can be asked for a return, or for none.

    Reproduces distributions of actions that no Gaussian has, such as two separate
    ways to do a thing, at the price that a probability cannot be asked for: it is a
    `HasReturnDistribution` but no `HasDensity`. The flow lives on the box moved to
    [-1, 1] and what it carries past an edge is clipped to it: recorded actions often
    lie exactly on an edge, where a flow that is squashed into the box would have to
    reach infinity.

    Return dropout acts on whole windows. The return head has weights of its own and
    sees no return that was asked for, so it learns on every window and describes the
    unconditioned model; it and the flow do not disturb each other.

    The initial weights follow from ``seed`` and nothing else.
    """

    def __init__(
        self,
        config: FlowPolicyConfig,
        observation: ObservationSpec,
        action: ActionSpec,
        returns: ReturnCodec,
        vector: VectorCodec | None = None,
        seed: int = 0,
    ):
        super().__init__()
        if not isinstance(action, ContinuousActionSpec):
            raise SpaceError(
                f"a FlowPolicy needs continuous actions, got {action}; use TrajectoryTransformer"
            )
        self.config, self.returns, self.vector = config, returns, vector
        self.observation, self.box = observation, action
        draw = torch.Generator().manual_seed(seed)
        width, layers = config.width, config.layers
        self.read = HistoryNetwork(config, observation, action, vector, draw)
        self.embed_return = ReturnEmbedding(width, draw)
        self.velocity = VelocityNetwork(action.size, width, layers, draw)
        self.head_read = HistoryNetwork(config, observation, action, vector, draw)
        self.return_head = FlowReturnHead(action.size, returns.bins, width, layers, draw)

    def to_json(self) -> dict[str, Any]:
        """All that is needed beside the weights to build this model again."""
        parts = (self.observation, self.box, self.returns, self.vector)
        return model_to_json("flow_policy", self.config.to_json(), parts)

    @classmethod
    def from_json(cls, value: dict[str, Any], seed: int = 0) -> FlowPolicy:
        """The model `to_json` described, with fresh weights: load the stored ones next."""
        return cls(FlowPolicyConfig(**value["config"]), *parts_from_json(value), seed)

    @property
    def action(self) -> ActionSpec:
        """The box of the actions."""
        return self.box

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
        return self.embed_return.none.device

    def loss(self, windows: Windows, generator: torch.Generator) -> Losses:
        """Masked mean squared error of the velocity, plus the return head's cross-entropy.

        Flow matching: |v(x_t, t | h, R) - (x_1 - x_0)|^2, mean over real steps and
        dimensions (Lipman et al. 2022, arXiv:2210.02747, eq. 23 with sigma_min = 0);
        each window loses its returns with probability ``config.return_dropout``. The
        cross-entropy is that of the achieved return-to-go, mean of before and after
        the action.
        """
        steps = self._steps(windows)
        lottery = torch.rand(len(windows.valid), generator=generator)
        kept = (lottery >= self.config.return_dropout).to(self.device)[steps.windows]
        flow_mse = self._flow_mse(steps, kept, generator)
        context = self.head_read(steps.histories)
        return_nll = self.return_head.nll(context, steps.actions, steps.return_bins)
        return Losses(
            total=flow_mse + self.config.return_loss_weight * return_nll,
            parts={"flow_mse": flow_mse.item(), "return_nll": return_nll.item()},
        )

    def _flow_mse(self, steps: FlowSteps, kept: Tensor, generator: torch.Generator) -> Tensor:
        points, times, velocities = straight_paths(steps.actions, generator)
        returned = self.embed_return(steps.returns.unsqueeze(1), kept).squeeze(1)
        found = self.velocity(points, times, self.read(steps.histories) + returned)
        return nn.functional.mse_loss(found, velocities)

    def window_return_log_probabilities(self, windows: Windows, after_action: bool) -> Tensor:
        """``float32 [B, L, bins]``, 0 in the padding; see `HasReturnDistribution`."""
        steps = self._steps(windows)
        context = self.head_read(steps.histories)
        if after_action:
            found = self.return_head.after(context, steps.actions)
        else:
            found = self.return_head.before(context)
        whole = found.new_zeros(*windows.valid.shape, self.returns.bins)
        whole[torch.from_numpy(windows.valid).to(self.device)] = found
        return whole

    def _steps(self, windows: Windows) -> FlowSteps:
        return FlowSteps.of(
            windows, self.config.context_length, self.box, self.returns, self.device
        )

    @torch.inference_mode()
    def begin(self, batch: int) -> FlowMemory:
        """Memory of ``batch`` episodes that start now."""
        return FlowMemory(batch, self.config.context_length, self.box.size, self.device)

    @torch.inference_mode()
    def observe(
        self,
        state: FlowMemory,
        observations: npt.NDArray[Any],
        returns_to_go: npt.NDArray[Any] | None,
    ) -> FlowMemory:
        """Look at the step's observations; observing again replaces the look."""
        conditioned = returns_to_go is not None
        if state.conditioned is not None and state.conditioned != conditioned:
            raise SettingsError(
                "an episode is conditioned on a return at every step or at none, and this one "
                "changed; begin a second state for the other policy"
            )
        looked = replace(
            state,
            looked=torch.as_tensor(observations, device=self.device),
            conditioned=conditioned,
            returned=self._returned(returns_to_go, state.rows),
        )
        return replace(looked, context=self.read(looked.histories()))

    def _returned(self, returns_to_go: npt.NDArray[Any] | None, rows: int) -> Tensor:
        """What the flow makes of the returns asked for, or of none, ``[rows, width]``."""
        if returns_to_go is None:
            return self.embed_return.dropped().expand(rows, -1)
        asked = torch.from_numpy(self.returns.standardise(np.asarray(returns_to_go)))
        kept = torch.ones(rows, dtype=torch.bool, device=self.device)
        return self.embed_return(asked.to(self.device).unsqueeze(1), kept).squeeze(1)

    @torch.inference_mode()
    def propose(self, state: FlowMemory, count: int, generator: torch.Generator) -> Tensor:
        """``count`` independent actions for the step observed, ``float32 [B, count, d]``."""
        check_asked(self.config.return_dropout, bool(state.conditioned))
        context = state.seen(state.context).unsqueeze(1)
        asked = context + state.seen(state.returned).unsqueeze(1)
        blind = context + self.embed_return.dropped()
        guidance = self.config.guidance if state.conditioned else 1.0

        def velocity(points: Tensor, times: Tensor) -> Tensor:
            towards = self.velocity(points, times, asked)
            if guidance == 1.0:
                return towards
            return torch.lerp(self.velocity(points, times, blind), towards, guidance)

        shape = (state.rows, count, self.box.size)
        noise = torch.randn(shape, generator=generator).to(self.device)
        return from_unit(
            self.box, carried(velocity, noise, self.config.flow_steps, self.config.solver)
        )

    @torch.inference_mode()
    def remember(self, state: FlowMemory, actions: npt.NDArray[Any] | Tensor) -> FlowMemory:
        """Take note of the actions ``[B, d]`` that were done; the next step may follow."""
        done = torch.as_tensor(actions, dtype=torch.float32, device=self.device)
        return state.remember(to_unit(self.box, done))

    @torch.inference_mode()
    def act(
        self,
        state: FlowMemory,
        observations: npt.NDArray[Any],
        returns_to_go: npt.NDArray[Any] | None,
        generator: torch.Generator,
    ) -> tuple[npt.NDArray[Any], FlowMemory]:
        """Sample actions ``float32 [B, d]`` and remember them."""
        state = self.observe(state, observations, returns_to_go)
        actions = self.propose(state, 1, generator)[:, 0]
        return actions.cpu().numpy(), self.remember(state, actions)

    @torch.inference_mode()
    def return_log_probabilities(self, state: FlowMemory, actions: Tensor | None) -> Tensor:
        """Of the step observed: ``[B, bins]``, or ``[B, n, bins]`` after ``actions [B, n, d]``.

        Describes the unconditioned model, whatever return the episode was asked for.
        """
        context = self.head_read(state.histories())
        if actions is None:
            return self.return_head.before(context)
        done = to_unit(self.box, actions.to(self.device, torch.float32))
        return self.return_head.after(context.unsqueeze(1), done)

    @torch.inference_mode()
    def narrow(self, state: FlowMemory, rows: npt.NDArray[Any]) -> FlowMemory:
        """Memory of the episodes ``rows`` (indices or a mask) alone."""
        return state.narrow(torch.as_tensor(rows, device=self.device))
