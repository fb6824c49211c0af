"""From actions to one group's digest: what is new, changed, off, and how near."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from math import asin, cos, radians, sin, sqrt

from mailer.core import changes
from mailer.core.digest import Digest, Item, ItemKind, Section, SectionKind
from mailer.core.model import Action, Facts, Place

NEAR_KM = 40.0  # about 25 miles
_EARTH_KM = 6371.0


def assemble(
    actions: Iterable[Action],
    *,
    list_slug: str,
    edition: str,
    edition_date: date,
    language: str,
    reader: Place | None,
    known: Mapping[int, Facts] | None,
    as_of: datetime,
    until: datetime,
) -> Digest:
    """Return the digest for readers of one place who know `known` (None: nothing yet).

    Takes every action that may matter; leaves out what is over at `as_of`, what
    starts at `until` or later (unless it moved there from what readers know), and
    cancellations of what they never heard of.
    """
    items = [
        item
        for action in actions
        if (item := _item(action, known, reader, as_of, until)) is not None
    ]
    items.sort(key=_by_date)
    changed = [i for i in items if i.kind in (ItemKind.CHANGED, ItemKind.CANCELLED)]
    upcoming = [i for i in items if _takes_place(i, until)]
    return Digest(
        list_slug=list_slug,
        edition=edition,
        language=language,
        reader=reader,
        week_of=edition_date - timedelta(days=edition_date.weekday()),
        as_of=as_of,
        first=known is None,
        sections=tuple(
            Section(kind=kind, items=tuple(members))
            for kind, members in (
                (SectionKind.CHANGES, changed),
                *_by_nearness(upcoming, reader),
            )
            if members
        ),
    )


def _item(
    action: Action,
    known: Mapping[int, Facts] | None,
    reader: Place | None,
    as_of: datetime,
    until: datetime,
) -> Item | None:
    facts = action.facts
    if changes.over_at(facts) <= as_of:
        return None
    before = known.get(action.id) if known else None
    differs = before is not None and bool(changes.differences(before, facts))
    if before is not None and differs:
        kind = ItemKind.CANCELLED if facts.status.is_off else ItemKind.CHANGED
    elif facts.status.is_off or changes.starts_at(facts) >= until:
        return None
    else:
        kind = ItemKind.COMING if before is not None else ItemKind.NEW
    return Item(
        action_id=action.id,
        public_id=action.public_id,
        version=action.version,
        kind=kind,
        facts=facts,
        before=before if differs else None,
        distance_km=distance_km(reader, facts.place) if reader else None,
    )


def _takes_place(item: Item, until: datetime) -> bool:
    return item.kind is not ItemKind.CANCELLED and changes.starts_at(item.facts) < until


def _by_date(item: Item) -> tuple[date, bool, str, str, str]:
    facts = item.facts
    clock = facts.start_time.isoformat() if facts.start_time else ""
    return facts.start_date, not clock, clock, facts.place.label, item.public_id


def _by_nearness(
    items: list[Item], reader: Place | None
) -> list[tuple[SectionKind, list[Item]]]:
    sections: dict[SectionKind, list[Item]] = {
        SectionKind.NEAR: [],
        SectionKind.REGION: [],
        SectionKind.COUNTRY: [],
    }
    for item in items:
        sections[nearness(item.facts.place, item.distance_km, reader)].append(item)
    sections[SectionKind.NEAR].sort(key=lambda item: item.distance_km or 0.0)
    return list(sections.items())


def nearness(place: Place, distance: float | None, reader: Place | None) -> SectionKind:
    """Tell which section a place belongs in for a reader."""
    if reader is None:
        return SectionKind.COUNTRY
    if place.key == reader.key or (distance is not None and distance <= NEAR_KM):
        return SectionKind.NEAR
    if reader.region and (place.region, place.country) == (
        reader.region,
        reader.country,
    ):
        return SectionKind.REGION
    return SectionKind.COUNTRY


def distance_km(a: Place, b: Place) -> float | None:
    """Return the great-circle distance, or None when either has no coordinates."""
    if None in (a.latitude, a.longitude, b.latitude, b.longitude):
        return None
    lat1, lon1, lat2, lon2 = (
        radians(degrees or 0.0)
        for degrees in (a.latitude, a.longitude, b.latitude, b.longitude)
    )
    half = (
        sin((lat2 - lat1) / 2) ** 2
        + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(half)))
