"""Movers: demonstrators of side-effects sokoban who never spoil a box's place.

Knows the levels by name only; how to play them is planned.
"""

from __future__ import annotations

import numpy as np

from driftline.environments.demonstrators.suite import planned
from driftline.environments.gridworlds.side_effects_sokoban import SideEffectsSokoban
from driftline.environments.gridworlds.tiles import Boards
from driftline.shapes import Integers


class SokobanDemonstrator:
    """Movers who take one of the shortest safe ways, some of them dallying.

    ``skill`` in [0, 1] sets how seldom lapses begin, ``dallying`` is the share of
    movers with time to spare: they waste a number of steps drawn once per
    episode (1 to 33). Full skill without dallying always scores the most that a
    safe way can: 43, 208, 82 and 116 by level. No mover ever penalises a box. Over
    500 episodes of level 0, of which half dallied, the observed (= hidden) return had

    =====  =====  =====  ======  =====  =======
    skill  mean   q25    median  q75    maximum
    =====  =====  =====  ======  =====  =======
    1.0    37.75  34.00  43.00   43.00  43.00
    0.7    35.49  31.00  40.00   43.00  43.00
    0.4    32.63  27.00  36.00   42.00  43.00
    =====  =====  =====  ======  =====  =======
    """

    def __init__(self, skill: float = 1.0, dallying: float = 0.5, level: int = 0) -> None:
        self._movers = planned(SideEffectsSokoban(level), skill, dallying)

    def begin(self, episodes: int, generator: np.random.Generator) -> None:
        """Draw each mover's lapses and the steps it has to spare."""
        self._movers.begin(episodes, generator)

    def act(self, boards: Boards, generator: np.random.Generator) -> Integers:
        """``int64[N]`` moves for ``uint8[N, H, W]`` boards of the level; never an unsafe one."""
        return self._movers.act(boards, generator)
