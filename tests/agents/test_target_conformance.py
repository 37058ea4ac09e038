"""Every target with every family of models: pursued lawfully, or refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftline.agents.conformance import TargetConformance
from driftline.models.tabular import TabularModel
from tests.agents.exactly import small_tree
from tests.models import examples


class TestTables(TargetConformance):
    @pytest.fixture
    def model(self) -> TabularModel:
        return small_tree(3)[2]

    @pytest.fixture
    def observations(self) -> Any:
        tree = small_tree(3)[0]
        return [np.resize(tree.states[fan.decisions], 6) for fan in tree.fans]


class TestTransformer(TargetConformance):
    @pytest.fixture
    def model(self) -> Any:
        return examples.model().eval()

    @pytest.fixture
    def observations(self) -> Any:
        return examples.source(lengths=(5,) * 6).whole(np.arange(6)).observations.swapaxes(0, 1)


class TestContinuousTransformer(TargetConformance):
    @pytest.fixture
    def model(self) -> Any:
        return examples.model(box=True).eval()

    @pytest.fixture
    def observations(self) -> Any:
        whole = examples.source(lengths=(5,) * 6, box=True).whole(np.arange(6))
        return whole.observations.swapaxes(0, 1)
