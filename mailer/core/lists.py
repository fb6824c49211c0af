"""Mailing lists: what one can subscribe to, read from `lists/*.toml`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailer.core.errors import ConfigError

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
LANGUAGES = ("en", "es")
WEEKDAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
_DURATION = re.compile(r"(\d{1,4}) (minute|hour|day|week)s?")


class Kind(StrEnum):
    """How a list's mailings come about."""

    DIGEST = "digest"  # by cadence, from the database
    BLAST = "blast"  # by a coordinator


class OptIn(StrEnum):
    """What makes a subscription active."""

    SINGLE = "single"  # a consent basis is enough
    DOUBLE = "double"  # the person must confirm, unless the import proves they did


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """When editions fall due, on a wall clock."""

    weekday: int  # Monday is 0
    at: time
    zone: ZoneInfo
    every_weeks: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingList:
    """One list's definition."""

    slug: str
    kind: Kind
    titles: Mapping[str, str]  # language → title
    template: str  # a folder in templates/email/
    opt_in: OptIn
    cadence: Cadence | None  # None: only when a person sends
    minimum_items: int  # a digest with fewer is skipped
    horizon: timedelta  # how far ahead a digest looks
    late_limit: timedelta  # a due edition older than this is missed, not sent
    sender_name: str | None = None  # None: as in mailer.toml
    sender_address: str | None = None

    def title(self, language: str) -> str:
        """Return the title in this language, else in the first one given."""
        return self.titles.get(language) or next(iter(self.titles.values()))


def parse(data: Mapping[str, Any], *, file: str, slug: str) -> MailingList:
    """Read one list definition; a ConfigError names the file and the key."""
    reader = _Reader(data, file)
    if not SLUG.fullmatch(slug):
        reader.fail(
            "(file name)", "use small letters, digits and hyphens: weekly-digest.toml"
        )
    kind = Kind(reader.choice("kind", [k.value for k in Kind], default=Kind.DIGEST))
    cadence = reader.table("cadence")
    sender = reader.table("sender")
    result = MailingList(
        slug=slug,
        kind=kind,
        titles=reader.titles("title"),
        template=reader.text("template", default=kind.value),
        opt_in=OptIn(
            reader.choice("opt_in", [o.value for o in OptIn], default=OptIn.DOUBLE)
        ),
        cadence=_cadence(cadence) if cadence else None,
        minimum_items=reader.integer("minimum_items", default=1, low=1),
        horizon=reader.duration("horizon", default="5 weeks"),
        late_limit=reader.duration("late_limit", default="24 hours"),
        sender_name=sender.text("name", default=None) if sender else None,
        sender_address=sender.text("address", default=None) if sender else None,
    )
    for part in (cadence, sender, reader):
        if part:
            part.refuse_unknown()
    return result


def _cadence(reader: "_Reader") -> Cadence:
    reader.choice("every", ["week", "2 weeks", "4 weeks"], default="week")
    every = str(reader.data.get("every", "week"))
    return Cadence(
        weekday=WEEKDAYS.index(reader.choice("on", list(WEEKDAYS))),
        at=reader.clock("at"),
        zone=reader.zone("timezone"),
        every_weeks=1 if every == "week" else int(every.split(maxsplit=1)[0]),
    )


_REQUIRED: Any = object()


class _Reader:
    """Read keys of one TOML table, remembering which were asked for."""

    def __init__(self, data: Mapping[str, Any], file: str, prefix: str = "") -> None:
        self.data, self.file, self.prefix = data, file, prefix
        self.known: set[str] = set()

    def fail(self, key: str, hint: str) -> None:
        raise ConfigError(f"{self.file}: {self.prefix}{key}: {hint}")

    def raw(self, key: str, default: Any) -> Any:
        self.known.add(key)
        value = self.data.get(key, default)
        if value is _REQUIRED:
            self.fail(key, "is missing; every list needs it")
        return value

    def text(self, key: str, default: Any = _REQUIRED) -> Any:
        value = self.raw(key, default)
        if value is not None and not (isinstance(value, str) and value.strip()):
            self.fail(key, f'must be text in quotes, not "{value}"')
        return value

    def choice(self, key: str, allowed: list[str], default: Any = _REQUIRED) -> str:
        value = self.raw(key, default)
        if value not in allowed:
            self.fail(key, f'"{value}" is none of {", ".join(allowed)}')
        return str(value)

    def integer(self, key: str, *, default: int, low: int) -> int:
        value = self.raw(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            self.fail(key, f'must be a whole number from {low}, not "{value}"')
        return int(value)

    def duration(self, key: str, *, default: str) -> timedelta:
        value = self.raw(key, default)
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.fail(key, f'write "36 hours", "10 days" or "5 weeks", not "{value}"')
            raise AssertionError
        return timedelta(**{f"{match[2]}s": int(match[1])})

    def clock(self, key: str) -> time:
        value = self.raw(key, _REQUIRED)
        try:
            return time.fromisoformat(str(value))
        except ValueError:
            self.fail(key, f'write a 24-hour time such as "08:00", not "{value}"')
            raise

    def zone(self, key: str) -> ZoneInfo:
        value = str(self.raw(key, _REQUIRED))
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(
                key, f'"{value}" is no time zone; write one as "America/Los_Angeles"'
            )
            raise

    def titles(self, key: str) -> Mapping[str, str]:
        value = self.raw(key, _REQUIRED)
        titles = {"en": value} if isinstance(value, str) else value
        if not isinstance(titles, dict) or not titles:
            self.fail(key, 'write title = "…" or [title] with en = "…" and es = "…"')
        for language, words in titles.items():
            if language not in LANGUAGES:
                self.fail(f"{key}.{language}", f"is none of {', '.join(LANGUAGES)}")
            if not isinstance(words, str) or not words.strip():
                self.fail(f"{key}.{language}", "must be text in quotes")
        return titles

    def table(self, key: str) -> "_Reader | None":
        value = self.raw(key, None)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fail(key, f"must be a table: [{key}]")
        return _Reader(value, self.file, f"{self.prefix}{key}.")

    def refuse_unknown(self) -> None:
        for key in self.data:
            if key not in self.known:
                self.fail(
                    key, f"is not known here; known are {', '.join(sorted(self.known))}"
                )
