"""The transformer keeps the laws that are shipped for every model."""

from __future__ import annotations

import numpy as np
import pytest

from driftline.data.windows import Windows
from driftline.models.conformance import GenerativeModelConformance
from driftline.models.trajectory_transformer import TrajectoryTransformer
from tests.models import examples


class TestBoards(GenerativeModelConformance):
    @pytest.fixture(params=["fused", "three"])
    def model(self, request: pytest.FixtureRequest) -> TrajectoryTransformer:
        return examples.model(tokens=request.param)

    @pytest.fixture
    def windows(self) -> Windows:
        return examples.source().whole(np.arange(3))


class TestConvolvedBoards(TestBoards):
    @pytest.fixture
    def model(self) -> TrajectoryTransformer:
        return examples.model(board_encoder="convolution")


class TestVectors(GenerativeModelConformance):
    @pytest.fixture(params=["relative", "elapsed"])
    def model(self, request: pytest.FixtureRequest) -> TrajectoryTransformer:
        return examples.model(vectors=True, time=request.param)

    @pytest.fixture
    def windows(self) -> Windows:
        return examples.source(vectors=True).whole(np.arange(3))


class TestContinuousActions(GenerativeModelConformance):
    @pytest.fixture(params=["fused", "three"])
    def model(self, request: pytest.FixtureRequest) -> TrajectoryTransformer:
        return examples.model(vectors=True, box=True, tokens=request.param, time="elapsed")

    @pytest.fixture
    def windows(self) -> Windows:
        return examples.source(vectors=True, box=True).whole(np.arange(3))


class TestContinuousActionsOnBoards(GenerativeModelConformance):
    @pytest.fixture
    def model(self) -> TrajectoryTransformer:
        return examples.model(box=True, layers=3)

    @pytest.fixture
    def windows(self) -> Windows:
        return examples.source(box=True).whole(np.arange(3))


class TestSquashedActions(TestContinuousActions):
    @pytest.fixture
    def model(self) -> TrajectoryTransformer:
        return examples.model(vectors=True, box=True, gaussian="squashed")


class TestPlainEmbeddings(TestContinuousActions):
    @pytest.fixture(params=["fused", "three"])
    def model(self, request: pytest.FixtureRequest) -> TrajectoryTransformer:
        return examples.model(vectors=True, box=True, tokens=request.param, embeddings="plain")


class TestActingAnew(TestContinuousActions):
    """As long as no step has left what it reads, a cache would not say anything else."""

    @pytest.fixture(params=["fused", "three"])
    def model(self, request: pytest.FixtureRequest) -> TrajectoryTransformer:
        return examples.model(
            vectors=True, box=True, tokens=request.param, time="none", gaussian="squashed",
            embeddings="plain", acting_context=30,
        )  # fmt: skip
