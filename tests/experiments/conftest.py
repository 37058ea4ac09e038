"""A tiny study, run once in this process for many tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.experiments.tiny import FEW, tiny


def no_report(root: Path, *rest: Any) -> Path:
    """Stands in for the slowest part, which has tests of its own."""
    return root / "report.html"


@pytest.fixture
def unreported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Studies of this test write no report."""
    from driftline.experiments import finishing

    monkeypatch.setattr(finishing, "write_report", no_report)


@pytest.fixture(scope="session")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study's directory, without report; tests copy what they change."""
    from driftline.experiments import finishing, presets, studies

    root = tmp_path_factory.mktemp("study") / "whole"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(presets, "study", tiny)
        patch.setattr(finishing, "write_report", no_report)
        options = {"budget": "smoke", "agents": FEW, "seeds": 1, "workers": 1}
        assert studies.run_study("tomato-watering", out=root, **options) == 0
    return root
