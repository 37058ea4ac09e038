"""A cell is read back from its agent, and the presets try both sides of the predicted boundary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.experiments import presets
from driftline.experiments.config import AgentConfig
from driftline.experiments.drift.cells import Cell, agents_of, cell_of
from driftline.experiments.drift.presets import ONLINE
from driftline.experiments.drift_config import DriftConfig


@given(st.floats(0.01, 1.0), st.floats(0.01, 0.99), st.floats(0.0, 1.0))
def test_an_agents_cell_is_the_one_it_was_made_for(rho: float, q: float, alpha: float) -> None:
    (agent,) = agents_of([Cell(rho, q, alpha)], ONLINE)
    found = cell_of(agent)
    assert found is not None
    assert (found.rho, found.alpha) == (rho, alpha)
    assert found.q == pytest.approx(q, abs=1e-9)


def test_an_arm_is_no_cell() -> None:
    assert cell_of(AgentConfig("as-is", ONLINE)) is None


@pytest.mark.parametrize("budget", ["smoke", "default", "full"])
def test_both_sides_of_the_boundary_are_tried_at_every_q(budget: str) -> None:
    config = presets.study("drift", budget)
    assert isinstance(config, DriftConfig)
    agents = config.study.agents
    assert len({agent.name for agent in agents}) == len(agents)
    assert set(config.arms) <= {agent.name for agent in agents}
    cells = [cell for cell in map(cell_of, agents) if cell is not None]
    controls = [agent for agent in agents if agent.control]
    assert len(controls) == 1
    assert len(cells) + len(config.arms) + len(controls) == len(agents)
    for rho, q in {(cell.rho, cell.q) for cell in cells}:
        tried = [cell.alpha for cell in cells if (cell.rho, cell.q) == (rho, q)]
        assert min(tried) < 1 - q < max(tried)
