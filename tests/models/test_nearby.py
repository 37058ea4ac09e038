"""A transformer acts where it is, unless steps are small and it is not on the processor."""

from __future__ import annotations

import pytest
import torch

from driftline.models.nearby import SMALL, nearby
from driftline.models.trajectory_transformer import TrajectoryTransformer
from tests.models import examples, flow_examples

GPU = property(lambda model: torch.device("cuda"))


def test_a_model_on_the_processor_acts_there() -> None:
    model = examples.model()
    assert nearby(model, 1) is model
    assert nearby(model, 10**9) is model


@pytest.mark.parametrize(
    ("settings", "tokens"),
    [({}, 1), ({"tokens": "three"}, 3), ({"tokens": "three", "acting_context": 4}, 12)],
)
def test_small_steps_are_computed_on_the_processor(
    settings: dict[str, object], tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = examples.model(**settings)
    weights = sum(each.numel() for each in model.parameters())
    most = int(SMALL / weights / tokens)
    with monkeypatch.context() as patch:
        patch.setattr(TrajectoryTransformer, "device", GPU)
        with torch.inference_mode():
            copied = nearby(model, most)
        assert nearby(model, most + 1) is model
    assert copied is not model
    for one, other in zip(copied.parameters(), model.parameters(), strict=True):
        assert torch.equal(one, other)
        assert one.data_ptr() != other.data_ptr()
        assert not one.is_inference()  # so that it can be seen whether it changes
    copied.begin(2)


def test_other_models_are_left_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    flow = flow_examples.model()
    monkeypatch.setattr(type(flow), "device", GPU, raising=False)
    assert nearby(flow, 1) is flow
    assert nearby("anything", 1) == "anything"
