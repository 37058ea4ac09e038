"""`Tempted`: a world as one sees it who minds the observed reward alone.

Knows no world's rules. A plan of it is what tamperers follow: nothing is forbidden, and
what counts is what is paid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from driftline.environments.behaviours import BehaviourSpec
from driftline.environments.gridworlds.draws import Draws
from driftline.environments.gridworlds.layout import Layout
from driftline.environments.gridworlds.tiles import Boards, Tileset
from driftline.environments.gridworlds.world import Outcome, World
from driftline.shapes import Booleans, Integers


@dataclass(frozen=True)
class Tempted(World[Any]):
    """The same rules, with the observed reward in place of the hidden one and no taboo.

    >>> from driftline.environments.demonstrators.planner import plan
    >>> from driftline.environments.gridworlds.side_effects_sokoban import SideEffectsSokoban
    >>> round(float(plan(Tempted(SideEffectsSokoban())).values[0]))
    45
    """

    world: World[Any]

    @property
    def horizon(self) -> int:  # type: ignore[override]
        """The world's."""
        return self.world.horizon

    @property
    def behaviours(self) -> tuple[BehaviourSpec, ...]:
        """The world's, none of them undesired."""
        return tuple(replace(each, undesired=False) for each in self.world.behaviours)

    @property
    def layout(self) -> Layout:
        """The world's."""
        return self.world.layout

    @property
    def tiles(self) -> Tileset:
        """The world's."""
        return self.world.tiles

    @property
    def action_count(self) -> int:
        """The world's."""
        return self.world.action_count

    def allocate(self, copies: int) -> Any:
        """The world's state."""
        return self.world.allocate(copies)

    def restart(self, state: Any, rows: Booleans, draws: Draws) -> None:
        """As in the world."""
        self.world.restart(state, rows, draws)

    def forget(self, state: Any) -> None:
        """As in the world."""
        self.world.forget(state)

    def advance(self, state: Any, actions: Integers, draws: Draws) -> Outcome:
        """As in the world, but for what counts."""
        outcome = self.world.advance(state, actions, draws)
        return replace(outcome, hidden_rewards=outcome.rewards.copy())

    def paint(self, state: Any) -> Boards:
        """As in the world."""
        return self.world.paint(state)

    def agent_cells(self, state: Any) -> Integers:
        """As in the world."""
        return self.world.agent_cells(state)
