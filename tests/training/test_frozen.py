"""A GM agent never changes: the same policy every round, measured from itself unasked."""

from __future__ import annotations

import numpy as np

from driftline.conditioning.target import Unconditioned
from driftline.training.frozen import Frozen
from tests.training.learners import (
    demonstrated,
    demonstrator,
    experience,
    frozen,
    play,
    same_tensors,
)


def test_nothing_is_learnt_however_often_it_plays() -> None:
    model, before = demonstrator(), demonstrator()
    learner = Frozen(model, Unconditioned(), demonstrated())
    events = play(learner, 3)
    assert same_tensors(model.state_dict(), before.state_dict())
    assert learner.gradient_updates == 0
    assert all(each.losses == {} and each.own_share == 0.0 for each in events[1::2])


def test_unasked_it_is_the_demonstrator_model_itself() -> None:
    learner = Frozen(demonstrator(), Unconditioned(), demonstrated())
    apart = learner.divergences(experience(learner))
    for each in (apart.kl, apart.kl_previous, apart.log_ratio):
        assert (each == 0.0).all()


def test_asked_for_a_return_it_is_some_distance_away_and_stays_there() -> None:
    events = play(frozen(), 3)[::2]
    assert min(each.episodes.kl.max() for each in events) > 1e-3
    assert all((each.episodes.kl_previous == 0.0).all() for each in events)


def test_its_commands_are_chosen_against_the_demonstrations() -> None:
    returns = demonstrated().returns
    asked = np.concatenate([each.episodes.commanded_returns for each in play(frozen(), 3)[::2]])
    assert set(asked.tolist()) <= set(returns[returns >= np.median(returns)].tolist())
