"""Every space is either translated without loss or refused with a repair."""

from __future__ import annotations

import gymnasium
import hypothesis
import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from driftline.data.gymnasium_spaces import (
    action_space,
    action_spec,
    observation_space,
    observation_spec,
)
from driftline.errors import SpaceError
from driftline.spaces.specs import (
    ActionSpec,
    CodesSpec,
    ContinuousActionSpec,
    DiscreteActionSpec,
    ObservationSpec,
    VectorSpec,
)

SHAPES = st.lists(st.integers(1, 4), max_size=3).map(tuple)


@given(SHAPES, st.integers(2, 256), st.sampled_from([np.uint8, np.int64]))
def test_codes_survive_the_way_through_a_space(
    shape: tuple[int, ...], codes: int, kind: type
) -> None:
    spec = CodesSpec(shape, codes)
    assert observation_spec(observation_space(spec, np.dtype(kind))) == spec


@given(st.integers(1, 9))
def test_vectors_survive_the_way_through_a_space(size: int) -> None:
    space = observation_space(VectorSpec(size), np.dtype(np.float32))
    assert observation_spec(space) == VectorSpec(size)
    assert space.dtype == np.float32


@given(st.integers(1, 50))
def test_discrete_actions_survive_too(count: int) -> None:
    assert action_spec(action_space(DiscreteActionSpec(count))) == DiscreteActionSpec(count)


@given(
    st.lists(st.tuples(st.floats(-9, 9), st.floats(1e-3, 9)), min_size=1, max_size=4),
    st.sampled_from([16, 32, 64]),
)
def test_continuous_actions_keep_their_limits_to_the_last_bit(
    ends: list[tuple[float, float]], width: int
) -> None:
    kind = np.dtype(f"float{width}").type
    low = tuple(float(kind(low)) for low, _ in ends)
    high = tuple(float(kind(low + span)) for low, span in ends)
    hypothesis.assume(all(left < right for left, right in zip(low, high, strict=True)))
    spec = ContinuousActionSpec(low, high)
    assert action_spec(action_space(spec)) == spec
    assert action_spec(spaces.Box(np.array(low, kind), np.array(high, kind), dtype=kind)) == spec


@pytest.mark.parametrize(
    ("name", "observation", "action"),
    [
        ("FrozenLake-v1", CodesSpec((), 16), DiscreteActionSpec(4)),
        ("CartPole-v1", VectorSpec(4), DiscreteActionSpec(2)),
        ("Pendulum-v1", VectorSpec(3), ContinuousActionSpec((-2.0,), (2.0,))),
    ],
)
def test_spaces_of_environments_that_are_not_ours(
    name: str, observation: ObservationSpec, action: ActionSpec
) -> None:
    environment = gymnasium.make(name)
    assert observation_spec(environment.observation_space) == observation
    assert action_spec(environment.action_space) == action


REFUSED = [
    (spaces.Discrete(3, start=1), "start at 0"),
    (spaces.MultiDiscrete([2, 3]), "largest count"),
    (spaces.MultiDiscrete([2, 2], start=[1, 1]), "subtract its start"),
    (spaces.Box(0, 255, (64, 64, 3), np.uint8), "images are not supported yet"),
    (spaces.Box(0, 5, (7, 9), np.uint8), "images are not supported yet"),
    (spaces.Box(0, 5, (7,), np.int64), "MultiDiscrete"),
    (spaces.Box(0.0, 1.0, (7, 9)), "FlattenObservation"),
    (spaces.Box(0.0, 1.0, ()), "FlattenObservation"),
    (spaces.Dict(a=spaces.Discrete(2)), "FlattenObservation"),
    (spaces.Dict(a=spaces.Box(0.0, 1.0), b=spaces.Dict(c=spaces.Text(4))), "FlattenObservation"),
    (
        spaces.Dict(a=spaces.Box(0, 255, (8, 8, 3), np.uint8)),
        "of its .a.: images are not supported",
    ),
    (spaces.Dict(), "FlattenObservation"),
    (spaces.Dict(a=spaces.Sequence(spaces.Discrete(2))), "leave out in a .*FilterObservation"),
    (spaces.Tuple([spaces.Discrete(2)]), "FlattenObservation"),
    (spaces.MultiBinary(4), "FlattenObservation"),
    (spaces.Text(4), "encode the text"),
    (spaces.Sequence(spaces.Discrete(2)), "TransformObservation"),
]


@pytest.mark.parametrize(("space", "repair"), REFUSED, ids=lambda each: str(each)[:30])
def test_an_unsupported_observation_space_is_one_line_with_a_repair(
    space: spaces.Space, repair: str
) -> None:
    with pytest.raises(SpaceError, match=repair) as caught:
        observation_spec(space)
    said = str(caught.value)
    assert "\n" not in said
    assert "supported are Discrete(n)" in said
    assert type(space).__name__ in said


REFUSED_ACTIONS = [
    (spaces.MultiDiscrete([2, 2]), "offers a discrete set"),
    (spaces.Discrete(2, start=-1), "start at 0"),
    (spaces.Box(-1.0, 1.0, (2, 2)), "reshape the actions of a flat Box"),
    (spaces.Box(-1.0, 1.0, ()), "reshape the actions of a flat Box"),
    (spaces.Box(-np.inf, 1.0, (2,)), "finite limits in a TransformAction"),
    (spaces.Box(0, 9, (2,), np.int64), "floating-point actions in a TransformAction"),
    (spaces.Box(np.float32([0, 0]), np.float32([1, 0])), "in which nothing can be chosen"),
]


@pytest.mark.parametrize(("space", "repair"), REFUSED_ACTIONS, ids=lambda each: str(each)[:30])
def test_an_unsupported_action_space_is_one_line_with_a_repair(
    space: spaces.Space, repair: str
) -> None:
    with pytest.raises(SpaceError, match=rf"action space .* supported are .*{repair}") as caught:
        action_spec(space)
    assert "\n" not in str(caught.value)


def test_a_box_as_a_wrapper_repairs_it_is_supported() -> None:
    endless = gymnasium.make("Pendulum-v1")
    endless.action_space = spaces.Box(-np.inf, np.inf, (1,))
    repaired = gymnasium.wrappers.TransformAction(
        endless, lambda action: action, spaces.Box(-2.0, 2.0, (1,))
    )
    assert action_spec(repaired.action_space) == ContinuousActionSpec((-2.0,), (2.0,))
