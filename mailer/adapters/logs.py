"""Log lines for people and for machines: an event, its fields, never an address."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import IntEnum
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

# Nothing of ours holds one; what a provider says may.
_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")


Logger = FilteringBoundLogger


class Level(IntEnum):
    """How much is said."""

    DEBUG = 10  # every call
    INFO = 20  # what a person would want to have read afterwards
    WARNING = 30  # what waits, or went wrong


def logger(
    stream: TextIO,
    *,
    clock: Callable[[], datetime],
    as_json: bool,
    level: Level = Level.INFO,
) -> Logger:
    """Return what writes one line per event: JSON, or words for a terminal."""
    last: Processor = (
        structlog.processors.JSONRenderer(sort_keys=False) if as_json else _Words()
    )

    def stamp(_logger: Any, _name: str, event: EventDict) -> EventDict:
        at = clock().isoformat(timespec="seconds").replace("+00:00", "Z")
        return {"at": at, **event}

    made: Logger = structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=[structlog.processors.add_log_level, stamp, _masked, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    return made


def _masked(_logger: Any, _name: str, event: EventDict) -> EventDict:
    return {
        key: _ADDRESS.sub("[address]", value) if isinstance(value, str) else value
        for key, value in event.items()
    }


class _Words:
    """Writes an event as a line of words: `2019-10-07T15:00:00Z sent weekly/…`."""

    def __call__(self, _logger: Any, _name: str, event: Mapping[str, Any]) -> str:
        fields = dict(event)
        at, level, words = (fields.pop(key) for key in ("at", "level", "event"))
        mark = "" if level == "info" else f" {level}:"
        return " ".join(
            (f"{at}{mark} {words}", *(f"{key}={_cell(v)}" for key, v in fields.items()))
        )


def _cell(value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}:{count}" for key, count in value.items())
    words = str(value)
    return f'"{words}"' if " " in words else words
