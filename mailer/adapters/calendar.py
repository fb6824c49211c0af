"""Actions as iCalendar (RFC 5545, 7986), in a form that calendars update in place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from mailer.core.model import ActionStatus, Facts

_STATUS = {
    ActionStatus.CONFIRMED: "CONFIRMED",
    ActionStatus.TENTATIVE: "TENTATIVE",
    ActionStatus.CANCELLED: "CANCELLED",
    ActionStatus.POSTPONED: "CANCELLED",  # the RFC has no word for it; nobody should go
}
_DAY = timedelta(days=1)
_AROUND = timedelta(days=366)
_EARLY, _LATE = date(1900, 1, 1), date(2200, 1, 1)
_DURATION = {"VALUE": "DURATION"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One action as a calendar shows it; `facts` are public and fit to print."""

    uid: str  # the same over all versions
    version: int
    facts: Facts
    url: str
    summary: str
    description: str
    first_seen_at: datetime  # aware, as is the next
    revised_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A calendar that programs fetch again and again."""

    name: str
    url: str  # where it is fetched
    every: timedelta  # how often that is worth while


def calendar_file(
    entries: Sequence[Entry], *, subscription: Subscription | None = None
) -> bytes:
    """Return a calendar, CRLF line ends, UTF-8, lines of at most 75 octets.

    The UID stays the same over all versions and SEQUENCE grows with them, so that a
    calendar which has the event already changes or cancels it (RFC 5545 §3.8.7.4).
    DTSTAMP is when the version was recorded: the same answer, the same bytes.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Coalition Mailer//Actions//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    if subscription is not None:
        _describe(calendar, subscription)
    for entry in entries:
        calendar.add_component(_event(entry))
    if entries:
        first, last = _period([entry.facts.start_date for entry in entries])
        calendar.add_missing_timezones(first_date=first, last_date=last)
    # The library takes zones from a set; the same answer must be the same bytes.
    calendar.subcomponents.sort(key=lambda part: str(part.get("tzid", "\uffff")))
    return bytes(calendar.to_ical())


def _period(starts: Sequence[date]) -> tuple[date, date]:
    """Return from when to when zones are described; databases know a year 9999."""
    first, last = (min(max(day, _EARLY), _LATE) for day in (min(starts), max(starts)))
    return first - _AROUND, min(last, first + 20 * _AROUND) + _AROUND


def _describe(calendar: Calendar, subscription: Subscription) -> None:
    """Say what it is, in the RFC's words and in those of Apple and Microsoft."""
    calendar.add("name", subscription.name)
    calendar.add("x-wr-calname", subscription.name)
    calendar.add("source", subscription.url, parameters={"VALUE": "URI"})
    calendar.add("refresh-interval", subscription.every, parameters=_DURATION)
    hours = int(subscription.every / timedelta(hours=1))
    calendar.add("x-published-ttl", f"PT{hours}H")


def _event(entry: Entry) -> Event:
    facts = entry.facts
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.version)
    event.add("dtstamp", entry.revised_at)
    event.add("created", entry.first_seen_at)
    event.add("last-modified", entry.revised_at)
    event.add("status", _STATUS[facts.status])
    event.add("summary", entry.summary)
    event.add("description", entry.description)
    event.add("location", location(facts))
    event.add("url", entry.url)
    start, end = span(facts)
    event.add("dtstart", start)
    if end is not None:
        event.add("dtend", end)
    # Nobody is busy because something takes place in the country.
    event.add("transp", "TRANSPARENT")
    return event


def span(facts: Facts) -> tuple[date, date | None]:
    """Return start and exclusive end: days without a start time, else moments.

    The end is None when nobody has said one; a length is never guessed.
    """
    last_day = facts.end_date or facts.start_date
    if facts.start_time is None:
        return facts.start_date, _after(last_day)
    zone = ZoneInfo(facts.time_zone)
    start = datetime.combine(facts.start_date, facts.start_time, zone)
    if facts.end_time is not None:
        end = datetime.combine(last_day, facts.end_time, zone)
        if end <= start:  # "9 p.m. to 1 a.m." ends on the next day
            end = datetime.combine(_after(last_day), facts.end_time, zone)
        return start, end
    if last_day > facts.start_date:
        return start, datetime.combine(_after(last_day), time(), zone)
    return start, None


def _after(day: date) -> date:
    return day + _DAY if day < date.max else day


def location(facts: Facts) -> str:
    """Return where it is in one line, as far as these facts say."""
    parts = (facts.venue, facts.address, facts.place.label)
    return ", ".join(part for part in parts if part)
