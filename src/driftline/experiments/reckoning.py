"""In what precision and on what device a study learns: its configuration with others.

Knows no environment. What is chosen is in the manifest like every other number.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, Literal, TypeVar

from driftline.experiments.config import StudyConfig
from driftline.models.transformer_config import Precision
from driftline.training.precision import tried
from driftline.training.update import UpdateSettings

Wanted = Literal["float32", "bfloat16", "auto"]
Value = TypeVar("Value")


def chosen(wanted: Wanted, device: str = "cpu") -> Precision:
    """What is wanted, or what a second of trying finds to be faster on ``device``."""
    # What fills a processor is nothing to a GPU, which would only wait for the next product.
    width, rows = (256, 2048) if device == "cpu" else (1024, 16_384)
    return tried(width, rows, device=device).precision if wanted == "auto" else wanted


def reckoned_in(value: Value, precision: Precision) -> Value:
    """A configuration, all updates of whose models are computed in ``precision``."""
    return _everywhere(value, UpdateSettings, precision=precision)


def reckoned_on(value: Value, device: str) -> Value:
    """A configuration, the models of all of whose studies are on ``device``."""
    return _everywhere(value, StudyConfig, device=device)


def _everywhere(value: Value, kind: type[Any], **changes: Any) -> Value:
    """With ``changes`` in every part of that ``kind``, however deep it lies."""
    found: Any = value
    if isinstance(found, kind):
        found = replace(found, **changes)
    elif isinstance(found, tuple) and type(found) is tuple:
        found = tuple(_everywhere(each, kind, **changes) for each in found)
    elif is_dataclass(found) and not isinstance(found, type):
        parts = {each.name: getattr(found, each.name) for each in fields(found) if each.init}
        others = {name: _everywhere(part, kind, **changes) for name, part in parts.items()}
        changed = {name: part for name, part in others.items() if part is not parts[name]}
        found = replace(found, **changed) if changed else found
    return found  # type: ignore[no-any-return]
