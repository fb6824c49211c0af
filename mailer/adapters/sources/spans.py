"""From when to when an event of a calendar lasts (RFC 5545 §3.6.1)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Component
from icalendar.error import BrokenCalendarProperty

from mailer.adapters.sources.row import RejectedError, Row
from mailer.adapters.sources.text import quoted
from mailer.core.model import Facts, Place


@dataclass(frozen=True, slots=True)
class Span:
    """Start and end as written; a date alone is a whole day, the last included."""

    start: date
    end: date | None = None

    @property
    def days(self) -> tuple[date, date]:
        """Return the first and the last day, as written."""
        first, last = _day(self.start), _day(self.end or self.start)
        return first, max(first, last)

    def on_the_clock(self, zone: str, place: Place) -> Facts:
        """Return facts with start and end on the wall clock of a zone."""
        first, at = _local(self.start, zone)
        last, until = _local(self.end, zone) if self.end else (None, None)
        return Facts(
            start_date=first,
            start_time=at,
            end_date=last if last != first else None,
            end_time=until,
            time_zone=zone,
            place=place,
        )


def attribute(component: Component, key: str, name: str) -> Any:
    """Return an attribute of a property, None when there is no such or it is broken."""
    try:
        return getattr(component.get(key), name, None)
    except BrokenCalendarProperty:
        return None


def words(component: Component, key: str) -> str:
    """Return a property as text, the first when it was given twice."""
    prop = component.get(key, "")
    return str(prop[0] if isinstance(prop, list) and prop else prop)


def read_span(component: Component, row: Row) -> Span:
    """Read DTSTART with DTEND or DURATION; an end that cannot be is dropped and told.

    Raises RejectedError without a start.
    """
    start = attribute(component, "DTSTART", "dt")
    if not isinstance(start, date):
        raise RejectedError("DTSTART", "is missing or no date; add when it starts")
    tzid = (attribute(component, "DTSTART", "params") or {}).get("TZID")
    if tzid and isinstance(start, datetime) and start.tzinfo is None:
        row.flag(
            "DTSTART",
            "zone-unknown",
            f"{quoted(str(tzid))} is no time zone; the time was taken as the clock at"
            " the place, correct the feed if it is not",
        )
    if "DTEND" not in component and "DURATION" not in component:
        return Span(start)
    end = _end(component, start)
    if end is None:
        row.flag(
            "DTEND",
            "end-dropped",
            "cannot be read or lies before the start, and was left out; correct it",
        )
        return Span(start)
    return Span(start, end if end != start else None)


def _end(component: Component, start: date) -> date | None:
    """Return an end that goes with the start: of its kind and not before it."""
    end = attribute(component, "DTEND", "dt")
    duration = attribute(component, "DURATION", "dt")
    if end is None and isinstance(duration, timedelta):
        end = start + duration
    if isinstance(start, datetime):
        if not isinstance(end, datetime):
            return None
        fits = (start.tzinfo is None) == (end.tzinfo is None)
        return end if fits and end >= start else None
    if not isinstance(end, date) or isinstance(end, datetime) or end < start:
        return None
    # DTEND of whole days names the first day after the event.
    return max(start, end - timedelta(days=1))


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _local(moment: date, zone: str) -> tuple[date, time | None]:
    if not isinstance(moment, datetime):
        return moment, None
    if moment.tzinfo is not None:
        moment = moment.astimezone(ZoneInfo(zone))
    return moment.date(), moment.time().replace(tzinfo=None)
