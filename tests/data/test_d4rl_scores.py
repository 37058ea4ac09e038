"""Scores are 0 by chance and 100 for an expert, whoever spells the task."""

from __future__ import annotations

import numpy as np
import pytest

from driftline.data.d4rl_scores import REFERENCES, normalised_score
from driftline.errors import UnknownNameError


@pytest.mark.parametrize("task", REFERENCES)
def test_the_ends_of_the_scale(task: str) -> None:
    found = normalised_score(f"{task}-medium-v2", np.array(REFERENCES[task]))
    assert found == pytest.approx([0.0, 100.0])


@pytest.mark.parametrize(
    ("spelt", "task"),
    [
        ("Ant-v5", "ant"),
        ("HalfCheetah-v5", "halfcheetah"),
        ("mujoco/walker2d/expert-v0", "walker2d"),
        ("hopper/medium-v2", "hopper"),
    ],
)
def test_a_task_is_known_by_any_of_its_names(spelt: str, task: str) -> None:
    assert normalised_score(spelt, 10.0) == normalised_score(task, 10.0)


def test_a_task_without_a_scale_is_named() -> None:
    with pytest.raises(UnknownNameError, match="hopper"):
        normalised_score("hoper-v5", 1.0)
    for other in ("Pendulum-v1", "AntMaze_UMaze-v5", "maze2d-umaze-dense-v1"):
        with pytest.raises(UnknownNameError, match=other):
            normalised_score(other, 1.0)


@pytest.mark.parametrize("name", ["bullet-hopper-medium-v0", "dm_control/hopper-hop-v0"])
def test_a_task_of_another_family_has_another_scale(name: str) -> None:
    with pytest.raises(UnknownNameError, match=f"{name}' may be of another family than MuJoCo's"):
        normalised_score(name, 20.06)
