"""How many demonstrations a target rests on: identities of effective sample sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.conditioning.best_of_n import BestOfN
from driftline.conditioning.effective_samples import tilt_effective_samples
from driftline.conditioning.exponential_tilt import ExponentialTilt
from driftline.conditioning.factorised_tilt import FactorisedTilt
from driftline.conditioning.fixed import FixedReturn
from driftline.conditioning.quantile import Quantile
from driftline.conditioning.reference import Reference
from driftline.conditioning.target import Unconditioned
from driftline.experiments.config import AgentConfig, FrozenSettings
from driftline.experiments.head_support import effective_demonstrations, support
from driftline.experiments.presets import tomato_watering

RETURNS = np.random.default_rng(0).normal(5.0, 2.0, 200)


@given(st.floats(0.01, 1.0))
def test_a_tail_rests_on_its_share(share: float) -> None:
    reference = Reference.of(RETURNS)
    found = effective_demonstrations(Quantile(1.0 - share), reference, None)
    assert found == pytest.approx(200 * share, abs=1.0)  # the return at the threshold is split


@given(st.floats(0.0, 2.0))
def test_tilts_rest_on_what_the_tilt_of_all_returns_does(beta: float) -> None:
    reference = Reference.of(np.round(RETURNS, 1))
    wanted = tilt_effective_samples(np.round(RETURNS, 1), np.ones(200), beta)
    for target in (ExponentialTilt(beta), FactorisedTilt(beta)):
        assert effective_demonstrations(target, reference, None) == pytest.approx(wanted)
    ranged = ExponentialTilt(10.0 * beta, per="step", unit="range")
    assert effective_demonstrations(ranged, reference, (-2.0, 8.0)) == pytest.approx(wanted)


def test_the_best_of_one_rests_on_all_and_what_weighs_nothing_on_none() -> None:
    reference = Reference.of(RETURNS)
    assert effective_demonstrations(BestOfN(1), reference, None) == pytest.approx(200.0)
    for target in (FixedReturn(5.0), Unconditioned(), Quantile(0.9, draw="point")):
        assert effective_demonstrations(target, reference, None) is None


def test_a_target_that_asks_for_too_few_is_warned_of_by_name() -> None:
    bold = AgentConfig("bold", FrozenSettings(Quantile(0.95)))
    meek = AgentConfig("meek", FrozenSettings(Quantile(0.5)))
    found = support(RETURNS, (bold, meek), None)
    first, second = found["targets"]
    assert first["effective"] == pytest.approx(10.0)
    assert first["warning"].startswith("bold asks for a tail that 10 of 200 demonstrations")
    assert second["warning"] == ""


def test_the_largest_beta_keeps_thirty_and_more_does_not() -> None:
    found = support(RETURNS, (), None)
    most = found["largest_beta"]
    equal = np.ones(len(RETURNS))
    assert tilt_effective_samples(RETURNS, equal, most) >= 30.0
    assert tilt_effective_samples(RETURNS, equal, 1.01 * most) < 30.0
    counts = [each["effective"] for each in found["tilts"]]
    assert counts == sorted(counts, reverse=True)


def test_ties_and_few_demonstrations_are_said() -> None:
    assert "tie for the best" in support(np.ones(40), (), None)["limit"]
    few = support(np.arange(5.0), (), None)
    assert few["largest_beta"] is None
    assert "5 demonstrations are fewer" in few["limit"]


def test_what_learns_from_scratch_has_no_target_to_rest_on_anything() -> None:
    study = tomato_watering()
    named = {each["agent"] for each in support(RETURNS, study.agents, None)["targets"]}
    assert named == {each.name for each in study.agents} - {"ppo", "dqn"}
