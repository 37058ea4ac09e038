"""In what precision and on what device a study learns, or a model: its configuration with others.

Knows no environment. What is chosen for a study is in the manifest like every other number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Literal, TypeVar, get_args

from driftline.errors import UnknownNameError
from driftline.experiments.build import ModelConfig
from driftline.experiments.config import StudyConfig
from driftline.experiments.one_thread import one_thread
from driftline.models.transformer_config import Precision, TransformerConfig
from driftline.training.precision import WORTH_IT, tried
from driftline.training.update import UpdateSettings

Wanted = Literal["float32", "bfloat16", "auto"]
Value = TypeVar("Value")
MOST = 2**29
"""Rows times the width's square that a processor tries: more take long and tell no more."""


@dataclass(frozen=True)
class Chosen:
    """A precision and, where it was not asked for by name, why it was chosen, in one line."""

    precision: Precision
    why: str | None = None


def chosen(wanted: Wanted, sizes: tuple[int, int], device: str = "cpu") -> Chosen:
    """What is wanted, or what a second of trying finds to be faster for models of these ``sizes``.

    Tried is a layer as wide as they are on as many rows as their updates have (of large
    ones fewer on a processor), on ``device`` and one thread, as they learn; see `heaviest`.
    Raises `UnknownNameError` of anything else that is wanted.
    """
    if wanted not in get_args(Wanted):
        raise UnknownNameError.among("precision", wanted, get_args(Wanted))
    if wanted != "auto":
        return Chosen(wanted)
    width, rows = sizes
    rows = min(rows, MOST // width**2) if device == "cpu" else rows
    with one_thread():
        trial = tried(width, rows, device=device)
    whole, half = 1e3 * trial.float32, 1e3 * trial.bfloat16
    return Chosen(
        trial.precision,
        f"models learn in {trial.precision}: {rows:,} rows through a layer of {width} took "
        f"{whole:,.1f} ms in float32 and {half:,.1f} ms in bfloat16, which is taken where it is "
        f"{WORTH_IT:g} times as fast or faster",
    )


def heaviest(config: object) -> tuple[int, int]:
    """The width of a study's models and how many tokens an update has; of several the heaviest.

    >>> from driftline.experiments.control.presets import arena_study
    >>> heaviest(arena_study("hopper", None, "default"))
    (128, 1280)
    """
    found = [sizes(each.model, each) for each in _parts(config, StudyConfig)]
    return max(found, key=lambda each: each[0] ** 2 * each[1])


def sizes(model: ModelConfig, learnt: object) -> tuple[int, int]:
    """The width of a model and how many tokens an update of it has; of several the most."""
    three = isinstance(model, TransformerConfig) and model.tokens == "three"
    rows = max(each.batch * each.window for each in _parts(learnt, UpdateSettings))
    return model.width, 3 * rows if three else rows


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


def _parts(value: object, kind: type[Value]) -> Iterator[Value]:
    """Every part of that ``kind``, however deep it lies."""
    found: Any = value
    if isinstance(found, kind):
        yield found
    elif isinstance(found, tuple):
        for each in found:
            yield from _parts(each, kind)
    elif is_dataclass(found):
        for part in fields(found):
            yield from _parts(getattr(found, part.name), kind)
