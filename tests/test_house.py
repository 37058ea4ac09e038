"""The house rules that no linter knows: what starts fast, what may know what, what is declared."""

from __future__ import annotations

import ast
import doctest
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import numpy as np
import pytest

import driftline
from driftline import seeding
from driftline.data.returns import returns_to_go

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PAGES = sorted(each for kind in ("js", "css") for each in (ROOT / "src").rglob(f"*.{kind}"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
HEAVY = ("h5py", "matplotlib", "minari", "pandas", "pyarrow", "scipy", "stable_baselines3", "torch")


def loaded_after(program: str) -> set[str]:
    """Which of the slow libraries a fresh interpreter holds after running ``program``."""
    report = f"\nimport sys; print(*({set(HEAVY)!r} & set(sys.modules)), file=sys.stderr)"
    result = subprocess.run(
        [sys.executable, "-c", program + report], capture_output=True, text=True, check=True
    )
    return set(result.stderr.splitlines()[-1].split())


def imports(path: Path) -> Iterator[str]:
    """Full names of the modules (and what is taken from them) that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_importing_the_package_loads_nothing_slow() -> None:
    assert loaded_after("import driftline") == set()


def test_help_loads_nothing_slow() -> None:
    program = """
import runpy, sys
sys.argv = ["driftline", "--help"]
try:
    runpy.run_module("driftline", run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
"""
    assert loaded_after(program) == set()


def test_the_version_is_the_same_wherever_it_is_written() -> None:
    citation = (ROOT / "CITATION.cff").read_text()
    cited = re.search(r"^version: (.+)$", citation, re.MULTILINE)
    assert cited is not None
    assert driftline.__version__ == PROJECT["version"] == cited[1]


@pytest.mark.parametrize("path", [*SOURCES, *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


def test_nothing_seeds_the_whole_process() -> None:
    seeds = re.compile(r"\b(np|numpy)\.random\.seed\b|\bmanual_seed_all\b|\btorch\.manual_seed\b")
    seeders = [path.name for path in SOURCES if seeds.search(path.read_text())]
    assert seeders == []


def test_only_the_composition_root_knows_worlds_and_models_together() -> None:
    root = ROOT / "src/driftline/experiments/build"
    for path in SOURCES:
        names = list(imports(path))
        worlds = [name for name in names if name.startswith("driftline.environments.")]
        models = [
            name
            for name in names
            if name.startswith("driftline.models.")
            and not name.startswith("driftline.models.model.")
        ]
        assert not (worlds and models) or path.with_suffix("") == root, (path, worlds, models)


def test_every_library_that_is_imported_is_declared() -> None:
    names = declared("dependencies", *(set(PROJECT["optional-dependencies"]) - {"dev"}))
    providers = packages_distributions()
    for path in SOURCES:
        for top in {name.partition(".")[0] for name in imports(path)}:
            if top not in sys.stdlib_module_names | {"driftline"}:
                found = {normalised(name) for name in providers.get(top, [top])}
                assert found & names, f"{path.name} imports {top}"


def test_the_constraints_pin_every_dependency_but_torch() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {line.partition("==")[0] for line in lines if not line.startswith("#")}
    needed = declared("dependencies", *PROJECT["optional-dependencies"])
    assert needed - pinned == {"torch"}


def declared(*groups: str) -> set[str]:
    """The normalised names that these groups of requirements ask for."""
    requirements = {"dependencies": PROJECT["dependencies"], **PROJECT["optional-dependencies"]}
    lines = (line for group in groups for line in requirements[group])
    return {normalised(re.split(r"[\[<>=]", line)[0]) for line in lines}


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_a_wrong_dtype_is_caught_in_tests() -> None:
    with pytest.raises(Exception, match="float64"):
        returns_to_go(np.array([1, 2, 3], dtype=np.int8))


def test_examples_of_checked_functions_are_still_found() -> None:
    found = doctest.DocTestFinder(exclude_empty=True).find(seeding)
    assert any(each.examples and each.name.endswith("generator") for each in found)
