"""What a reader must be told when an action is no longer what they were told."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mailer.core.model import Facts, LocationVisibility

_LENGTH_UNSAID = timedelta(hours=3)  # how long an action lasts when nobody said


def starts_at(facts: Facts) -> datetime:
    """Return when it starts (UTC); without a time, the start of its day."""
    start = facts.start_time or time()
    return _instant(datetime.combine(facts.start_date, start), facts.time_zone)


def over_at(facts: Facts) -> datetime:
    """Return when it is over (UTC): its end, else three hours on, else its day's end."""
    last_day = facts.end_date or facts.start_date
    if facts.end_time:
        return _instant(datetime.combine(last_day, facts.end_time), facts.time_zone)
    if facts.start_time and last_day == facts.start_date:
        return starts_at(facts) + _LENGTH_UNSAID
    midnight = datetime.combine(last_day + timedelta(days=1), time())
    return _instant(midnight, facts.time_zone)


def _instant(wall: datetime, zone: str) -> datetime:
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


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
