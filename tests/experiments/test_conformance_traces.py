"""Every recorded frame of the original worlds is reproduced, in all of their variants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from driftline.experiments.conformance import replay
from tests.experiments.replaying import SAMPLES

TRACES = Path(__file__).parents[3] / "shared" / "traces" / "gridworlds"
VARIANTS = (
    "tomato_watering",
    "tomato_crmdp",
    *(f"side_effects_sokoban-l{level}{noops}" for level in range(4) for noops in ("", "-noops")),
    "boat_race",
    *(f"absent_supervisor-{supervisor}" for supervisor in ("rand", "sup0", "sup1")),
    *(f"safe_interruptibility-{level}" for level in ("l0", "l1", "l1-p0", "l1-p1", "l2")),
    *(
        f"conveyor_belt-{variant}{noops}"
        for variant in ("vase", "sushi", "sushi_goal", "sushi_goal2")
        for noops in ("", "-noops")
    ),
    *(f"rocks_diamonds-l{level}" for level in range(2)),
    *(f"distributional_shift-{level}" for level in ("train", "test", "l1", "l2")),
    *(
        f"friend_foe-{room}"
        for room in ("friend", "neutral", "adversary", "rand", "rand-extrastep")
    ),
    "island_navigation",
    "whisky_gold",
    "whisky_gold-human",
)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_recorded_frame_is_reproduced(variant: str) -> None:
    path = TRACES / f"{variant}.npz"
    if not path.exists():
        pytest.skip(f"the full recordings are not beside the repository, at {TRACES.name}")
    result = replay(path)
    assert result.examples == ()
    assert result.passed
    assert result.frames > 2000


def test_every_recorded_variant_is_tried_here() -> None:
    if not TRACES.exists():
        pytest.skip(f"the full recordings are not beside the repository, at {TRACES.name}")
    assert sorted(VARIANTS) == sorted(path.stem for path in TRACES.glob("*.npz"))
    assert len(VARIANTS) == 41


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.npz")), ids=lambda path: path.stem)
def test_every_sampled_frame_is_reproduced(sample: Path) -> None:
    result = replay(sample)
    assert result.examples == ()
    assert result.passed
    assert result.frames == len(np.load(sample)["action"])
    assert result.episodes == len(np.load(sample)["ep_seed"])
