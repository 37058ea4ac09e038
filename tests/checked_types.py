"""The decorator that the import hook puts on every function of the package.

Knows no test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beartype import beartype
from beartype.roar import BeartypeDecorHintPep3119Exception


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` with its annotations checked at every call.

    One that takes a protocol no instance can be tested against is left as it is: mypy
    alone can say whether an argument fits.
    """
    try:
        return beartype(function)
    except BeartypeDecorHintPep3119Exception:
        return function
