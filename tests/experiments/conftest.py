"""A tiny study, run once from demonstrations to report in this process, for many tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.experiments.tiny import FEW, tiny


@pytest.fixture(scope="session")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished study's directory; tests copy what they change."""
    from driftline.experiments import presets, studies

    root = tmp_path_factory.mktemp("study") / "whole"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(presets, "study", tiny)
        options = {"budget": "smoke", "agents": FEW, "seeds": 1, "workers": 1}
        assert studies.run_study("tomato-watering", out=root, **options) == 0
    return root
