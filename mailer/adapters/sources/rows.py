"""Rows with our canonical column names, from any table, turned into drafts."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailer.adapters.places import country_code, parse_place
from mailer.adapters.sources.dates import UnreadableError, parse_date, parse_time
from mailer.adapters.sources.location import Spot, take_apart
from mailer.adapters.sources.text import one_line, paragraphs, quoted
from mailer.core.errors import InputError
from mailer.core.model import (
    ActionStatus,
    Contact,
    Draft,
    Facts,
    Flag,
    LocationVisibility,
    Place,
    Reading,
    Rejection,
    Sponsor,
    SponsorRole,
)
from mailer.core.sponsors import name_key, split
from mailer.ports import Gazetteer

KNOWN = (
    "external_id",
    "title",
    "status",
    "start_date",
    "start_time",
    "end_date",
    "end_time",
    "time_zone",
    "venue",
    "address",
    "place",
    "city",
    "state",
    "postal_code",
    "country",
    "latitude",
    "longitude",
    "location_visibility",
    "url",
    "target",
    "kind",
    "sponsors",
    "lead_sponsor",
    "description",
    "note",
    "contact_name",
    "contact_email",
    "contact_phone",
    "contact_public",
    "consent_connect",
    "language",
)
SYNONYMS = {
    synonym: name
    for name, synonyms in {
        "external_id": "id uid identifier event_id action_id",
        "title": "name event event_name action",
        "start_date": "date day starts start fecha",
        "start_time": "time hora begins_at",
        "end_date": "ends end",
        "time_zone": "timezone tz zone zona_horaria",
        "venue": "location_name lugar site",
        "address": "street street_address address_1 address_line_1 direccion dirección",
        "place": "location where",
        "city": "locality town ciudad",
        "state": "region province estado",
        "postal_code": "zip zip_code zipcode postcode codigo_postal",
        "country": "country_code pais país",
        "latitude": "lat",
        "longitude": "lon lng long",
        "location_visibility": "visibility",
        "url": "link website web_page browser_url",
        "kind": "type event_type tipo",
        "sponsors": "organizations organisations endorsers organizaciones",
        "lead_sponsor": "lead host organizer organiser organization",
        "description": "details summary descripcion descripción",
        "note": "notes nota",
        "contact_email": "email e_mail",
        "contact_phone": "phone",
        "language": "lang idioma",
    }.items()
    for synonym in synonyms.split()
}
NOT_KEPT = frozenset(("postal_code",))
_COLUMN_HINT = {
    "column-unknown": f"rename it if it is one of {', '.join(KNOWN)}",
    "column-not-kept": "the city tells where the action is",
}
_LONGEST = {"description": 20_000, "note": 2_000, "url": 2_000, "sponsors": 20_000}
_LONG = 300  # characters of any other field
_YES = frozenset(("1", "y", "yes", "true", "t", "x", "si", "sí"))
_NO = frozenset(("", "0", "n", "no", "false", "f"))
_LANGUAGES = {
    "english": "en",
    "inglés": "en",
    "spanish": "es",
    "español": "es",
    "espanol": "es",
}
_STATUSES = {
    "canceled": "cancelled",
    "scheduled": "confirmed",
    "active": "confirmed",
    "rescheduled": "postponed",
    "confirmada": "confirmed",
    "cancelada": "cancelled",
    "aplazada": "postponed",
    "pospuesta": "postponed",
}


class RejectedError(Exception):
    """A row cannot be used; says which field and why."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = name, message


@dataclass(kw_only=True)
class Row:
    """One row being read; collects what a person should look at."""

    line: int | None
    cells: Mapping[str, Any]
    flags: list[Flag] = field(default_factory=list)

    def words(self, name: str) -> str | None:
        """Return a cell on one line, None when it is blank; too long is cut and told."""
        value = self.cells.get(name)
        if value is None:
            return None
        multiline = name in ("description", "note")
        clean = paragraphs(str(value)) if multiline else one_line(str(value))
        limit = _LONGEST.get(name, _LONG)
        if len(clean) > limit:
            self.flag(
                name,
                "text-cut",
                f"is longer than {limit} characters and was cut; shorten it",
            )
            clean = clean[: limit - 1] + "…"
        return clean or None

    def flag(self, name: str, code: str, message: str) -> None:
        """Ask a person to look."""
        self.flags.append(Flag(line=self.line, field=name, code=code, message=message))


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
    _require(columns, file)
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


def column_flags(unknown: Iterable[str], columns: Collection[str]) -> tuple[Flag, ...]:
    """Tell once, not on every row, what nothing is read from."""
    ignored = [("column-unknown", name) for name in unknown]
    ignored += [("column-not-kept", name) for name in columns if name in NOT_KEPT]
    return tuple(
        Flag(
            line=1,
            field=one_line(name),
            code=code,
            message=f"the column {quoted(name)} is not read; {_COLUMN_HINT[code]}",
        )
        for code, name in ignored
    )


def _require(columns: Collection[str], file: str) -> None:
    if "start_date" not in columns:
        raise InputError(
            f'{file}: has no column for the date; name it "start_date" and write dates'
            ' as "2019-10-12"'
        )
    if not {"city", "place"} & set(columns):
        raise InputError(
            f'{file}: has no column for the place; name it "city", and another "state"'
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
    zone = zone_of(row, spot.place, default_zone)
    return Draft(
        line=row.line,
        external_id=row.words("external_id"),
        facts=replace(
            _timed(row, Facts(start_date=date.min, time_zone=zone, place=spot.place)),
            venue=row.words("venue") or spot.venue,
            address=row.words("address") or spot.address,
            location_visibility=_visibility(row),
            title=row.words("title"),
            kind=row.words("kind"),
            target=row.words("target"),
            description=row.words("description"),
            note=row.words("note"),
            url=link(row),
            status=_status(row),
            language=_language(row),
            sponsors=_sponsors(row),
        ),
        contact=_contact(row),
    )


# --- when ---------------------------------------------------------------------


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
    return ordered(row, facts)


def ordered(row: Row, facts: Facts) -> Facts:
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


def zone_of(row: Row, place: Place, default_zone: str | None) -> str:
    """Return the zone the row names, else its place's, else the source's, flagged."""
    written = row.words("time_zone")
    if written is not None:
        if not is_zone(written):
            raise RejectedError(
                "time_zone",
                f'{quoted(written)} is no time zone; write one as "America/Chicago"',
            )
        return written
    if place.time_zone is not None:
        return place.time_zone
    if default_zone is None:
        raise RejectedError(
            "place",
            f"nobody knows the time zone of {quoted(place.label)}; write a city and its"
            ' state, as "Reno, NV", or a city for it under [places] in mailer.toml',
        )
    row.flag(
        "time_zone",
        "zone-assumed",
        f"the time zone of {quoted(place.label)} is not known; {default_zone}, the"
        " source's own, was taken",
    )
    return default_zone


def is_zone(name: str) -> bool:
    """Tell whether this is the name of a time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


# --- where --------------------------------------------------------------------


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
        locality, region, _ = (city, state, country) if state else parse_place(city)
        spot = Spot(resolved=gazetteer.resolve(locality, region, country))
    if spot.resolved.code:
        name = "place" if city is None else "city"
        row.flag(name, spot.resolved.code, spot.resolved.message or "")
    return Spot(
        resolved=replace(spot.resolved, place=_pinned(row, spot.place)),
        venue=spot.venue,
        address=spot.address,
    )


def _pinned(row: Row, place: Place) -> Place:
    """Put the place where the row's own coordinates say it is."""
    latitude, longitude = row.words("latitude"), row.words("longitude")
    if latitude is None or longitude is None:
        return place
    try:
        north, east = float(latitude), float(longitude)
    except ValueError:
        north = east = float("nan")
    if not (abs(north) <= 90 and abs(east) <= 180):  # noqa: PLR2004 - NaN fails too
        row.flag(
            "latitude",
            "coordinates-dropped",
            "latitude and longitude are no degrees, as 32.7157 and -117.1611; those of"
            " the city were taken",
        )
        return place
    return replace(place, latitude=north, longitude=east)


# --- the rest -----------------------------------------------------------------


def link(row: Row) -> str | None:
    """Return the row's link; anything but http and https is dropped and told."""
    written = row.words("url")
    if written is None or is_link(written):
        return written
    row.flag(
        "url",
        "url-dropped",
        f"{quoted(written)} is no web address and was left out; write it with https://",
    )
    return None


def is_link(words: str) -> bool:
    """Tell whether this is a web address that may stand in a mail."""
    try:
        parts = urlsplit(words)
    except ValueError:
        return False
    plain = not any(each.isspace() or each in '<>"\\' for each in words)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain


def _status(row: Row) -> ActionStatus:
    written = row.words("status")
    if written is None:
        return ActionStatus.CONFIRMED
    folded = _STATUSES.get(written.casefold(), written.casefold())
    try:
        return ActionStatus(folded)
    except ValueError:
        raise RejectedError(
            "status", f"{quoted(written)} is none of {', '.join(ActionStatus)}"
        ) from None


def _visibility(row: Row) -> LocationVisibility:
    written = row.words("location_visibility")
    if written is None:
        return LocationVisibility.PUBLIC
    try:
        return LocationVisibility(written.casefold().replace(" ", "_"))
    except ValueError:
        # Not guessed: a wrong guess would print an address that is to stay private.
        raise RejectedError(
            "location_visibility",
            f"{quoted(written)} is none of {', '.join(LocationVisibility)}",
        ) from None


def _language(row: Row) -> str | None:
    written = row.words("language")
    if written is None:
        return None
    folded = written.casefold().replace("_", "-")
    code = _LANGUAGES.get(folded, folded)
    if re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}", code):
        return code
    row.flag(
        "language",
        "language-dropped",
        f'{quoted(written)} is no language code and was left out; write "en" or "es"',
    )
    return None


def _sponsors(row: Row) -> tuple[Sponsor, ...]:
    """Read the lead and the others; names are parted by semicolons, not commas."""
    lead, written = row.words("lead_sponsor"), row.words("sponsors")
    line = split(f"{written or ''};")
    if written and "," in written and ";" not in written:
        row.flag(
            "sponsors",
            "sponsors-with-commas",
            "has commas but no semicolons and is taken for one name; part several"
            " names with semicolons",
        )
    others = (
        name for name in line.names if not lead or name_key(name) != name_key(lead)
    )
    leads = (Sponsor(name=lead, role=SponsorRole.LEAD),) if lead else ()
    return (*leads, *(Sponsor(name=name) for name in others))


def _contact(row: Row) -> Contact:
    email = row.words("contact_email")
    if email is not None and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", email):
        row.flag(
            "contact_email",
            "contact-email-dropped",
            "is no e-mail address and was left out",
        )
        email = None
    return Contact(
        name=row.words("contact_name"),
        email=email,
        phone=row.words("contact_phone"),
        public=_yes(row, "contact_public"),
        consent_connect=_yes(row, "consent_connect"),
    )


def _yes(row: Row, name: str) -> bool:
    written = (row.words(name) or "").casefold()
    if written in _YES:
        return True
    if written not in _NO:
        row.flag(
            name,
            "yes-or-no",
            f'{quoted(written)} is neither yes nor no and is taken for no; write "yes"',
        )
    return False
