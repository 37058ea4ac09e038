"""Two rewards, one wall: what measuring reads changes nothing that any learner learns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium.vector import VectorWrapper

from tests.training.learners import (
    LEARNERS,
    episodes_of,
    play,
    same_tensors,
    same_trajectories,
    timeless,
    world,
)


class Unmeasured(VectorWrapper[Any, Any, Any]):
    """The same world, its hidden rewards NaN and its behaviours flagged by nobody."""

    def step(self, actions: Any) -> Any:
        *seen, info = self.env.step(actions)
        kept = {name: each for name, each in info.items() if name not in ("flags", "available")}
        return *seen, kept | {"hidden_reward": np.full(self.num_envs, np.nan)}


@pytest.mark.parametrize("name", ["frozen", "online", "finetune, kl", "finetune, asked"])
def test_hidden_rewards_and_flags_change_no_bit_of_what_is_learnt(name: str) -> None:
    measured, unmeasured = LEARNERS[name](), LEARNERS[name]()
    seen, unseen = play(measured, 2), play(unmeasured, 2, place=Unmeasured(world()))
    assert np.isfinite(episodes_of(seen)[1].hidden_rewards).all()
    assert episodes_of(seen)[1].flags["marked"].any()
    assert np.isnan(episodes_of(unseen)[1].hidden_rewards).all()
    assert episodes_of(unseen)[1].behaviours == ()

    assert timeless(seen) == timeless(unseen)
    assert same_tensors(measured.state()[0], unmeasured.state()[0])
    assert measured.state()[1] == unmeasured.state()[1]
    for one, other in zip(episodes_of(seen), episodes_of(unseen), strict=True):
        assert same_trajectories(one.trajectories, other.trajectories)
        assert np.array_equal(one.kl, other.kl)
