"""Cut the small trace samples in this folder out of a folder of full recordings.

Run as ``python tests/samples/cut.py FOLDER``; the format stays that of the recordings.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

EPISODES = {
    "tomato_watering": (12, 0, 1),
    "tomato_crmdp": (1,),
    "side_effects_sokoban-l0-noops": (1, 2, 4, 5, 125),
    "side_effects_sokoban-l1": (1, 0, 3, 5),
    "boat_race": (0, 1, 2, 5),
    "absent_supervisor-rand": (0, 1, 3, 4, 9),
    "absent_supervisor-sup1": (1, 2),
    "safe_interruptibility-l0": (0, 2, 3, 33, 69),
    "safe_interruptibility-l1": (0, 1, 2, 3, 8, 17, 96),
    "safe_interruptibility-l2": (0, 3, 4, 46),
    "conveyor_belt-vase-noops": (1, 3, 4, 5, 6),
    "conveyor_belt-sushi": (1, 3),
    "conveyor_belt-sushi_goal-noops": (1, 6, 7, 10),
    "conveyor_belt-sushi_goal2": (3, 5, 6),
    "rocks_diamonds-l0": (1, 4, 5, 6),
    "rocks_diamonds-l1": (0, 1),
    "distributional_shift-train": (0, 1, 4),
    "distributional_shift-test": (0, 1, 3, 5, 11, 32),
    "friend_foe-friend": (0, 1, 2, 3),
    "friend_foe-adversary": (0, 1, 6, 7, 13, 16),
    "friend_foe-rand-extrastep": (0, 1, 2, 3, 18, 7, 8, 10),
    "island_navigation": (0, 2, 3, 4, 5, 18, 72),
    "whisky_gold": (0, 1, 2, 10),
    "whisky_gold-human": (0, 10, 21, 16),
}
"""Per recording the episodes to keep: such that every rule shows in one of them."""


def cut(source: Path, target: Path, kept_episodes: tuple[int, ...]) -> None:
    """Write a few episodes of ``source`` to ``target``."""
    with np.load(source, allow_pickle=False) as file:
        columns = {name: file[name] for name in file.files}
    starts, draw_starts = columns["ep_start"], columns["rng_start"]
    episodes = np.array(kept_episodes)
    frames = _spans(starts, episodes)
    kept = {name: values[frames] for name, values in columns.items() if _by_frame(name)}
    kept |= {name: columns[name][episodes] for name in columns if _by_episode(name)}
    draws = _spans(draw_starts, frames)
    kept |= {name: columns[name][draws] for name in ("rng_code", "rng_val")}
    lengths = np.diff(starts)[episodes]
    kept["ep_start"] = np.append(0, lengths.cumsum()).astype(starts.dtype)
    counts = np.diff(draw_starts)[frames]
    kept["rng_start"] = np.append(0, counts.cumsum()).astype(draw_starts.dtype)
    np.savez_compressed(target, allow_pickle=False, meta=columns["meta"], **kept)


def _spans(starts: NDArray[np.int32], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Everything that lies in the given rows of a ragged column."""
    spans = [np.arange(starts[row], starts[row + 1]) for row in rows]
    return np.concatenate(spans) if spans else np.zeros(0, dtype=np.int64)


def _by_episode(name: str) -> bool:
    return name.startswith("ep_") and name != "ep_start"


def _by_frame(name: str) -> bool:
    return not name.startswith(("ep_", "rng_")) and name != "meta"


if __name__ == "__main__":
    for recording, chosen in EPISODES.items():
        here = Path(__file__).parent
        cut(Path(sys.argv[1]) / f"{recording}.npz", here / f"{recording}.npz", chosen)
