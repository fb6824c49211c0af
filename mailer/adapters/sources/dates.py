"""Dates and times as people write them, in English and Spanish."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

_MONTHS = (
    "january jan enero ene",
    "february feb febrero",
    "march mar marzo",
    "april apr abril abr",
    "may mayo",
    "june jun junio",
    "july jul julio",
    "august aug agosto ago",
    "september sep sept septiembre setiembre",
    "october oct octubre",
    "november nov noviembre",
    "december dec diciembre dic",
)
MONTHS = {
    name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()
}
_WEEKDAYS = (
    "monday mon lunes lun",
    "tuesday tue tues martes",
    "wednesday wed miércoles miercoles mié mie",
    "thursday thu thur thurs jueves jue",
    "friday fri viernes vie",
    "saturday sat sábado sabado sáb sab",
    "sunday sun domingo dom",
)
WEEKDAYS = {
    name: number for number, names in enumerate(_WEEKDAYS) for name in names.split()
}
ENGLISH_DAYS = tuple(names.split()[0].capitalize() for names in _WEEKDAYS)

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}:\d\d(?::\d\d(?:\.\d{1,9})?)?)"
    r" ?(Z|[+-]\d\d:?\d\d)?)?"
)
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d\d)")
_ENGLISH = re.compile(
    r"(?:[^\W\d_]{3,10}[.,]* )?([^\W\d_]{3,10})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})"
)
_SPANISH = re.compile(
    r"(?:[^\W\d_]{3,10}[.,]* )?(\d{1,2}) (?:de )?([^\W\d_]{3,10})\.?(?: de| del|,)? (\d{4})"
)
_CLOCK = re.compile(
    r"(\d{1,2})(?::(\d\d)(?::\d\d(?:\.\d{1,9})?)?)? ?([ap]\.? ?m\.?|h)?"
)
_WAY_OUT = 'write it as "2019-10-12"'
_UNSAID = frozenset(("", "tba", "tbd", "?", "-", "por confirmar", "time tba"))


class UnreadableError(ValueError):
    """A value cannot be read; the message says why and the way out."""


@dataclass(frozen=True, slots=True)
class When:
    """A date as read, with its time when there was one, and what is doubtful."""

    day: date
    at: time | None = None
    moment: datetime | None = None  # aware, when the time came with an offset
    doubt: str | None = None

    def in_zone(self, zone: ZoneInfo) -> tuple[date, time | None]:
        """Return date and time on the wall clock of a zone."""
        if self.moment is None:
            return self.day, self.at
        there = self.moment.astimezone(zone)
        return there.date(), there.time().replace(tzinfo=None)


def parse_date(value: object) -> When:
    """Read a date, a datetime, ISO 8601, 10/12/2019 (month first) or "Oct 12, 2019".

    Raises UnreadableError.
    """
    if isinstance(value, datetime):
        moment = value if value.tzinfo else None
        return When(value.date(), value.time(), moment)
    if isinstance(value, date):
        return When(value)
    words = " ".join(str(value).split())
    if match := _ISO.fullmatch(words):
        day = _date(words, *(int(each) for each in match.group(1, 2, 3)))
        at = parse_time(match[4]) if match[4] else None
        moment = None
        if at and match[5]:
            offset = match[5].replace("Z", "+00:00")
            moment = datetime.fromisoformat(f"{day}T{at}{offset}")
        return When(day, at, moment)
    if match := _AMERICAN.fullmatch(words):
        return _american(words, *(int(each) for each in match.groups()))
    for pattern, order in ((_ENGLISH, (3, 1, 2)), (_SPANISH, (3, 2, 1))):
        if match := pattern.fullmatch(words):
            year, name, number = match.group(*order)
            month = MONTHS.get(name.casefold())
            if month is not None:
                return When(_date(words, int(year), month, int(number)))
    raise UnreadableError(f"{_quoted(words)} is no date; {_WAY_OUT}")


def parse_time(value: object) -> time | None:
    """Read "10:00", "10:00 a.m.", "10am" or "22 h"; None when nobody has said yet.

    Raises UnreadableError.
    """
    if value is None:
        return None
    if isinstance(value, time):
        return value.replace(tzinfo=None)
    if isinstance(value, datetime):
        return value.time()
    words = " ".join(str(value).casefold().split())
    if words in _UNSAID:
        return None
    if words in ("noon", "mediodía", "mediodia"):
        return time(12)
    return _clock(words)


def _clock(words: str) -> time:
    no_time = UnreadableError(f'{_quoted(words)} is no time; write it as "18:30"')
    match = _CLOCK.fullmatch(words)
    if match is None:
        raise no_time
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "")[:1]
    if match[2] is None and not half:
        raise UnreadableError(
            f'{_quoted(words)} may be morning or evening; write it as "18:30" or "6 pm"'
        )
    if half in ("a", "p"):
        if not 1 <= hour <= 12:
            raise no_time
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, minute)
    except ValueError:
        raise no_time from None


def month_number(word: str) -> int | None:
    """Return 1 to 12 for the name of a month or its abbreviation."""
    return MONTHS.get(word.casefold().rstrip("."))


def spoken(day: date) -> str:
    """Return a date for a message: "Oct 12"."""
    return f"{_MONTHS[day.month - 1][:3].capitalize()} {day.day}"


def _american(words: str, first: int, second: int, year: int) -> When:
    year += 2000 if year < 100 else 0
    if first > 12 >= second:
        raise UnreadableError(
            f"{_quoted(words)} has the day before the month, which is read the other"
            f" way round here; {_WAY_OUT}"
        )
    day = _date(words, year, first, second)
    doubt = None
    if second <= 12 and first != second:
        doubt = (
            f'"{words}" is taken for {spoken(day)}, {year}, month first; write'
            f' it as "{day.isoformat()}" to be sure'
        )
    return When(day, doubt=doubt)


def _date(words: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise UnreadableError(
            f"{_quoted(words)} is not in the calendar; {_WAY_OUT}"
        ) from None


def _quoted(words: str) -> str:
    return f'"{words if len(words) < 40 else words[:39] + "…"}"'
