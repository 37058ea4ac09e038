"""Every learner can be stored after any round and goes on bit for bit."""

from __future__ import annotations

from pathlib import Path

import pytest

from driftline.training.checkpoint import load_checkpoint, save_checkpoint
from tests.training.learners import (
    LEARNERS,
    episodes_of,
    play,
    same_episodes,
    same_tensors,
    timeless,
)

CUTS = [(name, 2) for name in LEARNERS] + [("online", 1), ("finetune, kl", 1)]


@pytest.mark.parametrize(("name", "cut"), CUTS)
def test_a_learner_restored_from_a_checkpoint_goes_on_bit_for_bit(
    tmp_path: Path, name: str, cut: int
) -> None:
    whole = LEARNERS[name]()
    expected = play(whole, 3)
    interrupted = LEARNERS[name]()
    begun = play(interrupted, 3, stop=cut)
    save_checkpoint(tmp_path, *interrupted.state())

    resumed = LEARNERS[name]()
    play(resumed, 1)  # what it was before must not matter
    history = [each.trajectories for each in episodes_of(begun)]
    resumed.restore(*load_checkpoint(tmp_path), history)
    assert resumed.own_share == interrupted.own_share
    again = play(resumed, 3, start=cut, steps_before=begun[-1].environment_steps)

    assert timeless(begun + again) == timeless(expected)
    for one, other in zip(episodes_of(again), episodes_of(expected)[cut:], strict=True):
        assert same_episodes(one, other)
    assert same_tensors(resumed.state()[0], whole.state()[0])
    assert resumed.state()[1] == whole.state()[1]


def test_a_round_that_was_learnt_is_seen_in_the_next() -> None:
    """Without which the law above would hold of learners that restore nothing."""
    for name in LEARNERS.keys() - {"frozen", "cloned"}:
        first, second = episodes_of(play(LEARNERS[name](), 2))
        assert first.kl_previous.max() < 1e-6
        assert second.kl_previous.max() > 1e-4, name
