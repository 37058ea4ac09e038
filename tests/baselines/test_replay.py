"""The compact replay buffer is, draw for draw, the library's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from stable_baselines3.common.buffers import ReplayBuffer

from driftline.baselines.contained import contained
from driftline.baselines.encoding import encode, encoded_size
from driftline.baselines.replay import Replay
from driftline.spaces.specs import CodesSpec, ObservationSpec, VectorSpec

COPIES = 3
CODES = CodesSpec((2, 4), 5)
VECTORS = VectorSpec(4)


def observations(spec: ObservationSpec, draw: np.random.Generator) -> Any:
    if isinstance(spec, CodesSpec):
        return encode(spec, draw.integers(0, spec.codes, (COPIES, *spec.shape)))
    return draw.normal(size=(COPIES, spec.size)).astype(np.float32)


def filled(buffer: ReplayBuffer, spec: ObservationSpec, steps: int) -> ReplayBuffer:
    draw = np.random.default_rng(0)
    for _ in range(steps):
        before, after = observations(spec, draw), observations(spec, draw)
        done = draw.random(COPIES) < 0.3
        told = [{"TimeLimit.truncated": bool(each and draw.random() < 0.5)} for each in done]
        actions, rewards = draw.integers(0, 4, COPIES), draw.normal(size=COPIES)
        buffer.add(before, after, actions, rewards, done, told)
    return buffer


def space(spec: ObservationSpec) -> Box:
    return Box(-np.inf, np.inf, (encoded_size(spec),), np.float32)


def compact(spec: ObservationSpec) -> Replay:
    return Replay(30, space(spec), Discrete(4), spec=spec, device="cpu", n_envs=COPIES)


def sampled(buffer: ReplayBuffer) -> list[Any]:
    with contained(4):
        return [each for each in buffer.sample(64) if each is not None]


@pytest.mark.parametrize("spec", [CODES, VECTORS])
@pytest.mark.parametrize("steps", [6, 10, 27])
def test_samples_are_those_of_the_plain_buffer(spec: ObservationSpec, steps: int) -> None:
    plain = ReplayBuffer(30, space(spec), Discrete(4), device="cpu", n_envs=COPIES)
    expected = sampled(filled(plain, spec, steps))
    found = sampled(filled(compact(spec), spec, steps))
    assert len(found) == len(expected) >= 5
    assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))


@pytest.mark.parametrize("spec", [CODES, VECTORS])
@pytest.mark.parametrize("steps", [0, 6, 27])
def test_a_restored_buffer_goes_on_as_the_stored_one(spec: ObservationSpec, steps: int) -> None:
    stored, other = filled(compact(spec), spec, steps), filled(compact(spec), spec, 8)
    assert isinstance(stored, Replay)
    assert isinstance(other, Replay)
    other.restore(*stored.state())
    both = [sampled(filled(each, spec, 2)) for each in (stored, other)]
    assert all(torch.equal(*pair) for pair in zip(*both, strict=True))
    assert stored.state()[1] == other.state()[1]


def test_a_board_takes_a_byte_for_each_cell() -> None:
    tensors = filled(compact(CODES), CODES, 4).state()[0]  # type: ignore[attr-defined]
    assert tensors["observations"].dtype == torch.uint8
    assert tensors["observations"].shape == (4, COPIES, 8)
