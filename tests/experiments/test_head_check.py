"""A head held to demonstrations it never saw says what was recorded there, and what it lacks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from driftline.data.trajectories import Trajectories
from driftline.data.windows import Windows
from driftline.experiments import build
from driftline.experiments.head_check import (
    EVERY,
    check_head,
    log_likelihoods,
    owners,
    spread,
    times,
)
from driftline.experiments.plan import OFFLINE, run_path
from driftline.experiments.run import load_offline
from driftline.models.action_distributions import log_density
from driftline.models.flow_policy import FlowPolicy
from driftline.models.flow_policy_config import FlowPolicyConfig
from driftline.spaces.codecs import ReturnCodec, VectorCodec
from driftline.spaces.specs import ContinuousActionSpec, VectorSpec
from driftline.training.divergence import distributions
from tests.experiments.tiny import tiny
from tests.models import examples

CONFIG = tiny()


@pytest.fixture(scope="module")
def held_out() -> Trajectories:
    return build.held_out(CONFIG, 0).trajectories


class Oracle:
    """Knows returns-to-go: its head is certain of what will come."""

    return_values = np.arange(-60.0, 60.0)
    return_width = 1.0

    def return_log_probabilities(self, state: Any, actions: Any) -> Any:
        raise AssertionError("the check reads whole windows and acts nowhere")

    def window_return_log_probabilities(self, windows: Windows, after_action: bool) -> Any:
        nearest = np.abs(windows.returns_to_go[..., None] - self.return_values).argmin(-1)
        one = np.where(np.arange(len(self.return_values)) == nearest[..., None], 1.0, 0.0)
        return torch.from_numpy(one).log()


def test_an_oracle_is_calibrated_and_has_no_density(held_out: Trajectories) -> None:
    found = check_head(Oracle(), held_out)
    for moment in ("before", "after"):
        assert found[moment]["error"] == 0.0
        assert abs(found[moment]["bias"]["mean"]) <= 0.5
        assert found[moment]["predictions"] == int((times(held_out) % EVERY == 0).sum())
    assert found["action_nll"] is None
    assert found["missing"] == {"action_nll": "Oracle has no density"}


def test_steps_are_counted_from_each_reset(held_out: Trajectories) -> None:
    first = held_out.starts[:-1]
    assert (times(held_out)[first] == 0).all()
    assert times(held_out).max() == held_out.lengths.max() - 1
    assert np.array_equal(np.bincount(owners(held_out)), held_out.lengths)


def test_likelihoods_are_those_of_the_unconditioned_model(
    studied: Path, held_out: Trajectories
) -> None:
    model, _ = load_offline(run_path(studied, OFFLINE, 0))
    rows = distributions(model, held_out, None)
    wanted = rows[np.arange(len(rows)), held_out.actions]
    found = log_likelihoods(model, held_out)
    assert np.allclose(found, wanted, atol=1e-6)
    nll = check_head(model, held_out)["action_nll"]
    assert nll["mean"] == pytest.approx(-wanted.mean(), abs=1e-6)
    assert nll["episodes"] == len(held_out)


def test_the_offline_run_wrote_the_check_of_its_model(
    studied: Path, held_out: Trajectories
) -> None:
    path = run_path(studied, OFFLINE, 0)
    written = json.loads((path / "return_head.json").read_text())
    model, shown = load_offline(path)
    assert written["held_out"]["episodes"] == CONFIG.demonstrations.held_out == len(held_out)
    few = shown.take(spread(len(shown), len(held_out)))
    assert written["fitted_nll"]["episodes"] == len(few)
    assert written["fitted_nll"]["mean"] == pytest.approx(
        -log_likelihoods(model, few).mean(), abs=1e-6
    )
    again = check_head(model, held_out)
    for moment in ("before", "after"):
        assert written[moment]["error"] == pytest.approx(again[moment]["error"])
    assert written["support"]["demonstrations"] == len(shown)


@pytest.mark.parametrize(("shown", "held_out"), [(400, 100), (403, 97), (40, 40), (40, 60)])
def test_demonstrations_of_every_skill_are_looked_at(shown: int, held_out: int) -> None:
    skills = np.array_split(np.arange(shown), 5)
    few = spread(shown, held_out)
    shares = [np.isin(few, members).sum() for members in skills]
    assert sum(shares) == len(set(few)) == min(shown, held_out)
    assert max(shares) - min(shares) <= 1


def test_few_demonstrations_are_all_looked_at() -> None:
    assert spread(3, 10).tolist() == [0, 1, 2]
    assert spread(0, 10).tolist() == []


def test_nothing_held_out_is_said(studied: Path) -> None:
    model, _ = load_offline(run_path(studied, OFFLINE, 0))
    found = check_head(model, None)
    assert found["before"] is found["after"] is found["action_nll"] is None
    assert set(found["missing"]) == {"before", "after", "action_nll"}


def test_a_flow_has_a_head_and_no_density() -> None:
    draw = np.random.default_rng(0)
    data = Trajectories(
        observations=draw.normal(size=(44, 2)).astype(np.float32),
        actions=draw.uniform(-0.9, 0.9, (40, 1)).astype(np.float32),
        rewards=draw.normal(size=40),
        starts=np.arange(5) * 10,
        terminated=np.zeros(4, np.bool_),
        truncated=np.ones(4, np.bool_),
    )
    action = ContinuousActionSpec((-1.0,), (1.0,))
    codecs = ReturnCodec(0.0, 1.0, -8.0, 8.0, 16), VectorCodec.fit(data.observations)
    found = check_head(FlowPolicy(FlowPolicyConfig(), VectorSpec(2), action, *codecs), data)
    assert found["missing"] == {"action_nll": "FlowPolicy has no density"}
    for moment in ("before", "after"):
        assert found[moment]["predictions"] == 8
        assert 0.0 <= found[moment]["error"] <= 1.0


def test_a_model_that_reads_its_last_steps_anew_is_held_to_those() -> None:
    source = examples.source(vectors=True)
    model = examples.model(vectors=True, embeddings="plain", acting_context=3).eval()
    found, data = log_likelihoods(model, source.trajectories), source.trajectories
    known = torch.from_numpy(distributions(model, data, None))
    wanted = log_density(model.family, known, torch.as_tensor(data.actions)).numpy()
    assert np.allclose(found, wanted, atol=1e-5)
    banded = examples.model(vectors=True, embeddings="plain")
    assert not np.allclose(found, log_likelihoods(banded, data), atol=1e-3)
    told = check_head(model, data)
    assert told["before"]["predictions"] == check_head(banded, data)["before"]["predictions"]
    assert told["before"] != check_head(banded, data)["before"]
