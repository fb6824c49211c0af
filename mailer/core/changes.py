"""What a reader must be told when an action is no longer what they were told."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mailer.core.model import Facts, LocationVisibility

_LENGTH_UNSAID = timedelta(hours=3)  # how long an action lasts when nobody said
_FIRST = datetime(1, 1, 3, tzinfo=UTC)
_LAST = datetime(9999, 12, 28, tzinfo=UTC)


def starts_at(facts: Facts) -> datetime:
    """Return when it starts (UTC); without a time, the start of its day."""
    return _instant(facts.start_date, facts.start_time or time(), facts.time_zone)


def over_at(facts: Facts) -> datetime:
    """Return when it is over (UTC), always after it starts.

    That is its end; an end on the clock before the start is the next day's. Without
    an end, or with one that cannot be, it is three hours on, or its day's end.
    """
    start, end = starts_at(facts), _stated_end(facts)
    if end is not None and end > start:
        return end
    if facts.start_time:
        return start + _LENGTH_UNSAID
    return max(start + _LENGTH_UNSAID, _midnight_after(facts.start_date, facts))


def _stated_end(facts: Facts) -> datetime | None:
    last_day = facts.end_date or facts.start_date
    if facts.end_time is None:
        several = last_day > facts.start_date
        return _midnight_after(last_day, facts) if several else None
    past_midnight = facts.start_time is not None and facts.end_time < facts.start_time
    if facts.end_date is None and past_midnight:
        last_day = _next(last_day)
    return _instant(last_day, facts.end_time, facts.time_zone)


def _midnight_after(day: date, facts: Facts) -> datetime:
    return _instant(_next(day), time(), facts.time_zone)


def _next(day: date) -> date:
    return day + timedelta(days=1) if day < date.max else day


def _instant(day: date, clock: time, zone: str) -> datetime:
    # Databases write "never" as 9999-12-31, where other zones have no such instant.
    if not _FIRST.date() < day < _LAST.date():
        return _FIRST if day.year == 1 else _LAST
    return datetime.combine(day, clock, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def differences(before: Facts, after: Facts) -> tuple[str, ...]:
    """Name what a reader would go wrong by: when, where, at whom, whether at all.

    More sponsors or a better description are no reason to say "changed".
    """
    return tuple(
        name
        for name, was, now in zip(
            _MATERIAL, _material(before), _material(after), strict=True
        )
        if was != now
    )


_MATERIAL = ("off", "start_date", "start_time", "place", "venue", "address", "target")


def _material(facts: Facts) -> tuple[Any, ...]:
    shown = facts.location_visibility is LocationVisibility.PUBLIC
    return (
        facts.status.is_off,
        facts.start_date,
        facts.start_time,
        facts.place.key,
        facts.venue if shown else None,
        facts.address if shown else None,
        facts.target,
    )
