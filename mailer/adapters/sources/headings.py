"""Headings of a pasted page: "Oct 12 Denver, CO", "Sábado 12 de octubre, Denver"."""

import re
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from mailer.adapters.placenames import state_code
from mailer.adapters.sources.dates import (
    ENGLISH_DAYS,
    MONTHS,
    WEEKDAYS,
    month_number,
    spoken,
)

_LONGEST = 120  # characters; what is longer is no heading
_MOST_COMMAS = 2  # "Portland, OR, USA"; what has more is a list of names
_WORD = r"[^\W\d_]{3,12}"
_REST = (
    r"(?:,? (?:de |del )?(?P<year>\d{4}))?(?:[,:]| [-\u2013\u2014])?(?: (?P<place>.+))?"
)
_FORMS = (
    re.compile(
        rf"(?:(?P<weekday>{_WORD})[.,]* )?(?P<month>{_WORD})(?P<dot>\.?)"
        r" (?P<day>\d{1,4})(?:st|nd|rd|th)?(?: ?[-\u2013\u2014] ?(?P<last>\d{1,2}))?"
        rf"{_REST}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?:(?P<weekday>{_WORD})[.,]* )?(?:el )?(?P<day>\d{{1,4}})"
        r"(?: ?(?:[-\u2013\u2014]|al|y) ?(?P<last>\d{1,2}))?"
        rf" (?:de )?(?P<month>{_WORD})(?P<dot>\.?){_REST}",
        re.IGNORECASE,
    ),
)
_RANGES = (
    re.compile(
        rf"(?P<month>{_WORD})\.? (?P<day>\d{{1,2}}) ?(?:[-\u2013\u2014]|to|through) ?"
        rf"(?:(?P<month2>{_WORD})\.? )?(?P<day2>\d{{1,2}})(?:,? (?P<year>\d{{4}}))?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?:del )?(?P<day>\d{{1,2}})(?: de (?P<month>{_WORD}))? ?(?:[-\u2013\u2014]|al|a)"
        rf" ?(?P<day2>\d{{1,2}}) de (?P<month2>{_WORD})(?: (?:de |del )?(?P<year>\d{{4}}))?",
        re.IGNORECASE,
    ),
)
_DECORATION = "#*_>\u2022\u00b7- "


class NoHeadingError(ValueError):
    """A line was meant as a heading and cannot be read; names the field."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = name, message


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A line that says when and where, before the calendar was asked."""

    month: str
    day: int
    last_day: int | None  # of the same month
    year: int | None
    weekday: int | None  # Monday is 0
    dotted: bool  # "Oct."
    place: str

    @property
    def may_be_a_name(self) -> bool:
        """Tell whether an organization could be called so: "May 1 Coalition"."""
        has_state = state_code(self.place.rpartition(",")[2]) is not None
        return self.year is None and self.weekday is None and not has_state

    def dates(self, year: int | None) -> tuple[date, date | None]:
        """Return the first and, when several were given, the last day.

        `year` serves when the heading has none. Raises NoHeadingError.
        """
        month = month_number(self.month)
        if month is None:
            near = get_close_matches(self.month.casefold(), MONTHS, n=1)
            hint = f"; is it {near[0].capitalize()}?" if near else ""
            raise NoHeadingError(
                "date", f'"{self.month}" is no month{hint} Write it as "Oct 12"'
            )
        if not self.place:
            raise NoHeadingError(
                "place",
                'has no place; write one after the date, as "Oct 12 Denver, CO"',
            )
        said = self.year or year
        if said is None:
            raise NoHeadingError(
                "year", "has no year; say which with --year, as --year 2019"
            )
        first = _day(said, month, self.day)
        last = _day(said, month, self.last_day) if self.last_day else None
        if last and last < first:
            raise NoHeadingError("date", f"ends on {spoken(last)}, before it starts")
        return first, last

    def wrong_weekday(self, first: date) -> str | None:
        """Return the real weekday when the heading names another."""
        if self.weekday is None or self.weekday == first.weekday():
            return None
        return ENGLISH_DAYS[first.weekday()]


def parse_heading(line: str) -> Heading | None:
    """Take a line for a heading, if it looks like one; whether it is right comes later.

    Misspelt months count ("Smarch 3 Reno"), as do impossible days, so that they can be
    told to a person instead of passing for a sponsor.
    """
    line = line.strip(_DECORATION)
    if len(line) > _LONGEST:
        return None
    for form in _FORMS:
        if match := form.fullmatch(line):
            weekday, place = match["weekday"], (match["place"] or "").strip(" :")
            if weekday and weekday.casefold() not in WEEKDAYS:
                continue
            if match["month"].casefold() in WEEKDAYS:
                continue
            if not _is_plausible(match["month"], place, dated=weekday is not None):
                continue
            return Heading(
                month=match["month"],
                day=int(match["day"]),
                last_day=int(match["last"]) if match["last"] else None,
                year=int(match["year"]) if match["year"] else None,
                weekday=WEEKDAYS[weekday.casefold()] if weekday else None,
                dotted=bool(match["dot"]),
                place=place,
            )
    return None


def parse_range(line: str) -> tuple[int, int, int, int, int | None] | None:
    """Read "October 11-14": month and day of both ends, and the year if there is one."""
    line = line.strip(_DECORATION)
    if len(line) > _LONGEST:
        return None
    for form in _RANGES:
        if match := form.fullmatch(line):
            first = match["month"] or match["month2"]
            opens = month_number(first)
            closes = month_number(match["month2"] or first)
            if opens and closes:
                year = int(match["year"]) if match["year"] else None
                return opens, int(match["day"]), closes, int(match["day2"]), year
    return None


def _is_plausible(month: str, place: str, *, dated: bool) -> bool:
    """Tell a heading from prose and from names that happen to have a number."""
    ends_in_state = "," in place and state_code(place.rpartition(",")[2]) is not None
    looks_like_place = (
        place.count(",") <= _MOST_COMMAS
        and (not place or ends_in_state or place[0].isupper())
        and (ends_in_state or not place.endswith((".", "!", "?")))
    )
    return looks_like_place and (
        month.casefold() in MONTHS
        or ends_in_state
        or dated
        or bool(get_close_matches(month.casefold(), MONTHS, n=1, cutoff=0.75))
    )


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise NoHeadingError(
            "date",
            f"{date(2000, month, 1):%b} {day}, {year} is not in the calendar; correct"
            " the day",
        ) from None
