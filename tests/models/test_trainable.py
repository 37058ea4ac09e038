"""Where a model's weights are, and how a device that is not there is refused."""

from __future__ import annotations

import pytest
import torch

from driftline.errors import SettingsError
from driftline.models.trainable import device_of, placed
from tests.models import examples


def test_a_model_is_put_where_it_is_asked_to() -> None:
    model = examples.model()
    assert placed(model, "cpu") is model
    assert device_of(model) == torch.device("cpu")


def test_a_device_that_nobody_has_is_refused() -> None:
    for name in ("moon", "meta"):
        with pytest.raises(SettingsError, match=rf"no device '{name}'.*leave device out"):
            placed(examples.model(), name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"no device 'cuda'.*torch"):
        placed(examples.model(), "cuda")
