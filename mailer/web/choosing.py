"""The form of the preferences: what it shows, and what was posted with it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from mailer.core import preferences
from mailer.core.errors import InputError
from mailer.core.lists import Kind, MailingList
from mailer.core.preferences import Choices, Frequency
from mailer.core.scope import EVERYWHERE, Scope, parse
from mailer.ports import Reader
from mailer.web.form import Fields

REST = timedelta(weeks=4)
A_DAY = timedelta(days=1)
_QUIET = {"yes": True, "no": False}
_SLUG = re.compile(r"[a-z]{2}-[a-z0-9-]{1,40}")
_KM = "161"  # a hundred miles, until somebody says otherwise


class Where(StrEnum):
    """Which of the ways to say what one wants to hear of."""

    EVERYWHERE = "everywhere"
    WITHIN = "within"
    REGIONS = "regions"


class Pause(StrEnum):
    """Which of the ways to say until when nothing is to come."""

    NONE = "no"
    REST = "rest"
    UNTIL = "until"


class Field(StrEnum):
    """What a form can be wrong about."""

    LANGUAGE = "language"
    FREQUENCY = "frequency"
    WHERE = "where"
    REGIONS = "regions"
    QUIET_WEEKS = "quiet_weeks"
    PAUSE = "pause"
    UNTIL = "until"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The values of all its fields, as they are shown again if one is wrong."""

    language: str
    frequency: str
    where: str
    km: str
    regions: Sequence[str]
    quiet_weeks: str
    pause: str
    until: str  # ISO 8601, as browsers write it


def filled(choices: Choices, zone: ZoneInfo) -> Form:
    """Return the form that says what is chosen now."""
    scope = choices.scope
    where = Where.REGIONS if scope.regions else Where.EVERYWHERE
    until = _day(choices.paused_until, zone)
    return Form(
        language=choices.language,
        frequency=choices.frequency.value,
        where=where if scope.km is None else Where.WITHIN,
        km=_KM if scope.km is None else str(scope.km),
        regions=scope.regions,
        quiet_weeks="yes" if choices.quiet_weeks else "no",
        pause=Pause.UNTIL if until else Pause.NONE,
        until=until.isoformat() if until else "",
    )


def posted(fields: Fields) -> Form:
    """Return the form as it was posted; what is missing is empty."""
    return Form(
        language=fields.get("language", ""),
        frequency=fields.get("frequency", ""),
        where=fields.get("where", ""),
        km=fields.get("km", ""),
        regions=[slug for slug in fields.every("region") if _SLUG.fullmatch(slug)],
        quiet_weeks=fields.get("quiet_weeks", ""),
        pause=fields.get("pause", ""),
        until=fields.get("until", ""),
    )


class Reading:
    """A posted form as choices; `troubles` names what could not be read."""

    def __init__(
        self, form: Form, reader: Reader, mailing_list: MailingList, now: datetime
    ) -> None:
        """Read it for a reader of this list, at this moment."""
        self.troubles: set[Field] = set()
        self._form = form
        self._zone = zone_of(reader, mailing_list)
        self._today = now.astimezone(self._zone).date()
        self._now = reader.choices.standing(now)

    def choices(self, languages: Collection[str], kind: Kind) -> Choices:
        """Return what was chosen; what a list of this kind does not ask stays."""
        chosen = replace(
            self._now,
            language=self._form.language,
            paused_until=self._paused_until(),
        )
        if self._form.language not in languages:
            self.troubles.add(Field.LANGUAGE)
        if kind is not Kind.DIGEST:
            return chosen
        return replace(
            chosen,
            frequency=self._frequency(),
            scope=self._scope(),
            quiet_weeks=self._quiet_weeks(),
        )

    def _frequency(self) -> Frequency:
        try:
            return Frequency(self._form.frequency)
        except ValueError:
            self.troubles.add(Field.FREQUENCY)
            return self._now.frequency

    def _quiet_weeks(self) -> bool:
        if self._form.quiet_weeks not in _QUIET:
            self.troubles.add(Field.QUIET_WEEKS)
        return _QUIET.get(self._form.quiet_weeks, False)

    def _scope(self) -> Scope:
        if self._form.where == Where.EVERYWHERE:
            return EVERYWHERE
        regions = ",".join(self._form.regions)
        written = {
            Where.WITHIN.value: f"within:{self._form.km}",
            Where.REGIONS.value: f"in:{regions}",
        }.get(self._form.where)
        try:
            if written is not None:
                return parse(written)
        except InputError:
            self.troubles.add(
                Field.REGIONS if self._form.where == Where.REGIONS else Field.WHERE
            )
        else:
            self.troubles.add(Field.WHERE)
        return self._now.scope

    def _paused_until(self) -> datetime | None:
        if self._form.pause == Pause.NONE:
            return None
        if self._form.pause == Pause.REST:
            return start_of(self._today + REST, self._zone)
        if self._form.pause != Pause.UNTIL:
            self.troubles.add(Field.PAUSE)
            return None
        try:
            day = date.fromisoformat(self._form.until)
        except ValueError:
            day = self._today
        if not self._today < day <= self._today + preferences.LONGEST_PAUSE:
            self.troubles.add(Field.UNTIL)
            return None
        return start_of(day, self._zone)


def zone_of(reader: Reader, mailing_list: MailingList) -> ZoneInfo:
    """Return the time zone in which a reader's days begin."""
    if reader.time_zone:
        return ZoneInfo(reader.time_zone)
    if reader.place and reader.place.time_zone:
        return ZoneInfo(reader.place.time_zone)
    cadence = mailing_list.cadence
    return cadence.zone if cadence else ZoneInfo("UTC")


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which a day begins somewhere, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _day(moment: datetime | None, zone: ZoneInfo) -> date | None:
    return moment.astimezone(zone).date() if moment else None
