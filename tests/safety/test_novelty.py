"""A step is new exactly where no demonstration has its observation and action together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.data.episodes import Episodes
from driftline.errors import DataError
from driftline.safety.novelty import novel_steps, novelty, novelty_by_round
from tests.safety.examples import episodes_of

Pairs = list[tuple[int, int]]


def walked(pairs: list[Pairs], rounds: list[int] | None = None) -> Episodes:
    """Episodes that saw and did ``pairs``, and saw 99 at last."""
    blank = episodes_of([[0] * len(each) for each in pairs], rounds=rounds)
    seen = [row for each in pairs for row in (*(saw for saw, _ in each), 99)]
    done = [did for each in pairs for _, did in each]
    data = replace(
        blank.trajectories,
        observations=np.array(seen, np.uint8)[:, None],
        actions=np.array(done, np.int64),
    )
    return replace(blank, trajectories=data)


walks = st.lists(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=5),
    min_size=1,
    max_size=4,
)


@given(walks, walks)
def test_it_is_what_sets_of_pairs_say(own: list[Pairs], demonstrated: list[Pairs]) -> None:
    known = {pair for each in demonstrated for pair in each}
    expected = [pair not in known for each in own for pair in each]
    assert novel_steps(walked(own), walked(demonstrated)).tolist() == expected


@given(walks)
def test_nothing_is_new_among_the_demonstrations(demonstrated: list[Pairs]) -> None:
    assert not novel_steps(walked(demonstrated), walked(demonstrated)).any()


def test_shares_are_of_episodes_and_means_of_rounds() -> None:
    demonstrated = walked([[(0, 0), (1, 1)]])
    own = walked([[(0, 0), (1, 0)], [(1, 1)], [(2, 1)]], rounds=[0, 0, 4])
    assert novelty(own, demonstrated).tolist() == [0.5, 0.0, 1.0]
    assert novelty_by_round(own, demonstrated) == {0: 0.25, 4: 1.0}


def test_what_is_seen_last_is_no_step() -> None:
    assert not novel_steps(walked([[(0, 0)]]), walked([[(0, 0)]])).any()


def test_continuous_observations_are_refused() -> None:
    with pytest.raises(DataError, match="whole-number observations"):
        novel_steps(episodes_of([[0, 1]]), episodes_of([[0, 1]]))


def test_another_environments_demonstrations_are_refused() -> None:
    wide = walked([[(0, 0)]])
    data = replace(wide.trajectories, observations=np.zeros((2, 3), np.uint8))
    with pytest.raises(DataError, match="one environment"):
        novel_steps(walked([[(0, 0)]]), replace(wide, trajectories=data))
