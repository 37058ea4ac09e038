"""The names a researcher meets first: there, typed, loaded late; worlds known to Gymnasium."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import driftline

TYPED = Path(driftline.__file__).with_suffix(".pyi")
LIGHT = ("load_minari", "save_minari", "detects", "Quantile", "FixedReturn")


def names_for_editors() -> set[str]:
    """What the stub exports."""
    tree = ast.parse(TYPED.read_text())
    nodes = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {f"{node.module}.{each.name}" for node in nodes for each in node.names}


@pytest.mark.parametrize("name", driftline.__all__)
def test_every_public_name_is_there_and_explains_itself(name: str) -> None:
    value = getattr(driftline, name)
    assert name == "__version__" or value.__doc__
    assert name in dir(driftline)


def test_editors_see_the_names_that_are_loaded() -> None:
    loaded = {f"{place}.{name}" for name, place in driftline._PLACE.items()}
    assert names_for_editors() == loaded | {"driftline.environments"}


def test_a_name_is_the_one_that_its_module_defines() -> None:
    for name, place in driftline._PLACE.items():
        value = getattr(import_module(place), name)
        assert getattr(driftline, name) is value
        assert value.__module__ == place


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        driftline.fitt  # type: ignore[attr-defined]  # noqa: B018


def output_of(program: str) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_name_loads_only_what_it_needs() -> None:
    uses = "; ".join(f"driftline.{name}" for name in LIGHT)
    assert output_of(f"import driftline, sys; {uses}; print('torch' in sys.modules)") == "False\n"


def test_importing_the_package_names_its_worlds_to_gymnasium() -> None:
    program = """
import driftline
import gymnasium
import sys
environment = gymnasium.make("driftline/TomatoWatering-v0")
print(environment.reset(seed=0)[0].shape, "torch" in sys.modules)
"""
    assert output_of(program) == "(7, 9) False\n"
