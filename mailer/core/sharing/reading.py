"""A posted form → a submission, or what is wrong with which field. All told at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from mailer.core import changes
from mailer.core.model import Contact, Facts, Place, Sponsor, SponsorRole
from mailer.core.sharing import words
from mailer.core.sharing.fields import (
    KINDS,
    LIMITS,
    MOST_SPONSORS,
    Field,
    Form,
    Timing,
    Trouble,
    state_of,
)
from mailer.core.sharing.submission import ShownTo, Submission
from mailer.core.sponsors import name_key

FARTHEST = timedelta(days=2 * 366)  # ahead; beyond that the year is a slip
LONGEST = timedelta(days=60)  # from the first day to the last
_MINUTES = re.compile(r"[1-9][0-9]{0,4}")
_STATE = re.compile(r"([a-z]{2})(?:-([a-z0-9-]{1,40}))?")

PlaceOf = Callable[[str, str | None, str], Place]  # locality, region, country


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What became of a form."""

    submission: Submission | None  # None: something is wrong
    address: str | None  # the host's, where it was asked for
    troubles: Mapping[Field, Trouble]  # in the order of the form


def read(
    form: Form,
    *,
    place_of: PlaceOf,
    now: datetime,
    language: str,
    known: Facts | None = None,
) -> Read:
    """Read what was posted; `language` is that of the words.

    `known` are the facts that are being corrected: what the form does not ask stays as
    it was, and the address is not asked for. `now` is aware.
    """
    reading = _Reading(form, known)
    facts = reading.facts(place_of, language, now)
    shown_to = reading.shown_to()
    contact = reading.contact(shown_to)
    address = None if known else reading.address()
    wrong = reading.troubles
    troubles = {each: wrong[each] for each in Field if each in wrong}
    submission = None
    if facts is not None and not troubles:
        submission = Submission(facts=facts, contact=contact, shown_to=shown_to)
    return Read(submission=submission, address=address, troubles=troubles)


class _Reading:
    """Reads one form, and collects what is wrong with it: the first of each field."""

    def __init__(self, form: Form, known: Facts | None) -> None:
        self._form, self._known = form, known
        self.troubles: dict[Field, Trouble] = {}

    def facts(self, place_of: PlaceOf, language: str, now: datetime) -> Facts | None:
        place = self._place(place_of)
        zone, day = self._zone(place), self._day()
        said = Facts(
            start_date=day or now.date(),
            time_zone=zone or "UTC",
            place=place,
            language=language,
        )
        said = replace(
            self._known or said,
            start_date=said.start_date,
            time_zone=said.time_zone,
            place=place,
            kind=self._kind(),
            title=self._words(Field.TITLE),
            target=self._words(Field.TARGET),
            venue=self._words(Field.VENUE),
            address=self._words(Field.STREET),
            url=self._website(),
            sponsors=self._sponsors(),
        )
        timed = _timed(
            said, self._clock(), self._lasts(), self._last_day(said.start_date)
        )
        if day is None or zone is None:
            return None
        self._check_when(timed, now)
        return timed

    def shown_to(self) -> ShownTo:
        try:
            return ShownTo(self._raw(Field.SHOWN_TO) or ShownTo.NOBODY)
        except ValueError:
            self._wrong(Field.SHOWN_TO, Trouble.UNREADABLE)
            return ShownTo.NOBODY

    def contact(self, shown_to: ShownTo) -> Contact:
        connect = self._raw(Field.CONNECT) or "no"
        if connect not in ("yes", "no"):
            self._wrong(Field.CONNECT, Trouble.UNREADABLE)
        phone = self._words(Field.PHONE)
        if phone and not words.is_phone(phone):
            self._wrong(Field.PHONE, Trouble.UNREADABLE)
        return Contact(
            name=self._words(Field.NAME),
            phone=phone,
            public=shown_to is ShownTo.EVERYBODY,
            consent_connect=connect == "yes",
        )

    def address(self) -> str | None:
        address = self._words(Field.ADDRESS)
        if address is None:
            self._wrong(Field.ADDRESS, Trouble.MISSING)
        elif not words.is_address(address):
            self._wrong(Field.ADDRESS, Trouble.UNREADABLE)
        return address

    def _wrong(self, name: Field, trouble: Trouble) -> None:
        self.troubles.setdefault(name, trouble)

    def _raw(self, name: Field) -> str:
        return self._form.get(name.value, "").strip()

    def _words(self, name: Field) -> str | None:
        said = words.one_line(self._form.get(name.value, ""))
        if len(said) > LIMITS[name.value]:
            self._wrong(name, Trouble.LONG)
        return said or None

    def _kind(self) -> str | None:
        kind = self._words(Field.KIND)
        known = self._known.kind if self._known else None
        if kind not in (None, *KINDS, known):
            self._wrong(Field.KIND, Trouble.UNREADABLE)
        return kind

    def _website(self) -> str | None:
        said = self._words(Field.WEBSITE)
        if said is None:
            return None
        url = said if "://" in said else f"https://{said}"
        if not words.is_link(url):
            self._wrong(Field.WEBSITE, Trouble.UNREADABLE)
        return url

    # --- when

    def _day(self) -> date | None:
        day = self._date(Field.DAY)
        if day is None:
            self._wrong(Field.DAY, Trouble.MISSING)
        return day

    def _date(self, name: Field) -> date | None:
        written = words.one_line(self._raw(name))
        if not written:
            return None
        try:
            return date.fromisoformat(written)
        except ValueError:
            self._wrong(name, Trouble.UNREADABLE)
            return None

    def _clock(self) -> time | None:
        timing = self._raw(Field.TIMING) or Timing.CLOCK
        if timing == Timing.DAY:
            return None
        if timing != Timing.CLOCK:
            self._wrong(Field.TIMING, Trouble.UNREADABLE)
            return None
        written = words.one_line(self._raw(Field.CLOCK))
        if not written:
            self._wrong(Field.CLOCK, Trouble.MISSING)
            return None
        clock = words.clock(written)
        if clock is None:
            self._wrong(Field.CLOCK, Trouble.UNREADABLE)
        return clock

    def _lasts(self) -> timedelta | None:
        written = self._raw(Field.LASTS)
        if not written or self._raw(Field.TIMING) == Timing.DAY:
            return None
        if not _MINUTES.fullmatch(written) or _minutes(written) > LONGEST:
            self._wrong(Field.LASTS, Trouble.UNREADABLE)
            return None
        return _minutes(written)

    def _last_day(self, first: date) -> date | None:
        if self._raw(Field.TIMING) != Timing.DAY:
            return None
        last = self._date(Field.LAST_DAY)
        if last is None or Field.DAY in self.troubles:
            return None
        if last < first:
            self._wrong(Field.LAST_DAY, Trouble.PAST)
        elif last - first > LONGEST:
            self._wrong(Field.LAST_DAY, Trouble.FAR)
        return last

    def _check_when(self, facts: Facts, now: datetime) -> None:
        if changes.over_at(facts) <= now:
            self._wrong(Field.DAY, Trouble.PAST)
        elif changes.starts_at(facts) > now + FARTHEST:
            self._wrong(Field.DAY, Trouble.FAR)

    # --- where

    def _place(self, place_of: PlaceOf) -> Place:
        city, state = self._words(Field.CITY), self._raw(Field.STATE).lower()
        found = _STATE.fullmatch(state or "us")
        if city is None:
            self._wrong(Field.CITY, Trouble.MISSING)
        if found is None:
            self._wrong(Field.STATE, Trouble.UNREADABLE)
        if city is None or found is None or Field.CITY in self.troubles:
            return Place(label="", locality="")
        known = self._known.place if self._known else None
        if known and (known.locality, state_of(known)) == (city, state or "us"):
            return known  # as its source has it, which may know it better
        region = found[2].upper() if found[2] else None
        return place_of(city, region, found[1].upper())

    def _zone(self, place: Place) -> str | None:
        written = self._raw(Field.ZONE)
        if written and not words.is_zone(written):
            self._wrong(Field.ZONE, Trouble.UNREADABLE)
            return None
        if not written and place.time_zone is None and place.locality:
            self._wrong(Field.ZONE, Trouble.MISSING)
        return written or place.time_zone

    # --- who

    def _sponsors(self) -> tuple[Sponsor, ...]:
        lines = self._form.get(Field.SPONSORS.value, "").splitlines()
        unique: dict[str, str] = {}
        for name in filter(None, map(words.one_line, lines)):
            unique.setdefault(name_key(name) or name, name)
        if not unique:
            self._wrong(Field.SPONSORS, Trouble.MISSING)
        elif len(unique) > MOST_SPONSORS:
            self._wrong(Field.SPONSORS, Trouble.MANY)
        elif max(map(len, unique.values())) > LIMITS[Field.SPONSORS.value]:
            self._wrong(Field.SPONSORS, Trouble.LONG)
        known = self._known.sponsors if self._known else ()
        roles = {sponsor.name: sponsor.role for sponsor in known}
        return tuple(
            Sponsor(name=name, role=roles.get(name) or _role(position))
            for position, name in enumerate(unique.values())
        )


def _role(position: int) -> SponsorRole:
    """Return what the form promises: who stands first leads."""
    return SponsorRole.CO_SPONSOR if position else SponsorRole.LEAD


def _minutes(written: str) -> timedelta:
    return timedelta(minutes=int(written))


def _timed(
    facts: Facts, clock: time | None, lasting: timedelta | None, last_day: date | None
) -> Facts:
    """Return facts with this start and end, on the wall clock."""
    plain = replace(facts, start_time=clock, end_date=None, end_time=None)
    if clock is None:
        several = last_day is not None and last_day > facts.start_date
        return replace(plain, end_date=last_day if several else None)
    if lasting is None:
        return plain
    try:
        end = datetime.combine(facts.start_date, clock) + lasting
    except OverflowError:  # the calendar's last days; they are refused as too far
        return plain
    later = end.date() if end.date() > facts.start_date else None
    return replace(plain, end_date=later, end_time=end.time())
