"""Records from people, made fit to print as a whole."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from mailer.adapters.renderer.plain import clean, printable
from mailer.core.prose import Span

_Record = TypeVar("_Record")


def cleaned(record: _Record) -> _Record:
    """Return the record with every string on one line and without control characters.

    Goes into records, tuples and mappings. Spans keep the space that parts them.
    """
    return cast("_Record", _cleaned(record, clean))


def _cleaned(value: object, fit: Any) -> object:
    if type(value) is str:
        return fit(value)
    if isinstance(value, tuple):
        return tuple(_cleaned(one, fit) for one in value)
    if isinstance(value, Mapping):
        return {key: _cleaned(one, fit) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        inner = printable if isinstance(value, Span) else clean
        return replace(
            value,
            **{
                field.name: _cleaned(getattr(value, field.name), inner)
                for field in fields(value)
            },
        )
    return value
