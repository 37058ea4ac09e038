"""Cloning of the best demonstrations: which they are, and that nothing else is learnt."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from driftline.data.windows import WindowSource
from driftline.errors import SettingsError
from driftline.models.trajectory_transformer import TrajectoryTransformer
from driftline.training.cloned import CloneSettings, best
from driftline.training.offline import OfflineSettings
from driftline.training.update import UpdateSettings
from tests.agents.tabular import one_step
from tests.training.learners import cloned, demonstrated, experience, play, same_tensors


def test_the_best_are_those_of_the_highest_returns() -> None:
    shown = one_step([1.0, 9.0, 3.0, 7.0, 5.0])
    assert best(shown, 0.4).returns.tolist() == [9.0, 7.0]
    assert best(shown, 0.01).returns.tolist() == [9.0]
    assert best(shown, 1.0).returns.tolist() == shown.returns.tolist()


def test_it_knows_the_best_better_than_a_model_of_all_does() -> None:
    shown = demonstrated(40)
    chosen = best(shown, 0.1)
    windows = WindowSource.of(chosen).whole(np.arange(len(chosen)))
    found = []
    for share in (0.1, 1.0):
        agent = cloned(CloneSettings(share, fast(150)), shown).agent()
        assert isinstance(agent.model, TrajectoryTransformer)
        with torch.inference_mode():
            known = agent.model.window_distributions(windows, False)
        done = torch.from_numpy(windows.actions).unsqueeze(-1)
        logs = known.gather(-1, done).squeeze(-1)[torch.from_numpy(windows.valid)]
        found.append(float(-logs.mean()))
    assert found[0] < found[1] - 0.05


def fast(updates: int) -> OfflineSettings:
    return OfflineSettings(updates, 5, UpdateSettings(16, 6, 1e-2))


def test_it_is_fitted_once_and_measured_from_the_demonstrators() -> None:
    learner = cloned()
    events = play(learner, 3)
    assert learner.gradient_updates == 4
    assert all(each.losses == {} and each.own_share == 0.0 for each in events[1::2])
    rounds = [each.episodes for each in events[::2]]
    assert all(float(each.kl.max()) > 0.0 for each in rounds)
    assert all((each.kl_previous == 0.0).all() for each in rounds)
    before = {name: each.clone() for name, each in learner.state()[0].items()}
    learner.learn(experience(learner), 0)
    learner.judged()
    assert same_tensors(learner.state()[0], before)


def test_a_share_is_a_share() -> None:
    with pytest.raises(SettingsError, match="above 0 and at most 1, got 0"):
        CloneSettings(best=0.0)
