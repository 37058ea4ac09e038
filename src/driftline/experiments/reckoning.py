"""In what precision a study learns: its configuration with another one, and the choice of it.

Knows no environment. What is chosen is in the manifest like every other number.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, Literal, TypeVar

from driftline.models.transformer_config import Precision
from driftline.training.precision import tried
from driftline.training.update import UpdateSettings

Wanted = Literal["float32", "bfloat16", "auto"]
Value = TypeVar("Value")


def chosen(wanted: Wanted) -> Precision:
    """What is wanted, or what a second of trying finds to be faster here."""
    return tried(256, 2048).precision if wanted == "auto" else wanted


def reckoned_in(value: Value, precision: Precision) -> Value:
    """A configuration, all updates of whose models are computed in ``precision``."""
    found: Any = value
    if isinstance(found, UpdateSettings):
        found = replace(found, precision=precision)
    elif isinstance(found, tuple) and type(found) is tuple:
        found = tuple(reckoned_in(each, precision) for each in found)
    elif is_dataclass(found) and not isinstance(found, type):
        parts = {each.name: getattr(found, each.name) for each in fields(found) if each.init}
        others = {name: reckoned_in(part, precision) for name, part in parts.items()}
        changed = {name: part for name, part in others.items() if part is not parts[name]}
        found = replace(found, **changed) if changed else found
    return found  # type: ignore[no-any-return]
