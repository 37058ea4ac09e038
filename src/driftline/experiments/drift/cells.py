"""`Cell`: one place of the phase diagram, as an agent of a study.

Knows settings only. A cell is read back from its agent's settings, so that the name
is only a name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from driftline.conditioning.quantile import Quantile
from driftline.experiments.config import AgentConfig
from driftline.training.online_settings import OnlineSettings

PREFIX = "cell"


@dataclass(frozen=True, order=True)
class Cell:
    """``rho``: share of own slots refreshed a round; ``q``: share of the best returns that
    is asked for; ``alpha``: share of demonstrations."""

    rho: float
    q: float
    alpha: float

    @property
    def name(self) -> str:
        """The name of its agent.

        >>> Cell(0.25, 0.1, 0.5).name
        'cell-rho0.25-q0.1-alpha0.5'
        """
        return f"{PREFIX}-rho{self.rho:g}-q{self.q:g}-alpha{self.alpha:g}"

    def settings(self, like: OnlineSettings) -> OnlineSettings:
        """The settings of ``like`` at this place; raises `TypeError` of another target."""
        if not isinstance(like.target, Quantile):
            raise TypeError(f"a cell asks for a quantile; the settings have {like.target}")
        mixture = replace(like.mixture, demonstration_share=self.alpha, refresh_rate=self.rho)
        target = replace(like.target, level=1.0 - self.q)
        return replace(like, target=target, mixture=mixture)


def agents_of(cells: Iterable[Cell], like: OnlineSettings) -> tuple[AgentConfig, ...]:
    """An agent for each cell."""
    return tuple(AgentConfig(each.name, each.settings(like)) for each in cells)


def cell_of(agent: AgentConfig) -> Cell | None:
    """The place of an agent that was made by `agents_of`; None of all others."""
    settings = agent.learner
    if not agent.name.startswith(f"{PREFIX}-") or not isinstance(settings, OnlineSettings):
        return None
    assert isinstance(settings.target, Quantile)
    mixture = settings.mixture
    share = round(1.0 - settings.target.level, 12)
    return Cell(mixture.refresh_rate, share, mixture.demonstration_share)
