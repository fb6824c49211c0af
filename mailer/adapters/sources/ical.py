"""Actions from a calendar feed (iCalendar, RFC 5545)."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from icalendar import Calendar, Component

from mailer.adapters.sources.fields import is_zone, link, pinned
from mailer.adapters.sources.location import Spot, take_apart
from mailer.adapters.sources.occurrences import Occurrence, Window, read_series
from mailer.adapters.sources.row import RejectedError, Row
from mailer.adapters.sources.spans import attribute, read_span, words
from mailer.adapters.sources.text import one_line, quoted, read_text
from mailer.core.errors import InputError
from mailer.core.model import (
    ActionStatus,
    Draft,
    Flag,
    Place,
    Reading,
    Rejection,
    Sponsor,
    SponsorRole,
)
from mailer.ports import Gazetteer

MAX_BYTES = 16 * 1024 * 1024
_CELLS = {"title": "SUMMARY", "description": "DESCRIPTION", "url": "URL"}


class IcalSource:
    """A calendar's text; occurrences of repeated events count one by one."""

    def __init__(
        self,
        text: str,
        *,
        file: str,
        window: Window,
        gazetteer: Gazetteer,
        default_zone: str | None = None,
        default_place: str | None = None,
    ) -> None:
        """Take the words; only what touches the window is read.

        `default_zone` serves places whose zone nobody knows, after the event's and the
        calendar's own; `default_place`, as "Oakland, CA", serves events without a
        LOCATION.
        """
        self._text, self._file, self._window = text, file, window
        self._gazetteer, self._zone = gazetteer, default_zone
        self._default_place = default_place

    @classmethod
    def from_path(
        cls,
        path: Path,
        *,
        window: Window,
        gazetteer: Gazetteer,
        default_zone: str | None = None,
        default_place: str | None = None,
    ) -> "IcalSource":
        """Take a file's words; raises InputError when it holds none."""
        return cls(
            read_text(path, limit=MAX_BYTES).words,
            file=str(path),
            window=window,
            gazetteer=gazetteer,
            default_zone=default_zone,
            default_place=default_place,
        )

    def read(self) -> Reading:
        """Read the window; raises InputError when the text is no calendar."""
        calendar = self._calendar()
        cancelled = words(calendar, "METHOD").upper() == "CANCEL"
        drafts: dict[str, tuple[int, Draft]] = {}
        flags: dict[Flag, None] = {}
        rejections: list[Rejection] = []
        for series in read_series(calendar, self._text):
            found: list[tuple[Occurrence, Draft]] = []
            row = Row(line=series.line, cells={})
            try:
                for occurrence in series.occurrences(self._window.widened()):
                    draft = self._draft(occurrence, row, calendar)
                    if draft is not None:
                        found.append((occurrence, draft))
            except RejectedError as error:
                message = f"{quoted(series.title)}: {error.message}"
                rejections.append(
                    Rejection(
                        file=self._file,
                        line=series.line,
                        field=error.field,
                        message=message,
                    )
                )
            for occurrence, draft in found:
                revision, _ = drafts.get(occurrence.external_id, (-1, draft))
                if occurrence.sequence >= revision:
                    drafts[occurrence.external_id] = (
                        occurrence.sequence,
                        _cancelled(draft) if cancelled else draft,
                    )
            flags |= dict.fromkeys(row.flags)
        return Reading(
            drafts=tuple(draft for _, draft in drafts.values()),
            flags=tuple(flags),
            rejections=tuple(rejections),
        )

    def _calendar(self) -> Component:
        text = self._text.lstrip("\ufeff \r\n\t")
        if not text[:15].upper().startswith("BEGIN:VCALENDAR"):
            raise InputError(
                f"{self._file}: is no calendar: it does not begin with BEGIN:VCALENDAR;"
                " name another --format, or the address of the feed itself"
            )
        try:
            return Calendar.from_ical(text)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise InputError(
                f"{self._file}: is a broken calendar ({quoted(str(error))}); ask its"
                " owner for a new export"
            ) from error

    def _draft(
        self, occurrence: Occurrence, shared: Row, calendar: Component
    ) -> Draft | None:
        """Return one occurrence, or None when it lies outside of the window."""
        component = occurrence.component
        row = Row(line=shared.line, cells=_cells(component), flags=[])
        span = read_span(component, row)
        if not self._window.widened().holds(*span.days):
            return None
        if words(component, "CLASS").upper() in ("PRIVATE", "CONFIDENTIAL"):
            raise RejectedError("CLASS", "is marked private and was left out")
        spot = self._spot(component, row)
        zone = self._zone_of(span.start, spot.place, calendar, row)
        facts = span.on_the_clock(zone, spot.place)
        if not self._window.holds(facts.start_date, facts.end_date or facts.start_date):
            return None
        if occurrence.doubt:
            row.flag("UID", *occurrence.doubt)
        facts = replace(
            facts,
            venue=spot.venue,
            address=spot.address,
            title=row.words("title"),
            description=row.words("description"),
            url=link(row),
            status=_status(component, row),
            sponsors=_organizer(component),
        )
        shared.flags += row.flags
        return Draft(line=row.line, external_id=occurrence.external_id, facts=facts)

    def _spot(self, component: Component, row: Row) -> Spot:
        written = words(component, "LOCATION").strip() or self._default_place
        if not written:
            raise RejectedError(
                "LOCATION",
                "is missing; add it to the event, or give the source a default place in"
                " mailer.toml",
            )
        spot = take_apart(written, self._gazetteer)
        if spot.resolved.code:
            row.flag("LOCATION", spot.resolved.code, spot.resolved.message or "")
        if "GEO" not in component:
            return spot
        north = attribute(component, "GEO", "latitude")
        east = attribute(component, "GEO", "longitude")
        place = pinned(row, spot.place, north, east, name="GEO")
        return replace(spot, resolved=replace(spot.resolved, place=place))

    def _zone_of(self, start: date, place: Place, calendar: Component, row: Row) -> str:
        """Return the place's zone, else the event's, the calendar's or the source's."""
        tzinfo = start.tzinfo if isinstance(start, datetime) else None
        own = getattr(tzinfo, "key", None)
        candidates = (
            place.time_zone,
            own if own != "UTC" else None,
            one_line(words(calendar, "X-WR-TIMEZONE")),
            self._zone,
        )
        zone = next((each for each in candidates if each and is_zone(each)), None)
        if zone is None:
            raise RejectedError(
                "LOCATION",
                f"nobody knows the time zone of {quoted(place.label)}; add city and"
                " state to the event, or give the source a default zone in mailer.toml",
            )
        if place.time_zone is None:
            row.flag(
                "DTSTART",
                "zone-assumed",
                f"the time zone of {quoted(place.label)} is not known and {zone} was"
                " taken; add city and state to the event",
            )
        return zone


def _cells(component: Component) -> dict[str, str]:
    return {
        name: words(component, key) for name, key in _CELLS.items() if key in component
    }


def _cancelled(draft: Draft) -> Draft:
    """Return the draft as METHOD:CANCEL means it."""
    return replace(draft, facts=replace(draft.facts, status=ActionStatus.CANCELLED))


# --- what and who -------------------------------------------------------------


def _status(component: Component, row: Row) -> ActionStatus:
    written = (one_line(words(component, "STATUS")) or "confirmed").casefold()
    if written in ("confirmed", "tentative", "cancelled"):
        return ActionStatus(written)
    row.flag(
        "STATUS",
        "status-unknown",
        f"{quoted(written)} is none of CONFIRMED, TENTATIVE, CANCELLED; taken for"
        " confirmed",
    )
    return ActionStatus.CONFIRMED


def _organizer(component: Component) -> tuple[Sponsor, ...]:
    """Return the organizer by name; an address is no name and stays private."""
    params = attribute(component, "ORGANIZER", "params") or {}
    name = one_line(str(params.get("CN", "")))
    if not name or "@" in name:
        return ()
    return (Sponsor(name=name, role=SponsorRole.LEAD),)
