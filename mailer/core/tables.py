"""Tables of a TOML file, read key by key with errors that name file and key."""

import re
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailer.core import rates
from mailer.core.errors import ConfigError, InputError
from mailer.core.headers import header_text, wire_address
from mailer.core.rates import Rate

LANGUAGES = ("en", "es")
_DURATION = re.compile(r"([1-9]\d{0,3}) (minute|hour|day|week)s?", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", re.ASCII)

_NO_ADDRESS = (
    "is not an address that mail servers accept; write it as actions@example.org,"
    " without a name, and a domain outside ASCII as xn--…"
)

REQUIRED: Any = object()


class Table:
    """One table; remembers which keys were asked for, to refuse the others."""

    def __init__(
        self,
        data: Mapping[str, Any],
        file: str,
        prefix: str = "",
        lines: Mapping[str, int] | None = None,
    ) -> None:
        """Take the lines in which keys stand, by their dotted names, where known."""
        self.data, self.file, self.prefix = data, file, prefix
        self.lines = lines or {}
        self.known: set[str] = set()

    def fail(self, key: str, hint: str, remedy: str = "") -> NoReturn:
        """Raise ConfigError for a key."""
        line = self.lines.get(f"{self.prefix}{key}") or self.lines.get(
            self.prefix.rstrip(".")
        )
        where = f"{self.file}, line {line}" if line else self.file
        table = f"[{self.prefix[:-1]}] " if self.prefix else ""
        raise ConfigError.of(f"{where}: {table}", key, hint, remedy)

    def shown(self, key: str) -> str:
        """Return a key as people find it in the file, after its table's heading."""
        return f"[{self.prefix[:-1]}] {key}" if self.prefix else key

    def raw(self, key: str, default: Any) -> Any:
        """Return a key's value as it is."""
        self.known.add(key)
        value = self.data.get(key, default)
        if value is REQUIRED:
            self.fail(key, "is missing and has no default")
        return value

    def text(self, key: str, default: Any = REQUIRED) -> Any:
        """Return words that are not blank, trimmed."""
        value = self.raw(key, default)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            self.fail(key, f"must be text in quotes, not {_shown(value)}")
        return value.strip()

    def line(self, key: str, default: Any = REQUIRED) -> Any:
        """Return words that may stand in a header: one line, no control characters."""
        words = self.text(key, default)
        if words is not None:
            self._on_one_line(key, words)
        return words

    def _on_one_line(self, key: str, words: str) -> None:
        try:
            header_text(key, words)
        except InputError:
            self.fail(
                key,
                "contains a line break or a control character, which a mail's header"
                " must not; write it on one line",
            )

    def address(self, key: str, default: Any = REQUIRED) -> Any:
        """Return an address that mail can be sent from, without a display name."""
        address = self.text(key, default)
        return None if address is None else self._mailable(key, address)

    def addresses(self, key: str) -> tuple[str, ...]:
        """Return a list of such addresses; none if the key is not there."""
        written = self.raw(key, [])
        if not isinstance(written, list) or not all(
            isinstance(w, str) for w in written
        ):
            self.fail(key, 'must be a list such as ["ana@example.org"]')
        return tuple(self._mailable(key, address) for address in written)

    def _mailable(self, key: str, address: str) -> str:
        try:
            wire_address(key, address)
        except InputError:
            self.fail(key, _NO_ADDRESS)
        if "." not in address.rpartition("@")[2]:
            self.fail(key, _NO_ADDRESS)
        return address

    def choice(self, key: str, allowed: list[str], default: Any = REQUIRED) -> str:
        """Return one of the allowed words."""
        value = self.raw(key, default)
        if value not in allowed:
            self.fail(key, f"{_shown(value)} is none of {', '.join(allowed)}")
        return str(value)

    def integer(self, key: str, *, default: int, low: int) -> int:
        """Return a whole number from `low`."""
        value = self.raw(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            self.fail(key, f"must be a whole number from {low}, not {_shown(value)}")
        return int(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return yes or no."""
        value = self.raw(key, default)
        if not isinstance(value, bool):
            self.fail(
                key, f"must be true or false, without quotes, not {_shown(value)}"
            )
        return value

    def share(self, key: str, *, default: float) -> float:
        """Return a share of a whole, from 0 to 1."""
        value = self.raw(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(key, "must be a number from 0 to 1, as 0.05")
        if not 0 <= value <= 1:
            self.fail(key, f"must be from 0 to 1, as 0.05, and not {value:g}")
        return float(value)

    def duration(self, key: str, *, default: str) -> timedelta:
        """Return a span of time written as "36 hours"."""
        value = self.raw(key, default)
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.fail(
                key,
                f'write "36 hours", "10 days" or "5 weeks", not {_shown(value)}',
            )
        return timedelta(**{f"{match[2]}s": int(match[1])})

    def rate(self, key: str) -> Rate | None:
        """Return how fast something may go, written as "600/minute"; None: no limit."""
        value = self.raw(key, None)
        if value is None:
            return None
        rate = rates.parse(value) if isinstance(value, str) else None
        if rate is None:
            self.fail(key, f"{rates.HINT}, not {_shown(value)}")
        return rate

    def clock(self, key: str) -> time:
        """Return a time of day, on no zone's clock yet."""
        value = self.raw(key, REQUIRED)
        if isinstance(value, time):  # TOML has times of its own: at = 08:00:00
            return value
        if not isinstance(value, str) or not _CLOCK.fullmatch(value):
            self.fail(key, f'write a 24-hour time such as "08:00", not {_shown(value)}')
        return time.fromisoformat(value)

    def zone(self, key: str) -> ZoneInfo:
        """Return a time zone."""
        value = self.text(key)
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(
                key,
                f'{_shown(value)} is no time zone; write one as "America/Los_Angeles"',
            )

    def titles(self, key: str) -> Mapping[str, str]:
        """Return words by language, fit for a subject line."""
        titles = self.by_language(key)
        for language, words in titles.items():
            self._on_one_line(f"{key}.{language}", words)
        return titles

    def by_language(self, key: str) -> Mapping[str, str]:
        """Return words by language; without a language they are English."""
        value = self.raw(key, REQUIRED)
        written = {"en": value} if isinstance(value, str) else value
        if not isinstance(written, dict) or not written:
            self.fail(key, f'write {key} = "…" or [{key}] with en = "…" and es = "…"')
        for language, words in written.items():
            if language not in LANGUAGES:
                self.fail(f"{key}.{language}", f"is none of {', '.join(LANGUAGES)}")
            if not isinstance(words, str) or not words.strip():
                self.fail(f"{key}.{language}", "must be text in quotes")
        return {language: words.strip() for language, words in written.items()}

    def table(self, key: str) -> "Table | None":
        """Return a table within this one."""
        value = self.raw(key, None)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fail(key, f"must be a table: [{self.prefix}{key}]")
        return Table(value, self.file, f"{self.prefix}{key}.", self.lines)

    def refuse_unknown(self) -> None:
        """Refuse keys that nobody asked for: they are misspelt."""
        for key in self.data:
            if key not in self.known:
                self.fail(
                    key, f"is not known here; known are {', '.join(sorted(self.known))}"
                )


def _shown(value: object) -> str:
    """Return a value as an error shows it: short, and nothing from within tables."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    words = str(value)
    return f'"{words}"' if len(words) <= _SHOWN else f'"{words[:_SHOWN]}…"'


_SHOWN = 60  # characters
