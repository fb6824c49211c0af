"""One action of a digest as a row to print: words made fit, sponsors counted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from urllib.parse import quote

from mailer.adapters.renderer.differences import Difference, differences, venue
from mailer.adapters.renderer.plain import clean, https, shortened
from mailer.core.digest import Digest, Item, ItemKind
from mailer.core.model import (
    ActionStatus,
    Facts,
    LocationVisibility,
    Place,
    SponsorRole,
)

_SPONSORS = 4  # with one more than this, all are named
_DESCRIPTION, _NOTE, LABEL = 320, 200, 120  # characters
_MORNING = time(9)  # who stays longer than this stays for the next day
_KM_PER_MILE = 1.609344


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One action, ready to print."""

    url: str
    calendar: str
    day: date
    until: date | None  # when it ends on another day
    starts: time | None
    ends: time | None
    place: str  # "San Diego, CA"
    city: str  # "San Diego"
    title: str | None
    kind: str | None
    target: str | None
    venue: str | None
    on_request: bool  # the address goes to those who sign up
    description: str | None
    note: str | None
    language: str | None  # of title, target, description and note, if not the reader's
    sponsors: tuple[str, ...]
    more_sponsors: int
    is_new: bool
    is_off: bool
    is_postponed: bool
    is_tentative: bool
    differences: tuple[Difference, ...]
    distance: int | None  # in the reader's unit; 0 is less than one
    unit: str  # "mi" or "km"


def row_of(item: Item, digest: Digest, base_url: str) -> Row:
    """Make an action fit to print for the readers of this digest."""
    facts = item.facts
    page = f"{base_url}/actions/{quote(item.public_id, safe='')}"
    sponsors = _sponsors(facts)
    named = sponsors if len(sponsors) <= _SPONSORS + 1 else sponsors[:_SPONSORS]
    distance, unit = _distance(item, digest.reader)
    changed = item.kind is ItemKind.CHANGED
    until = _until(facts)
    return Row(
        url=https(facts.url) or page,
        calendar=f"{page}.ics",
        day=facts.start_date,
        until=until,
        starts=facts.start_time,
        ends=facts.end_time if until or facts.end_time != facts.start_time else None,
        place=_words(facts.place.label, LABEL) or clean(facts.place.locality),
        city=_words(facts.place.locality, LABEL) or clean(facts.place.label),
        title=_words(facts.title, LABEL),
        kind=_words(facts.kind, LABEL),
        target=_words(facts.target, LABEL),
        venue=venue(facts),
        on_request=facts.location_visibility is LocationVisibility.RSVP_ONLY,
        description=_words(facts.description, _DESCRIPTION),
        note=_words(facts.note, _NOTE),
        language=facts.language if facts.language != digest.language else None,
        sponsors=named,
        more_sponsors=len(sponsors) - len(named),
        is_new=item.kind is ItemKind.NEW and not digest.first,
        is_off=facts.status.is_off,
        is_postponed=facts.status is ActionStatus.POSTPONED,
        is_tentative=facts.status is ActionStatus.TENTATIVE,
        differences=differences(item.before, facts) if changed else (),
        distance=distance,
        unit=unit,
    )


def _until(facts: Facts) -> date | None:
    """Return the last day; a night is no second day, its hours say it all."""
    if facts.end_date is None or facts.end_date == facts.start_date:
        return None
    night = (
        facts.end_date - facts.start_date == timedelta(days=1)
        and facts.start_time is not None
        and facts.end_time is not None
        and facts.end_time < facts.start_time
        and facts.end_time <= _MORNING
    )
    return None if night else facts.end_date


def _words(words: str | None, limit: int) -> str | None:
    return (shortened(clean(words), limit) or None) if words else None


def _sponsors(facts: Facts) -> tuple[str, ...]:
    leads_first = sorted(
        facts.sponsors, key=lambda sponsor: sponsor.role is not SponsorRole.LEAD
    )
    names = (_words(sponsor.name, LABEL) for sponsor in leads_first)
    return tuple(name for name in names if name)


def _distance(item: Item, reader: Place | None) -> tuple[int | None, str]:
    unit = "mi" if reader is None or reader.country == "US" else "km"
    if reader is None or item.distance_km is None or item.facts.place.key == reader.key:
        return None, unit
    return round(item.distance_km / (_KM_PER_MILE if unit == "mi" else 1)), unit


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Sort by day and hour; an action without an hour comes last in its day."""
    return sorted(
        rows, key=lambda row: (row.day, row.starts or time.max, row.place.casefold())
    )
