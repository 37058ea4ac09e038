"""What holds in every test: checked types, one thread, no window system, fixed examples.

Knows no test. The import hook makes beartype check the annotations of every
function of the package when it is called, `driftline.shapes` included.
"""

from __future__ import annotations

import doctest
import inspect
import os
from pathlib import Path
from typing import Any

import hypothesis
from jaxtyping import install_import_hook

import tests.checked_types  # noqa: F401 - the hook names it and expects it to be there

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ["MPLBACKEND"] = "Agg"

SOURCE = Path(__file__).parents[1] / "src"


def checkable_modules() -> list[str]:
    """The modules whose annotations exist when they run.

    A module that imports a name for type checkers alone cannot be checked: its
    annotations mean nothing at run time. Packages are left out because the hook
    takes a name to stand for everything below it.
    """
    paths = (path for path in sorted(SOURCE.rglob("*.py")) if path.name != "__init__.py")
    return [
        ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        for path in paths
        if "TYPE_CHECKING" not in path.read_text()
    ]


install_import_hook(checkable_modules(), "tests.checked_types.checked")

_from_module = doctest.DocTestFinder._from_module  # type: ignore[attr-defined]


def _from_module_unwrapped(self: doctest.DocTestFinder, module: Any, found: Any) -> bool:
    """A checked function wraps the one that was written, whose examples must still run."""
    return bool(_from_module(self, module, inspect.unwrap(found)))


doctest.DocTestFinder._from_module = _from_module_unwrapped  # type: ignore[attr-defined]

hypothesis.settings.register_profile(
    "quick", max_examples=25, deadline=None, derandomize=True, database=None
)
hypothesis.settings.register_profile("thorough", max_examples=500, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
