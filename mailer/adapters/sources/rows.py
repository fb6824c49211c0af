"""Rows with our canonical column names, from any table, turned into drafts."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mailer.adapters.placenames import country_code, parse_place
from mailer.adapters.sources import fields
from mailer.adapters.sources.columns import require
from mailer.adapters.sources.dates import UnreadableError, parse_date, parse_time
from mailer.adapters.sources.location import Spot, take_apart
from mailer.adapters.sources.row import RejectedError, Row
from mailer.adapters.sources.text import quoted
from mailer.core.model import Draft, Facts, Flag, Reading, Rejection
from mailer.ports import Gazetteer


def read_rows(
    rows: Iterable[tuple[int | None, Mapping[str, Any]]],
    *,
    file: str,
    columns: Collection[str],
    gazetteer: Gazetteer,
    default_zone: str | None = None,
) -> Reading:
    """Turn rows into drafts; a row that cannot be used is rejected, the rest goes on.

    Raises InputError when the columns cannot hold a date and a place.
    """
    require(columns, file)
    drafts: list[Draft] = []
    flags: list[Flag] = []
    rejections: list[Rejection] = []
    seen: dict[str, int | None] = {}
    for line, cells in rows:
        row = Row(line=line, cells=cells)
        try:
            draft = _draft(row, gazetteer, default_zone)
            if draft.external_id is not None:
                _refuse_twice(draft, seen)
        except RejectedError as error:
            rejections.append(
                Rejection(
                    file=file, line=line, field=error.field, message=error.message
                )
            )
        else:
            drafts.append(draft)
            flags += row.flags
    return Reading(
        drafts=tuple(drafts), flags=tuple(flags), rejections=tuple(rejections)
    )


def _refuse_twice(draft: Draft, seen: dict[str, int | None]) -> None:
    identity = draft.external_id or ""
    if identity in seen:
        raise RejectedError(
            "external_id",
            f"{quoted(identity)} stands on line {seen[identity]} already; give every"
            " action an identity of its own",
        )
    seen[identity] = draft.line


def _draft(row: Row, gazetteer: Gazetteer, default_zone: str | None) -> Draft:
    spot = _spot(row, gazetteer)
    zone = fields.zone_of(row, spot.place, default_zone)
    return Draft(
        line=row.line,
        external_id=row.words("external_id"),
        facts=replace(
            _timed(row, Facts(start_date=date.min, time_zone=zone, place=spot.place)),
            venue=row.words("venue") or spot.venue,
            address=row.words("address") or spot.address,
            location_visibility=fields.visibility(row),
            title=row.words("title"),
            kind=row.words("kind"),
            target=row.words("target"),
            description=row.words("description"),
            note=row.words("note"),
            url=fields.link(row),
            status=fields.status(row),
            language=fields.language(row),
            sponsors=fields.sponsors(row),
        ),
        contact=fields.contact(row),
    )


def _timed(row: Row, facts: Facts) -> Facts:
    zone = ZoneInfo(facts.time_zone)
    start_date, start_time = _moment(row, "start", zone)
    end_date, end_time = _moment(row, "end", zone)
    if start_date is None:
        raise RejectedError("start_date", 'is missing; write a date as "2019-10-12"')
    facts = replace(
        facts,
        start_date=start_date,
        start_time=start_time,
        end_date=end_date,
        end_time=end_time,
    )
    return _ordered(row, facts)


def _ordered(row: Row, facts: Facts) -> Facts:
    """Return facts whose end is not before their start, or reject the row.

    An end_date that says nothing new is dropped; an end on the clock before the start
    means the next day, and is flagged.
    """
    start, end = facts.start_date, facts.end_date
    if end is not None and end < start:
        raise RejectedError(
            "end_date",
            f"ends on {end.isoformat()}, before it starts on {start.isoformat()};"
            " correct one of the dates",
        )
    if facts.end_time is None or facts.start_time is None:
        return replace(facts, end_date=None if end == start else end)
    if end is None and facts.end_time < facts.start_time:
        if start == date.max:
            raise RejectedError("end_time", "lies beyond the calendar")
        row.flag(
            "end_time",
            "ends-next-day",
            f"ends at {facts.end_time:%H:%M}, before it starts at"
            f" {facts.start_time:%H:%M}: taken for the next day; give an end_date",
        )
        return replace(facts, end_date=start + timedelta(days=1))
    if end == start and facts.end_time < facts.start_time:
        raise RejectedError("end_time", "lies before start_time on the same day")
    return replace(facts, end_date=None if end == start else end)


def _moment(row: Row, side: str, zone: ZoneInfo) -> tuple[date | None, time | None]:
    """Read the date and the time of one side; a date cell may hold both."""
    name = f"{side}_date"
    value = row.cells.get(name)
    day: date | None = None
    at: time | None = None
    if value is not None and str(value).strip():
        try:
            when = parse_date(value)
            day, at = when.in_zone(zone)
        except (UnreadableError, OverflowError) as error:
            raise RejectedError(name, str(error)) from error
        if when.doubt:
            row.flag(name, "date-month-first", when.doubt)
    try:
        said = parse_time(row.cells.get(f"{side}_time"))
    except UnreadableError as error:
        raise RejectedError(f"{side}_time", str(error)) from error
    if at == time() and said is None:
        row.flag(
            name,
            "midnight-unsaid",
            "has midnight for a time, which is taken for no time at all; give a"
            f" {side}_time of 00:00 if midnight is meant",
        )
        at = None
    return day, said if said is not None else at


def _spot(row: Row, gazetteer: Gazetteer) -> Spot:
    city, state = row.words("city"), row.words("state")
    written, country = row.words("country"), "US"
    if written is not None:
        code = country_code(written)
        if code is None:
            raise RejectedError(
                "country",
                f'{quoted(written)} is no country; write its code, as "US" or "MX"',
            )
        country = code
    if city is None:
        label = row.words("place")
        if label is None:
            raise RejectedError("city", 'is missing; write a city, as "San Diego"')
        spot = take_apart(label, gazetteer)
    else:
        if extra := row.words("place"):
            row.flag(
                "place",
                "place-not-read",
                f"{quoted(extra)} is not read, because the city is given; if it is"
                " where people meet, name its column venue",
            )
        locality, region, _ = (city, state, country) if state else parse_place(city)
        spot = Spot(resolved=gazetteer.resolve(locality, region, country))
    if spot.resolved.code:
        name = "place" if city is None else "city"
        row.flag(name, spot.resolved.code, spot.resolved.message or "")
    north, east = row.words("latitude"), row.words("longitude")
    if north is None or east is None:
        return spot
    place = fields.pinned(row, spot.place, north, east, name="latitude")
    return replace(spot, resolved=replace(spot.resolved, place=place))
