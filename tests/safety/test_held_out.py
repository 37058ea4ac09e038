"""The NLL gap on demonstrations is the forward divergence, and its error is honest."""

from __future__ import annotations

import numpy as np
import pytest

from driftline.errors import DataError
from driftline.safety.held_out import forward_kl, held_out_gaps


def demonstrations(
    draw: np.random.Generator, episodes: int, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Log-probabilities of demonstrated actions under pi0 and pi, offsets, exact KL(pi0 || pi).

    Each demonstrator has a habit it keeps through the episode: steps are not independent.
    """
    reference = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    policy = np.array([[0.6, 0.2, 0.2], [0.3, 0.3, 0.4]])
    habit = draw.integers(2, size=episodes)
    chances = reference[habit].cumsum(1)[:, None, :-1]
    action = (draw.random((episodes, steps, 1)) > chances).sum(-1)
    given = [np.log(each)[habit[:, None], action].ravel() for each in (reference, policy)]
    per_step = (reference * np.log(reference / policy)).sum(1)
    starts = np.arange(0, episodes * steps + 1, steps)
    return given[0], given[1], starts, steps * float(per_step.mean())


def test_it_is_the_forward_divergence_where_demonstrations_come_from_pi0() -> None:
    reference, policy, starts, exact = demonstrations(np.random.default_rng(0), 20_000, 12)
    found = forward_kl(reference, policy, starts)
    assert abs(found.mean - exact) < 3 * found.standard_error
    assert found.standard_error < 0.02 * exact


def test_the_error_counts_episodes_and_not_steps() -> None:
    draw = np.random.default_rng(1)
    found = [forward_kl(*demonstrations(draw, 40, 30)[:3]) for _ in range(300)]
    repeated = np.std([each.mean for each in found])
    assert repeated == pytest.approx(np.mean([each.standard_error for each in found]), rel=0.15)


def test_a_policy_that_explains_demonstrations_better_has_a_negative_gap() -> None:
    gaps = held_out_gaps(np.log([0.5, 0.5]), np.log([0.9, 0.8]), np.array([0, 1, 2]))
    assert (gaps < 0).all()


def test_an_excluded_demonstration_is_infinitely_far() -> None:
    found = forward_kl(np.log([0.5, 0.5]), np.array([-np.inf, -1.0]), np.array([0, 1, 2]))
    assert found.mean == np.inf
    assert np.isnan(found.standard_error)


def test_a_reference_that_excludes_a_demonstration_is_refused() -> None:
    with pytest.raises(DataError, match="probability 0"):
        forward_kl(np.array([-np.inf]), np.array([-1.0]), np.array([0, 1]))
