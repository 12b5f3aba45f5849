"""Frozen dataclass records to JSON and back, by their type hints; floats keep every bit, unknown keys are named."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import types
import typing
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Dataclasses, tuples, enums and scalars as JSON-ready dicts, lists and scalars.

    Raises:
        ValueError: a float is not finite.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"a record holds {value}: expected a finite number")
    if type(value) in (str, float, int, bool, type(None)):  # first, because a transcript is thousands of these
        return value
    if isinstance(value, dict):
        return {str(k): to_plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(v) for v in value]
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: to_plain(getattr(value, name)) for name in _hints(type(value))}
    return value


def from_plain(kind: type[T], value: Any, where: str = "") -> T:
    """The inverse of `to_plain` for `kind`.

    Raises:
        ValueError: a key is unknown or missing, or a value has the wrong type; the message names the place.
    """
    return typing.cast(T, _build(kind, value, where or getattr(kind, "__name__", str(kind))))


def _build(kind: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        options = [k for k in typing.get_args(kind) if k is not type(None)]
        return None if value is None else _build(options[0], value, where)
    if origin in (tuple, list):
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"{where}: got {type(value).__name__}, expected a list")
        args = typing.get_args(kind)
        if origin is tuple and not (len(args) == 2 and args[1] is Ellipsis):
            if len(args) != len(value):
                raise ValueError(f"{where}: got {len(value)} values, expected {len(args)}")
            return tuple(_build(k, v, f"{where}[{i}]") for i, (k, v) in enumerate(zip(args, value, strict=True)))
        return origin(_build(args[0], v, f"{where}[{i}]") for i, v in enumerate(value))
    if origin is dict:
        return {k: _build(typing.get_args(kind)[1], v, f"{where}.{k}") for k, v in value.items()}
    if dataclasses.is_dataclass(kind):
        return _build_dataclass(kind, value, where)
    if origin is typing.Literal:
        if value in typing.get_args(kind):
            return value
        raise ValueError(f"{where}: got {value!r}, expected {' or '.join(map(repr, typing.get_args(kind)))}")
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    if kind is Any or type(value) is kind:
        return value
    raise ValueError(f"{where}: got {value!r}, expected {getattr(kind, '__name__', kind)}")


@cache
def _hints(kind: type) -> dict[str, Any]:
    """Field name -> type of a dataclass; kept, since resolving the hints takes longer than building a record."""
    hints = typing.get_type_hints(kind)
    return {f.name: hints[f.name] for f in dataclasses.fields(kind)}


def _build_dataclass(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{where}: got {type(value).__name__}, expected a table of settings")
    hints = _hints(kind)
    unknown = sorted(set(value) - set(hints))
    if unknown:
        raise ValueError(f"{where}: unknown key {unknown[0]!r}; the keys are {', '.join(hints)}")
    try:
        return kind(**{k: _build(hints[k], v, f"{where}.{k}") for k, v in value.items()})
    except TypeError as error:
        raise ValueError(f"{where}: {error}") from error


def dumps(value: Any) -> str:
    """Canonical JSON: sorted keys, no spaces, so that equal records give equal bytes."""
    return json.dumps(to_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def loads(kind: type[T], text: str) -> T:
    """A record of `kind` from the text of `dumps`."""
    return from_plain(kind, json.loads(text))
