"""A long chain with two policies a known KL apart, on which estimators are checked.

Knows no estimator. Fifty steps are far too many to enumerate and few enough for
dynamic programming.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from driftline.errors import SettingsError
from driftline.exact.logarithms import log
from driftline.exact.markov import check_policy, divergence
from driftline.exact.world import FiniteWorld
from driftline.shapes import Floats

_WIDEST = 64.0
_ROUNDING = 1e-12
_MILDEST, _STRONGEST = 0.75, 1.25


def chain(steps: int = 50, actions: int = 5, positions: int = 11, slip: float = 0.1) -> FiniteWorld:
    """A walk along ``positions`` places that begins in the middle and takes ``steps``.

    Action a moves a − ⌊actions/2⌋ places, with probability ``slip`` none, and the ends
    hold. Each step that ends in the last place pays 1. Raises `SettingsError` for
    numbers below 1 or a slip outside [0, 1].

    >>> world = chain()
    >>> world.horizon, world.actions, world.states
    (50, 5, 11)
    """
    if min(steps, actions, positions) < 1 or not 0.0 <= slip <= 1.0:
        raise SettingsError(
            f"a chain of {steps} steps, {actions} actions, {positions} positions, slip {slip:g}; "
            "the numbers are 1 or more and the slip lies in [0, 1]"
        )
    here = np.arange(positions)[:, None]
    moved = np.clip(here + np.arange(actions) - actions // 2, 0, positions - 1)
    successors = np.stack([moved, np.broadcast_to(here, moved.shape)], axis=-1)
    chances = np.broadcast_to(np.array([1.0 - slip, slip]), successors.shape).copy()
    rewards = (successors == positions - 1).astype(np.float64)
    initial = np.eye(1, positions, positions // 2)[0]
    ends = np.zeros(positions, np.bool_)
    return FiniteWorld(successors, chances, rewards, initial, steps, ends)


def at_divergence(
    world: FiniteWorld, reference: Floats, nats: float, generator: np.random.Generator
) -> Floats:
    """A policy ``[H, S, A]`` whose trajectories are ``nats`` of KL from the reference's.

    Its logits are the reference's plus `directions`, all scaled alike: every step of
    every history differs mildly and about as much, which is when the divergence of a
    step hardly depends on what came before. Raises `SettingsError` where no scale up
    to 64 gets so far, as with a reference that leaves no choice.

    >>> from driftline.exact.random_worlds import random_policy
    >>> world, draw = chain(), np.random.default_rng(0)
    >>> reference = random_policy(world, draw)
    >>> policy = at_divergence(world, reference, 3.383, draw)
    >>> round(divergence(world, policy, reference), 9)
    3.383
    """
    check_policy(world, reference)
    noise = directions(reference, generator)

    def at(scale: float) -> Floats:
        logits = log(reference) + scale * noise
        weights = np.exp(logits - logits.max(-1, keepdims=True))
        return np.asarray(weights / weights.sum(-1, keepdims=True))

    def excess(scale: float) -> float:
        return divergence(world, at(scale), reference) - nats

    if nats < 0 or excess(_WIDEST) < 0:
        raise SettingsError(
            f"no policy of this kind is {nats:g} nats from the reference; ask for less, not below 0"
        )
    if nats < _ROUNDING:
        return reference
    return at(float(brentq(excess, 0.0, _WIDEST, xtol=1e-13)))


def directions(reference: Floats, generator: np.random.Generator) -> Floats:
    """What to add to each action's logit, ``[H, S, A]``, a direction for every time and state.

    Evenly spaced numbers in random order, brought to mean 0 and deviation c under
    ``reference`` in each state, with c drawn from 0.75 to 1.25. Logits moved by ε times
    that are c²ε²/2 nats away but for terms in ε³, so the state decides about a third of
    a step's divergence and not, as with normal numbers, most of it. Where the reference
    leaves no choice: 0.

    >>> found = directions(np.full((1, 9, 2), 0.5), np.random.default_rng(0))
    >>> found.sum(-1).round(9).any(), found.std(-1).min() >= 0.75, found.std(-1).max() <= 1.25
    (np.False_, np.True_, np.True_)
    """
    scores = np.linspace(-1.0, 1.0, reference.shape[-1])
    moved = generator.permuted(np.broadcast_to(scores, reference.shape), axis=-1)
    moved = moved - (reference * moved).sum(-1, keepdims=True)
    spread = np.sqrt((reference * moved**2).sum(-1, keepdims=True))
    wanted = generator.uniform(_MILDEST, _STRONGEST, spread.shape)
    return np.asarray(np.divide(wanted * moved, spread, out=np.zeros_like(moved), where=spread > 0))
