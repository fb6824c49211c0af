"""A digest laid out for its templates: counted, grouped by day, words made fit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from urllib.parse import quote

from mailer.adapters.renderer.brand import Brand, in_language
from mailer.adapters.renderer.plain import clean, shortened
from mailer.adapters.renderer.rows import LABEL, Row, in_order, row_of
from mailer.core.digest import Digest, Item, SectionKind
from mailer.core.model import Place
from mailer.core.states import state_name

FEATURED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The actions of one day."""

    day: date
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One action that is not what it was, with what still stands in its city."""

    row: Row
    still: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One day of the week strip."""

    day: date
    count: int
    is_home: bool  # something is near the reader on this day


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """The figures of headline, subject and preheader."""

    total: int  # upcoming, shown or not
    near: int
    in_city: bool  # all that is near is in the reader's own city
    city: str | None  # the reader's
    state: str | None
    nearest: str | None  # the city closest to a reader without actions near
    spread: tuple[str, str] | None  # the westernmost and the easternmost city
    places: int
    first: Row | None  # the earliest
    region: int
    country: int


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that the digest's templates print, but for the slots."""

    week_of: date
    heads: Heads
    week: tuple[Cell, ...]
    this_week: int
    later: int
    changes: tuple[Change, ...]
    changed: int  # how many changes there are
    changes_hidden: int  # of which are not shown
    featured: tuple[Row, ...]
    near: tuple[Day, ...]  # near too, after the featured ones
    region: tuple[Day, ...]
    country: tuple[Day, ...]
    hidden: int  # upcoming ones that are not shown
    actions_url: str
    web_url: str | None  # where everybody may read this edition
    brand: Brand
    note: str | None
    note_language: str | None
    signature: str | None


def view(
    digest: Digest,
    *,
    brand: Brand,
    base_url: str,
    shown: int,
    changes_shown: int | None = None,
    is_public: bool = False,
) -> View:
    """Lay out a digest whose first `shown` upcoming actions are printed in full."""
    rows = {
        id(item): row_of(item, digest, base_url)
        for section in digest.sections
        for item in section.items
    }
    upcoming = digest.upcoming
    printed = {id(item) for item in upcoming[: max(shown, 0)]}

    def of(*kinds: SectionKind) -> list[Row]:
        return in_order(
            rows[id(item)]
            for section in digest.sections
            if section.kind in kinds
            for item in section.items
            if id(item) in printed
        )

    near = [rows[id(item)] for item in digest.near if id(item) in printed]
    everything = in_order(rows[id(item)] for item in upcoming)
    week = _week(digest, {rows[id(item)] for item in digest.near}, everything)
    this_week = sum(cell.count for cell in week)
    note, note_language = in_language(brand.note, digest.language)
    return View(
        week_of=digest.week_of,
        heads=_heads(digest, everything),
        week=week,
        this_week=this_week,
        later=len(upcoming) - this_week,
        changes=tuple(
            _change(rows[id(item)], item, digest, rows)
            for item in digest.changes[:changes_shown]
        ),
        changed=len(digest.changes),
        changes_hidden=len(digest.changes) - len(digest.changes[:changes_shown]),
        featured=tuple(near[:FEATURED]),  # nearest first, as the digest has them
        near=_days(in_order(near[FEATURED:])),
        region=_days(of(SectionKind.REGION)),
        country=_days(of(SectionKind.COUNTRY)),
        hidden=len(upcoming) - len(printed),
        actions_url=f"{base_url}/actions",
        web_url=_web_url(digest, base_url) if is_public else None,
        brand=brand,
        note=note,
        note_language=note_language,
        signature=brand.signature.get(note_language or digest.language),
    )


def _web_url(digest: Digest, base_url: str) -> str:
    edition = f"{digest.list_slug}/{quote(digest.edition, safe='')}"
    return f"{base_url}/editions/{edition}?lang={digest.language}"


def _days(rows: Iterable[Row]) -> tuple[Day, ...]:
    return tuple(
        Day(day=day, rows=tuple(group))
        for day, group in groupby(rows, key=lambda row: row.day)
    )


def _week(digest: Digest, near: set[Row], rows: Iterable[Row]) -> tuple[Cell, ...]:
    # What has begun earlier and still goes on counts on the week's first day.
    starts = [(max(row.day, digest.week_of), row in near) for row in rows]
    week = [digest.week_of + timedelta(days=number) for number in range(7)]
    return tuple(
        Cell(
            day=day,
            count=sum(start == day for start, _ in starts),
            is_home=(day, True) in starts,
        )
        for day in week
    )


def _change(row: Row, item: Item, digest: Digest, rows: Mapping[int, Row]) -> Change:
    if not row.is_off:
        return Change(row=row, still=())
    still = in_order(
        rows[id(other)]
        for other in digest.upcoming
        if other.facts.place.key == item.facts.place.key
    )
    return Change(row=row, still=tuple(still[:3]))


def _heads(digest: Digest, rows: list[Row]) -> Heads:
    reader, near = digest.reader, digest.near
    return Heads(
        total=len(rows),
        near=len(near),
        in_city=reader is not None
        and all(item.facts.place.key == reader.key for item in near),
        city=_city(reader) if reader else None,
        state=state_name(reader.region, reader.country) if reader else None,
        nearest=_nearest(digest),
        spread=_spread(digest),
        places=len({item.facts.place.key for item in digest.upcoming}),
        first=rows[0] if rows else None,
        region=_count(digest, SectionKind.REGION),
        country=_count(digest, SectionKind.COUNTRY),
    )


def _city(place: Place) -> str:
    """Return a city's name, no longer than a subject can bear."""
    return shortened(clean(place.locality), LABEL)


def _count(digest: Digest, kind: SectionKind) -> int:
    return sum(
        len(section.items) for section in digest.sections if section.kind is kind
    )


def _nearest(digest: Digest) -> str | None:
    if digest.reader is None or digest.near:
        return None
    known = [item for item in digest.upcoming if item.distance_km is not None]
    if not known:
        return None
    item = min(known, key=lambda item: item.distance_km or 0.0)
    return _city(item.facts.place)


def _spread(digest: Digest) -> tuple[str, str] | None:
    located = sorted(
        (place.longitude, _city(place))
        for place in (item.facts.place for item in digest.upcoming)
        if place.longitude is not None
    )
    if not located or located[0][1] == located[-1][1]:
        return None
    return located[0][1], located[-1][1]
