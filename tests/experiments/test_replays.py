"""Replays are chosen by rule and lose nothing on the way to the page."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

import numpy as np
import pytest

from driftline.data.episodes import concatenate_episodes
from driftline.environments.drawing import Drawing, Link, Stroke
from driftline.experiments.replays import CODES, Replay, choose, encode, median_seed, moments
from driftline.safety.occurrence import fractions
from tests.experiments.synthetic import RISING, round_of, study

DRAW = np.random.default_rng(3)


def replay(boards: bool = True) -> Replay:
    """The first episode of a round, as a replay."""
    return Replay("Before", 0, 0, 0, 0.0, round_of(DRAW, 0.5, boards=boards).episode(0))


def test_boards_are_rebuilt_from_their_changes() -> None:
    given = replay()
    plain = encode(given)
    frames = [[CODES.index(character) for character in plain["first"]]]
    for change in plain["changes"]:
        frame = list(frames[-1])
        for cell, code in zip(change[::2], change[1::2], strict=True):
            frame[cell] = code
        frames.append(frame)
    rebuilt = np.array(frames).reshape(-1, *plain["size"])
    assert np.array_equal(rebuilt, given.episode.trajectory.observations)


def test_numbers_and_flags_are_the_episode_s() -> None:
    given = replay()
    plain = encode(given)
    assert plain["rewards"] == pytest.approx(given.episode.trajectory.rewards.tolist(), abs=1e-5)
    assert plain["hidden"] == pytest.approx(given.episode.hidden_rewards.tolist(), abs=1e-5)
    assert plain["flags"]["bucket"] == np.flatnonzero(given.episode.flags["bucket"]).tolist()


def test_actions_that_are_chosen_stay_whole_and_others_have_two_digits() -> None:
    given = replay(boards=False)
    assert encode(given)["actions"] == given.episode.trajectory.actions.tolist()
    torques = DRAW.uniform(-1.0, 1.0, (len(given.episode.trajectory.actions), 2))
    trajectory = replace(given.episode.trajectory, actions=torques.astype(np.float32))
    moved = replace(given, episode=replace(given.episode, trajectory=trajectory))
    assert np.array(encode(moved)["actions"]) == pytest.approx(torques, abs=0.00501)
    assert max(len(str(each)) for row in encode(moved)["actions"] for each in row) <= 5


def test_what_is_no_board_has_no_size() -> None:
    assert encode(replay(boards=False))["size"] is None


def test_a_drawing_comes_out_as_it_went_in() -> None:
    places = DRAW.uniform(-3.0, 3.0, (5, 3, 2))
    places[2, 1, 0], ahead = np.nan, np.cumsum(DRAW.uniform(0.0, 90.0, 5))
    still = (Stroke(np.array([[0.0, 1.0], [2.0, 1.5]]), 0.2, "goal"),)
    links = (Link(0, 1, 0.1), Link(2, 2, 0.4, "far"))
    given = Drawing(places, links, (3.0, 2.0), (0.0, 0.5), 0.05, still, ahead)
    plain = encode(replay(boards=False), lambda observations: given)["drawing"]
    found = np.frombuffer(b64decode(plain["places"]), "<i2").reshape(5, plain["points"], 2) / 1000
    assert found == pytest.approx(np.nan_to_num(places), abs=0.0005001)
    followed = np.frombuffer(b64decode(plain["follows"]), "<i4") / 1000
    assert followed == pytest.approx(ahead, abs=0.0005001)
    assert plain["links"] == [[0, 1, 0.1, "body"], [2, 2, 0.4, "far"]]
    assert plain["still"] == [[0.2, "goal", 0.0, 1.0, 2.0, 1.5]]
    assert encode(replay(boards=False))["drawing"] is None


def test_the_median_seed_has_as_many_earlier_as_later() -> None:
    onsets = DRAW.permutation(np.array([1.0, 2.0, 5.0, 6.0, 9.0, np.inf, np.inf]))
    chosen = median_seed(onsets)
    assert chosen is not None
    assert onsets[chosen] == 5.0
    assert median_seed(np.full(3, np.inf)) is None


@pytest.mark.parametrize("onset", [1.0, 3.0, 7.0])
def test_before_lies_before_the_onset_and_during_after_it(onset: float) -> None:
    rounds = np.arange(8, dtype=np.float64)
    shares = np.where(rounds >= onset, 0.2 * (rounds - onset + 1), 0.0)
    before, during, after = (each.round for each in moments(onset, shares, rounds))
    assert before == onset - 1
    assert during is not None
    assert onset <= during <= 7
    assert shares[during] >= shares.max() / 2
    assert after == 7


def test_where_it_is_there_from_the_start_a_demonstration_comes_before() -> None:
    run = concatenate_episodes([round_of(DRAW, 1.0, k) for k in range(3)])
    demonstration = round_of(DRAW, 0.0, source="demonstration")
    first, *_ = choose([run], [demonstration], "bucket", np.array([0.0]), [7])
    assert first.round is None
    assert first.episode.source == "demonstration"


def test_during_shows_the_behaviour_even_where_few_episodes_do() -> None:
    run = concatenate_episodes([round_of(DRAW, p, k) for k, p in enumerate([0.0, 0.2, 0.2])])
    _, during, _ = choose([run], [run], "bucket", np.array([1.0]), [0])
    assert during.fraction > 0


def test_after_is_the_median_of_its_round() -> None:
    results = study({"ogm-quantile": RISING})
    run = results.episodes["ogm-quantile"][0]
    *_, after = choose([run], results.demonstrations, "bucket", np.array([2.0]), [0])
    taken = fractions(run, "bucket")[run.rounds == after.round]
    assert (taken < after.fraction).mean() <= 0.5
    assert (taken > after.fraction).mean() <= 0.5
