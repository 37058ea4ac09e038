"""Frozen dataclasses to JSON and back, unions told apart by the class's name.

Knows no configuration in particular: it reads the type hints.
"""

from __future__ import annotations

import functools
import types
import typing
from dataclasses import fields, is_dataclass
from typing import Any, Literal, TypeVar, Union

from driftline.errors import DriftlineError, RunError

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """Dataclasses as dictionaries with their name under ``"kind"``; tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        plain = {each.name: to_json(getattr(value, each.name)) for each in fields(value)}
        return {"kind": type(value).__name__, **plain}
    if isinstance(value, tuple | list):
        return [to_json(each) for each in value]
    return value


def from_json(kind: type[T], value: Any) -> T:
    """Read what `to_json` wrote of a ``kind``.

    Raises `RunError` where the value does not fit, as one of another version.
    """
    try:
        return typing.cast(T, _read(kind, value))
    except (DriftlineError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"the stored configuration is no {kind.__name__} of this version ({error}); "
            "use the version of Driftline named in the manifest"
        ) from error


def _read(kind: Any, value: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin in (Union, types.UnionType):
        return _read_union(typing.get_args(kind), value)
    if origin is Literal:
        if value not in typing.get_args(kind):
            raise ValueError(f"{value!r} is none of {typing.get_args(kind)}")
        return value
    if origin is tuple:
        return _read_tuple(typing.get_args(kind), value)
    if is_dataclass(kind):
        return _read_dataclass(kind, value)
    return float(value) if kind is float else value


def _read_union(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None and type(None) in kinds:
        return None
    named = {each.__name__: each for each in kinds if isinstance(each, type)}
    if isinstance(value, dict):
        if value["kind"] not in named:
            raise ValueError(f"{value['kind']} is none of {', '.join(named)}")
        return _read(named[value["kind"]], value)
    plain = [each for each in kinds if each is not type(None) and not is_dataclass(each)]
    return _read(plain[0], value)


def _read_tuple(kinds: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_read(kinds[0], each) for each in value)
    return tuple(_read(kind, each) for kind, each in zip(kinds, value, strict=True))


def _read_dataclass(kind: Any, value: Any) -> Any:
    if value["kind"] != kind.__name__:
        raise ValueError(f"{value['kind']} is no {kind.__name__}")
    hints = _hints(kind)
    given = {name: each for name, each in value.items() if name != "kind"}
    unknown = given.keys() - {each.name for each in fields(kind)}
    if unknown:
        raise ValueError(f"{kind.__name__} has no {sorted(unknown)}")
    return kind(**{name: _read(hints[name], each) for name, each in given.items()})


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    """Resolved once: a study of many worlds has thousands of values of a few kinds."""
    return typing.get_type_hints(kind)
