"""One action as iCalendar (RFC 5545), in a form that calendars update in place."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from mailer.core.model import Action, ActionStatus, Facts

_STATUS = {
    ActionStatus.CONFIRMED: "CONFIRMED",
    ActionStatus.TENTATIVE: "TENTATIVE",
    ActionStatus.CANCELLED: "CANCELLED",
    ActionStatus.POSTPONED: "CANCELLED",  # the RFC has no word for it; nobody should go
}
_DAY = timedelta(days=1)


def calendar_file(
    action: Action,
    *,
    domain: str,
    url: str,
    summary: str,
    description: str,
    stamp: datetime,
) -> bytes:
    """Return a calendar with one event, CRLF line ends, UTF-8.

    The UID stays the same over all versions and SEQUENCE grows with them, so that a
    calendar which has the event already changes or cancels it (RFC 5545 §3.8.7.4).
    `stamp` is an aware moment; the exact place is left out unless it is public.
    """
    facts = action.facts.public
    event = Event()
    event.add("uid", f"{action.public_id}@{domain}")
    event.add("sequence", action.version)
    event.add("dtstamp", stamp)
    event.add("status", _STATUS[facts.status])
    event.add("summary", summary)
    event.add("description", description)
    event.add("location", location(facts))
    event.add("url", url)
    start, end = span(facts)
    event.add("dtstart", start)
    if end is not None:
        event.add("dtend", end)
    calendar = Calendar()
    calendar.add("prodid", "-//Coalition Mailer//Actions//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    calendar.add_missing_timezones(
        first_date=facts.start_date - timedelta(days=366),
        last_date=facts.start_date + timedelta(days=366),
    )
    return bytes(calendar.to_ical())


def span(facts: Facts) -> tuple[date, date | None]:
    """Return start and exclusive end: days without a start time, else moments.

    The end is None when nobody has said one; a length is never guessed.
    """
    last_day = facts.end_date or facts.start_date
    if facts.start_time is None:
        return facts.start_date, last_day + _DAY
    zone = ZoneInfo(facts.time_zone)
    start = datetime.combine(facts.start_date, facts.start_time, zone)
    if facts.end_time is not None:
        end = datetime.combine(last_day, facts.end_time, zone)
        if end <= start:  # "9 p.m. to 1 a.m." ends on the next day
            end = datetime.combine(last_day + _DAY, facts.end_time, zone)
        return start, end
    if last_day > facts.start_date:
        return start, datetime.combine(last_day + _DAY, time(), zone)
    return start, None


def location(facts: Facts) -> str:
    """Return where it is in one line, as far as these facts say."""
    parts = (facts.venue, facts.address, facts.place.label)
    return ", ".join(part for part in parts if part)
