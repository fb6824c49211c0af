"""The events of a calendar one by one: repeated, moved, shared and missing UIDs."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import recurring_ical_events
from icalendar import Calendar, Component
from icalendar.error import InvalidCalendar

from mailer.adapters.sources.row import RejectedError
from mailer.adapters.sources.spans import attribute, words
from mailer.adapters.sources.text import one_line

# What the libraries raise for feeds that are wrong in ways they did not foresee.
_BROKEN = (
    InvalidCalendar,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
)
_TOO_OFTEN = frozenset(("SECONDLY", "MINUTELY", "HOURLY"))
_NO_UID = (
    "has no UID and is known by title, time and place: when one of them changes it looks"
    " like another action; ask the feed's owner for UIDs"
)
_SHARED_UID = (
    "shares its UID with other events and is known by its start as well: a new time"
    " looks like another action; ask the feed's owner for one UID each"
)
_UNREADABLE = "repeats by a rule that cannot be read; correct it in the calendar"
_CLOCK_RULES = ("BYHOUR", "BYMINUTE", "BYSECOND")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The days that are read: `since` counts, `until` does not."""

    since: date
    until: date

    def holds(self, first: date, last: date) -> bool:
        """Tell whether any day from first to last is in the window."""
        return first < self.until and last >= self.since

    def widened(self) -> "Window":
        """Return the window with a day on each side, which a time zone may move."""
        day = timedelta(days=1)
        return Window(since=self.since - day, until=self.until + day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One event at one time, and its identity in the feed."""

    component: Component
    external_id: str
    doubt: tuple[str, str] | None = None  # code and message, about the identity

    @property
    def sequence(self) -> int:
        """Return how often the event was revised (RFC 5545 §3.8.7.4)."""
        try:
            return int(words(self.component, "SEQUENCE") or 0)
        except ValueError:
            return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """All events of one UID, or a single one."""

    line: int | None  # where the first begins
    uid: str
    components: Sequence[Component]
    zones: Sequence[Component]

    @property
    def title(self) -> str:
        """Return the first event's title, for messages."""
        return one_line(words(self.components[0], "SUMMARY")) or "(untitled)"

    def occurrences(self, window: Window) -> Iterator[Occurrence]:
        """Yield what may fall into the window; raises RejectedError."""
        repeats = any("RRULE" in each or "RDATE" in each for each in self.components)
        overrides = any("RECURRENCE-ID" in each for each in self.components)
        if repeats:
            yield from self._expanded(window)
            return
        for component in self.components:
            if not self.uid:
                identity = _fingerprint(component)
                doubt: tuple[str, str] | None = ("uid-missing", _NO_UID)
            elif overrides:
                identity, doubt = _identity(self.uid, component), None
            elif len(self.components) > 1:
                identity = _identity(self.uid, component)
                doubt = ("uid-repeated", _SHARED_UID)
            else:
                identity, doubt = self.uid, None
            yield Occurrence(component=component, external_id=identity, doubt=doubt)

    def _expanded(self, window: Window) -> Iterator[Occurrence]:
        for component in self.components:
            _refuse_floods(component)
        calendar = Calendar()
        for each in (*self.zones, *self.components):
            calendar.add_component(each)
        try:
            found = recurring_ical_events.of(calendar).between(
                window.since, window.until
            )
        except (
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            OverflowError,
        ) as error:
            raise RejectedError("RRULE", _UNREADABLE) from error
        for component in found:
            identity = _identity(self.uid or _fingerprint(component), component)
            yield Occurrence(component=component, external_id=identity)


def read_series(calendar: Component, text: str) -> Iterator[Series]:
    """Gather the events of a calendar by UID; those without stay alone."""
    components = calendar.walk("VEVENT")
    lines: list[int | None] = [
        number
        for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1)
        if line.strip().upper() == "BEGIN:VEVENT"
    ]
    if len(lines) != len(components):  # a folded or nested oddity: better none
        lines = [None] * len(components)
    groups: dict[str, list[int]] = defaultdict(list)
    for index, component in enumerate(components):
        uid = one_line(words(component, "UID"))
        groups[uid or f"\x00{index}"].append(index)
    zones = calendar.walk("VTIMEZONE")
    for key, members in groups.items():
        yield Series(
            line=lines[members[0]],
            uid="" if key.startswith("\x00") else key,
            components=[components[index] for index in members],
            zones=zones,
        )


def _identity(uid: str, component: Component) -> str:
    """Return UID and occurrence; one that was moved keeps the start it had."""
    moment = attribute(component, "RECURRENCE-ID", "dt")
    return f"{uid}/{_stamp(moment or attribute(component, 'DTSTART', 'dt'))}"


def _stamp(moment: object) -> str:
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            return moment.strftime("%Y%m%dT%H%M%S")
        return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return moment.strftime("%Y%m%d") if isinstance(moment, date) else ""


def _fingerprint(component: Component) -> str:
    start = _stamp(attribute(component, "DTSTART", "dt"))
    said = (words(component, "SUMMARY"), start, words(component, "LOCATION"))
    digest = hashlib.blake2b("\n".join(said).encode(), digest_size=12)
    return f"hash:{digest.hexdigest()}"


def _refuse_floods(component: Component) -> None:
    """Refuse rules that repeat within a day: no action does, and they never end."""
    rules = component.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if not isinstance(rule, dict):
            raise RejectedError("RRULE", _UNREADABLE)
        frequency = str((rule.get("FREQ") or [""])[0]).upper()
        if frequency in _TOO_OFTEN or any(key in rule for key in _CLOCK_RULES):
            raise RejectedError(
                "RRULE", "repeats within a day; write one event for each action"
            )
