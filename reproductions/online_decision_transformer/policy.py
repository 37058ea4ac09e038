"""The policy of the reference run: GPT-2 over returns, states and actions; and how it plays.

Knows no training, and nothing of Driftline. Parts are those of transformers and torch.
"""

from __future__ import annotations

from typing import Any

import torch
from episodes import Episode, Settings
from torch import Tensor, nn
from torch.distributions import Normal, TanhTransform, TransformedDistribution
from transformers import GPT2Config, GPT2Model

LOG_DEVIATIONS = (-5.0, 2.0)
"""What tanh bounds the logarithms of the deviations to, as soft actor-critic has it."""


class Policy(nn.Module):
    """What to do next, after return, state, action, return, state: tokens without positions.

    Of a state only ``centre`` and ``scale`` are fitted to ``states [S, size]`` beforehand.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, settings: Settings, states: Tensor, actions: int) -> None:
        super().__init__()
        width = settings.width
        self.return_unit = settings.return_unit
        self.register_buffer("centre", states.mean(0))
        self.register_buffer("scale", states.std(0) + 1e-6)
        self.embed_return = nn.Linear(1, width)
        self.embed_state = nn.Linear(states.shape[1], width)
        self.embed_action = nn.Linear(actions, width)
        self.norm = nn.LayerNorm(width)
        self.body = body(settings)
        self.mean, self.log_deviation = nn.Linear(width, actions), nn.Linear(width, actions)
        for head in (self.mean, self.log_deviation):
            nn.init.orthogonal_(head.weight)
            nn.init.zeros_(head.bias)

    def forward(self, states: Tensor, actions: Tensor, returns: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and deviation, before tanh, of the action at each step: ``[B, L, A]`` both.

        Of the action itself and of what comes later nothing is seen.
        """
        parts = (
            self.embed_return(returns / self.return_unit),
            self.embed_state((states - self.centre) / self.scale),
            self.embed_action(actions),
        )
        tokens = self.norm(torch.stack(parts, dim=2).flatten(1, 2))
        hidden = self.body(inputs_embeds=tokens, use_cache=False).last_hidden_state[:, 1::3]
        low, high = LOG_DEVIATIONS
        share = 0.5 * (1.0 + torch.tanh(self.log_deviation(hidden)))
        return self.mean(hidden), torch.exp(low + (high - low) * share)


def body(settings: Settings) -> GPT2Model:
    """GPT-2 that is given vectors: its table of words is not used, that of positions is zero."""
    model = GPT2Model(
        GPT2Config(
            vocab_size=1,
            bos_token_id=0,
            eos_token_id=0,
            n_positions=3 * settings.context,
            n_embd=settings.width,
            n_layer=settings.layers,
            n_head=settings.heads,
            n_inner=4 * settings.width,
            activation_function="relu",
            resid_pdrop=settings.dropout,
            embd_pdrop=settings.dropout,
            attn_pdrop=settings.dropout,
        )
    )
    model.wte.requires_grad_(False)
    model.wpe.requires_grad_(False)
    nn.init.zeros_(model.wpe.weight)
    return model


def squashed(mean: Tensor, deviation: Tensor) -> TransformedDistribution:
    """Gaussians that tanh has squashed to -1 to 1."""
    return TransformedDistribution(Normal(mean, deviation), [TanhTransform(cache_size=1)])


@torch.no_grad()
def play(
    policy: Policy, environment: Any, settings: Settings, asked: float, seed: int, sampled: bool
) -> Episode:
    """One episode: at each step the last few are read anew.

    ``sampled``: by actions drawn from the policy, else by the mean before tanh.
    """
    policy.eval()
    state, _ = environment.reset(seed=seed)
    recent, none = (
        slice(-settings.acting_context, None),
        torch.zeros(environment.action_space.shape),
    )
    states: list[Tensor] = []
    actions: list[Tensor] = []
    rewards: list[float] = []
    returns, ended = [asked], False
    while not ended:
        states.append(torch.as_tensor(state, dtype=torch.float32))
        done = torch.stack([*actions[recent], none][recent])
        wanted = torch.tensor(returns[recent]).unsqueeze(1)
        known = policy(torch.stack(states[recent])[None], done[None], wanted[None])
        mean, deviation = (each[0, -1] for each in known)
        action = squashed(mean, deviation).sample() if sampled else torch.tanh(mean)
        state, reward, terminated, truncated, _ = environment.step(action.numpy())
        actions.append(action)
        rewards.append(float(reward))
        returns.append(returns[-1] - rewards[-1])
        ended = terminated or truncated
    return Episode.of(torch.stack(states), torch.stack(actions), torch.tensor(rewards))
