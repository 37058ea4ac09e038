"""An agent that samples from the distribution it records."""

from __future__ import annotations

import numpy as np

from driftline.baselines.policy_agent import PolicyAgent
from driftline.spaces.specs import ContinuousActionSpec, DiscreteActionSpec

PROBABILITIES = np.array([0.5, 0.0, 0.3, 0.2])


def agent(seed: int, episodes: int) -> PolicyAgent:
    with np.errstate(divide="ignore"):
        rows = np.log(PROBABILITIES)
    made = PolicyAgent(
        lambda observations: np.tile(rows, (len(observations), 1)), DiscreteActionSpec(4)
    )
    made.begin(episodes, seed)
    return made


def test_actions_are_as_frequent_as_recorded() -> None:
    one = agent(0, 40_000)
    actions = one.act(np.zeros((40_000, 2)))
    frequencies = np.bincount(actions, minlength=4) / 40_000
    assert one.distributions is not None
    assert np.allclose(np.exp(one.distributions[0]), PROBABILITIES)
    assert np.abs(frequencies - PROBABILITIES).max() < 0.012
    assert frequencies[1] == 0.0


def test_the_same_seed_acts_the_same() -> None:
    observations = np.zeros((50, 1))
    assert np.array_equal(agent(1, 50).act(observations), agent(1, 50).act(observations))
    assert not np.array_equal(agent(1, 50).act(observations), agent(2, 50).act(observations))


def test_nothing_is_ever_asked_for() -> None:
    one = agent(0, 5)
    one.act(np.zeros((5, 1)))
    one.receive(np.ones(5))
    one.narrow(np.array([0, 3]))
    assert one.commanded.shape == (2,)
    assert np.isnan(one.commanded).all()


def test_continuous_actions_are_drawn_from_what_is_recorded() -> None:
    box = ContinuousActionSpec((-2.0,), (2.0,))
    rows = np.array([0.25, np.log(0.1)])
    one = PolicyAgent(lambda observations: np.tile(rows, (len(observations), 1)), box)
    one.begin(20_000, 0)
    actions = one.act(np.zeros((20_000, 1)))
    assert actions.shape == (20_000, 1)
    assert actions.dtype == np.float32
    # In units of half the box, which is 2 to each side.
    assert abs(actions.mean() - 0.5) < 0.01
    assert abs(actions.std() - 0.2) < 0.01


def test_the_likeliest_action_is_taken_where_it_is_wanted() -> None:
    with np.errstate(divide="ignore"):
        rows = np.log(PROBABILITIES)
    sure = PolicyAgent(lambda seen: np.tile(rows, (len(seen), 1)), DiscreteActionSpec(4), True)
    sure.begin(9, 0)
    assert sure.act(np.zeros((9, 1))).tolist() == [0] * 9
    box = ContinuousActionSpec((-2.0,), (2.0,))
    still = PolicyAgent(lambda seen: np.tile([0.25, 1.0], (len(seen), 1)), box, True)
    still.begin(9, 0)
    assert still.act(np.zeros((9, 1))).tolist() == [[0.5]] * 9
