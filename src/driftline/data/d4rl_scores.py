"""D4RL's scale of returns: 0 for actions by chance, 100 for an expert.

Knows no file and no environment. The constants are those of D4RL's ``infos.py`` (Fu et al.
2020, arXiv:2004.07219), measured in its own versions of the tasks; in Gymnasium's later ones
the same scale serves for comparison.
"""

from __future__ import annotations

import re

import numpy as np

from driftline.errors import UnknownNameError
from driftline.shapes import Floats

REFERENCES: dict[str, tuple[float, float]] = {
    "halfcheetah": (-280.178953, 12135.0),
    "hopper": (-20.272305, 3234.3),
    "walker2d": (1.629008, 4592.3),
    "ant": (-325.6, 3879.7),
}
"""The returns that count as 0 and as 100, by task, whatever its level and version.

The mazes are not here: their scales differ with version and reward.
"""


def normalised_score(task: str, returns: Floats | float) -> Floats:
    """100 * (return - random) / (expert - random), like ``returns``.

    ``task`` is a name of D4RL, Minari or Gymnasium. Raises `UnknownNameError`, also for a
    name of another family (``bullet-hopper-medium-v0``), whose returns are of another size.

    >>> normalised_score("hopper-medium-v2", 3234.3), normalised_score("Hopper-v5", -20.272305)
    (array(100.), array(0.))
    >>> normalised_score("mujoco/hopper/medium-v0", np.array([-20.272305, 3234.3]))
    array([  0., 100.])
    """
    first, *others = re.split("[/_-]", re.sub("^(mujoco|gym|d4rl)/", "", task.lower()))
    if first in REFERENCES:
        low, high = REFERENCES[first]
        return np.asarray(100.0 * (np.asarray(returns, np.float64) - low) / (high - low))
    for part in others:
        if part in REFERENCES:
            raise UnknownNameError(
                f"{task!r} may be of another family than MuJoCo's {part}, whose scale is known; "
                f"give {part!r} if its returns are of that"
            )
    raise UnknownNameError.among("scored task", task, tuple(REFERENCES))
