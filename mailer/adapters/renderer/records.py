"""JSON → frozen records, with errors that name file and key."""

import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from mailer.adapters.renderer.locating import spelled
from mailer.core.errors import InputError

_Record = TypeVar("_Record")
_MOMENTS = (date, time, datetime)


def read_json(file: Path) -> dict[str, Any]:
    """Read a JSON object; raises InputError naming the file."""
    try:
        data = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise InputError(
            f"{spelled(file)}: cannot be read: {error.strerror}"
        ) from error
    except json.JSONDecodeError as error:
        raise InputError(
            f"{spelled(file)}, line {error.lineno}: {error.msg}; a comma or a"
            " quotation mark is often missing just before"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{spelled(file)}: {error}") from error
    if not isinstance(data, dict):
        raise InputError(f"{spelled(file)}: must be an object in braces")
    return data


def record(cls: type[_Record], data: object, where: str) -> _Record:
    """Make a dataclass of JSON; raises InputError naming where, key and value."""
    return cast("_Record", _value(cls, data, where))


def _value(kind: Any, data: object, where: str) -> object:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _one_of(inner, data, where)
    if origin is tuple and isinstance(data, list):
        return tuple(
            _value(inner[0], one, f"{where}[{number}]")
            for number, one in enumerate(data)
        )
    if origin is not None and isinstance(data, dict):
        return {
            key: _value(inner[1], one, _below(where, key)) for key, one in data.items()
        }
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(data, dict):
        return _dataclass(kind, data, where)
    if isinstance(kind, type) and isinstance(data, str):
        if issubclass(kind, str | Enum) or kind in _MOMENTS:
            return _word(kind, data, where)
    elif isinstance(kind, type) and type(data) is kind:
        return data
    raise InputError(f"{where}: {json.dumps(data)[:60]} is not what belongs here")


def _one_of(kinds: tuple[Any, ...], data: object, where: str) -> object:
    """Return the first kind that fits: optional values, and blocks of prose."""
    if data is None and type(None) in kinds:
        return None
    known = [kind for kind in kinds if kind is not type(None)]
    for kind in known[:-1]:
        if is_dataclass(kind) and isinstance(data, dict):
            names = {field.name for field in fields(kind)}
            if set(data) <= names:
                return _value(kind, data, where)
    return _value(known[-1], data, where)


def _dataclass(kind: type[Any], data: Mapping[str, object], where: str) -> object:
    hints = get_type_hints(kind)
    if unknown := sorted(set(data) - set(hints)):
        near = get_close_matches(unknown[0], hints, 1)
        hint = f"did you mean “{near[0]}”?" if near else f"known: {', '.join(hints)}"
        raise InputError(f"{where}: “{unknown[0]}” is not known here; {hint}")
    for field in fields(kind):
        required = field.default is MISSING and field.default_factory is MISSING
        if required and field.name not in data:
            raise InputError(f"{where}: the key {field.name} is missing")
    return kind(
        **{
            key: _value(hints[key], one, _below(where, key))
            for key, one in data.items()
        }
    )


def _below(where: str, key: str) -> str:
    return f"{where}{': ' if where.endswith('.json') else '.'}{key}"


def _word(kind: Any, data: str, where: str) -> object:
    try:
        return kind.fromisoformat(data) if kind in _MOMENTS else kind(data)
    except ValueError as error:
        raise InputError(f"{where}: {error}") from error
