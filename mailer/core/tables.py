"""Tables of a TOML file, read key by key with errors that name file and key."""

import re
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailer.core.errors import ConfigError

LANGUAGES = ("en", "es")
_DURATION = re.compile(r"(\d{1,4}) (minute|hour|day|week)s?")

REQUIRED: Any = object()


class Table:
    """One table; remembers which keys were asked for, to refuse the others."""

    def __init__(self, data: Mapping[str, Any], file: str, prefix: str = "") -> None:
        self.data, self.file, self.prefix = data, file, prefix
        self.known: set[str] = set()

    def fail(self, key: str, hint: str) -> NoReturn:
        """Raise ConfigError for a key."""
        raise ConfigError(f"{self.file}: {self.prefix}{key}: {hint}")

    def raw(self, key: str, default: Any) -> Any:
        """Return a key's value as it is."""
        self.known.add(key)
        value = self.data.get(key, default)
        if value is REQUIRED:
            self.fail(key, "is missing and has no default")
        return value

    def text(self, key: str, default: Any = REQUIRED) -> Any:
        """Return words that are not blank."""
        value = self.raw(key, default)
        if value is not None and not (isinstance(value, str) and value.strip()):
            self.fail(key, f'must be text in quotes, not "{value}"')
        return value

    def choice(self, key: str, allowed: list[str], default: Any = REQUIRED) -> str:
        """Return one of the allowed words."""
        value = self.raw(key, default)
        if value not in allowed:
            self.fail(key, f'"{value}" is none of {", ".join(allowed)}')
        return str(value)

    def integer(self, key: str, *, default: int, low: int) -> int:
        """Return a whole number from `low`."""
        value = self.raw(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            self.fail(key, f'must be a whole number from {low}, not "{value}"')
        return int(value)

    def duration(self, key: str, *, default: str) -> timedelta:
        """Return a span of time written as "36 hours"."""
        value = self.raw(key, default)
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.fail(key, f'write "36 hours", "10 days" or "5 weeks", not "{value}"')
        return timedelta(**{f"{match[2]}s": int(match[1])})

    def clock(self, key: str) -> time:
        """Return a time of day."""
        value = self.raw(key, REQUIRED)
        try:
            return time.fromisoformat(str(value))
        except ValueError:
            self.fail(key, f'write a 24-hour time such as "08:00", not "{value}"')

    def zone(self, key: str) -> ZoneInfo:
        """Return a time zone."""
        value = str(self.raw(key, REQUIRED))
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(
                key, f'"{value}" is no time zone; write one as "America/Los_Angeles"'
            )

    def titles(self, key: str) -> Mapping[str, str]:
        """Return words by language."""
        value = self.raw(key, REQUIRED)
        titles = {"en": value} if isinstance(value, str) else value
        if not isinstance(titles, dict) or not titles:
            self.fail(key, 'write title = "…" or [title] with en = "…" and es = "…"')
        for language, words in titles.items():
            if language not in LANGUAGES:
                self.fail(f"{key}.{language}", f"is none of {', '.join(LANGUAGES)}")
            if not isinstance(words, str) or not words.strip():
                self.fail(f"{key}.{language}", "must be text in quotes")
        return titles

    def table(self, key: str) -> "Table | None":
        """Return a table within this one."""
        value = self.raw(key, None)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fail(key, f"must be a table: [{key}]")
        return Table(value, self.file, f"{self.prefix}{key}.")

    def refuse_unknown(self) -> None:
        """Refuse keys that nobody asked for: they are misspelt."""
        for key in self.data:
            if key not in self.known:
                self.fail(
                    key, f"is not known here; known are {', '.join(sorted(self.known))}"
                )
