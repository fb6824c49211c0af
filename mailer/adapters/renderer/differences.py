"""What became of an action between two editions, in an order that readers need."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from mailer.adapters.renderer.plain import clean, shortened
from mailer.core.model import Facts, LocationVisibility

_LONGEST = 120  # characters


class Aspect(StrEnum):
    """What of an action differs."""

    STATUS = "status"  # it was off, and is on again
    DATE = "date"
    TIME = "time"
    CITY = "city"
    VENUE = "venue"
    TARGET = "target"
    DETAILS = "details"  # something that is not told as was and now


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One aspect, as it was and as it is now; None where nobody has said."""

    aspect: Aspect
    was: date | time | str | None = None
    now: date | time | str | None = None

    @property
    def days(self) -> int | None:
        """Return by how many days a date moved, in either direction."""
        if isinstance(self.was, date) and isinstance(self.now, date):
            return abs((self.now - self.was).days)
        return None


def differences(before: Facts | None, now: Facts) -> tuple[Difference, ...]:
    """Return what differs; DETAILS when it is nothing that can be put in a word."""
    if before is None:
        return (Difference(aspect=Aspect.DETAILS),)
    found = tuple(_differences(before, now))
    return found or (Difference(aspect=Aspect.DETAILS),)


def venue(facts: Facts) -> str | None:
    """Return where exactly, unless only those who signed up may know."""
    if facts.location_visibility is not LocationVisibility.PUBLIC:
        return None
    known = (_said(part) for part in (facts.venue, facts.address) if part)
    return ", ".join(part for part in known if part) or None


def _said(words: str | None) -> str:
    return shortened(clean(words or ""), _LONGEST)


def _differences(before: Facts, now: Facts) -> Iterator[Difference]:
    if before.status.is_off and not now.status.is_off:
        yield Difference(aspect=Aspect.STATUS)
    pairs = (
        (Aspect.DATE, before.start_date, now.start_date),
        (Aspect.TIME, before.start_time, now.start_time),
        (Aspect.CITY, _said(before.place.label), _said(now.place.label)),
        (Aspect.VENUE, venue(before), venue(now)),
        (Aspect.TARGET, _said(before.target), _said(now.target)),
    )
    for aspect, was, became in pairs:
        # A venue that vanished may have become private: no word about it.
        if became != was and became:
            yield Difference(aspect=aspect, was=was or None, now=became)
