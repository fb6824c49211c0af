"""When editions fall due: wall-clock cadence to instants, across clock changes.

A time that a spring clock change skips becomes the first instant after the gap; one
that an autumn change repeats is its first occurrence. Either way, once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from mailer.core.lists import Cadence, MailingList

_EPOCH = date(1970, 1, 5)  # a Monday, from which every second or fourth week counts
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time a list's cadence strikes."""

    edition: date  # on the list's wall clock
    due_at: datetime  # UTC


class Timing(StrEnum):
    """What to do with an edition that is due."""

    SEND = "send"
    MISSED = "missed"  # too late to send unasked


def instant(cadence: Cadence, day: date) -> datetime:
    """Return the UTC instant at which the cadence strikes on this day."""
    wall = datetime.combine(day, cadence.at, tzinfo=cadence.zone)
    result = wall.astimezone(UTC)
    if result.astimezone(cadence.zone).replace(tzinfo=None) == wall.replace(
        tzinfo=None
    ):
        return result
    return _end_of_gap(cadence, wall)


def _end_of_gap(cadence: Cadence, wall: datetime) -> datetime:
    # The two readings of a skipped time lie on either side of the clock change.
    before, after = sorted(wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    offset = before.astimezone(cadence.zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(cadence.zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def occurrences(cadence: Cadence, around: datetime) -> Iterator[Occurrence]:
    """Yield occurrences in order, from a while before `around`, without end."""
    day = around.astimezone(cadence.zone).date()
    day += timedelta(days=cadence.weekday - day.weekday())
    day -= _WEEK * (cadence.every_weeks + 1)
    while True:
        if ((day - _EPOCH) // _WEEK) % cadence.every_weeks == 0:
            yield Occurrence(day, instant(cadence, day))
        day += _WEEK


def last_due(cadence: Cadence, now: datetime) -> Occurrence:
    """Return the latest occurrence that is not after `now`."""
    latest: Occurrence | None = None
    for occurrence in occurrences(cadence, now):
        if occurrence.due_at > now and latest is not None:
            return latest
        latest = occurrence
    raise AssertionError


def next_due(cadence: Cadence, after: datetime) -> Occurrence:
    """Return the first occurrence after this instant."""
    return next(o for o in occurrences(cadence, after) if o.due_at > after)


def period(cadence: Cadence, day: date) -> tuple[date, date]:
    """Return the first and last day of the weeks in which a list has one edition."""
    weeks = (day - _EPOCH) // _WEEK
    first = _EPOCH + _WEEK * (weeks - weeks % cadence.every_weeks)
    return first, first + _WEEK * cadence.every_weeks - timedelta(days=1)


def timing(mailing_list: MailingList, occurrence: Occurrence, now: datetime) -> Timing:
    """Tell whether a due edition may still go out unasked."""
    late = now - occurrence.due_at
    return Timing.SEND if late <= mailing_list.late_limit else Timing.MISSED
