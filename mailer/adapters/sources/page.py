"""A pasted web page: who endorses, then "Oct 12 Denver, CO" and a line of sponsors."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mailer.adapters.placenames import parse_place
from mailer.adapters.sources.call import read_call
from mailer.adapters.sources.dates import spoken
from mailer.adapters.sources.doubts import contradictions, same_places, without_repeats
from mailer.adapters.sources.fields import zone_of
from mailer.adapters.sources.headings import (
    Heading,
    NoHeadingError,
    parse_heading,
    parse_range,
)
from mailer.adapters.sources.row import RejectedError, Row
from mailer.adapters.sources.text import encoding_flags, one_line, quoted, read_text
from mailer.core.errors import InputError
from mailer.core.model import Draft, Facts, Flag, Reading, Rejection, Sponsor
from mailer.core.sponsors import Oddity, split
from mailer.ports import Gazetteer

MAX_BYTES = 16 * 1024 * 1024
MAX_ACTIONS = 2_000
_LONGEST_SPONSORS = 20_000  # characters
_LONGEST_NAME = 120
_LONGEST_HEADING = 1_000  # characters that are looked at
_ODDITIES = {
    Oddity.SEMICOLONS: "has semicolons, which were taken to part the names; commas"
    " stay inside them",
    Oddity.TRAILING_SEPARATOR: "ends in a separator with no name after it; add the name"
    " if one is missing",
    Oddity.TRAILING_PERIOD: "ends in a period, which was dropped; put it back by hand if"
    " it belongs to the name",
    Oddity.ODD_SPACES: "has non-breaking or doubled spaces, which became plain ones;"
    " nothing to do unless a name looks wrong",
    Oddity.EDITORIAL_NOTE: "has a note in square brackets, which became the action's"
    " note; move it if it is part of a name",
    Oddity.UNBALANCED: "has a parenthesis without its partner; names were parted as if"
    " there were none, correct the page if one is wrong",
    Oddity.REPEATED: "names an organization twice, which counts once; correct the page"
    " if another was meant",
}


@dataclass(kw_only=True)
class _Entry:
    """A heading and what stands below it."""

    line: int
    heading: Heading
    title: str
    sponsors: list[tuple[int, str]] = field(default_factory=list)
    rest: list[tuple[int, str]] = field(default_factory=list)


class PageSource:
    """The words of a web page, as copied from the browser."""

    def __init__(
        self,
        text: str,
        *,
        file: str,
        year: int | None,
        gazetteer: Gazetteer,
        default_call: str | None = None,
        default_zone: str | None = None,
        guessed: bool = False,
    ) -> None:
        """Take the words; `guessed` says that their encoding was.

        `year` serves headings without one, `default_call` is the slug of the call that
        the page belongs to, `default_zone` serves places whose zone nobody knows.
        """
        self._text, self._file, self._year = text, file, year
        self._gazetteer, self._zone = gazetteer, default_zone
        self._call, self._guessed = default_call, guessed

    @classmethod
    def from_path(
        cls,
        path: Path,
        *,
        year: int | None,
        gazetteer: Gazetteer,
        default_call: str | None = None,
        default_zone: str | None = None,
    ) -> "PageSource":
        """Take a file's words; raises InputError when it holds none."""
        text = read_text(path, limit=MAX_BYTES)
        return cls(
            text.words,
            file=str(path),
            year=year,
            gazetteer=gazetteer,
            default_call=default_call,
            default_zone=default_zone,
            guessed=text.guessed,
        )

    def read(self) -> Reading:
        """Read the page; raises InputError when it names no action at all."""
        lines = self._lines()
        before, entries = _outline(lines)
        if not entries:
            raise InputError(
                f'{self._file}: no line says when and where, as "Oct 12 Denver, CO";'
                " copy the whole page as text, or name another --format"
            )
        if len(entries) > MAX_ACTIONS:
            raise InputError(
                f"{self._file}: has more than {MAX_ACTIONS} lines that begin with a"
                " date; is it the right file?"
            )
        flags = list(self._about_file(entries))
        drafts: list[Draft] = []
        rejections: list[Rejection] = []
        for entry in entries:
            row = Row(line=entry.line, cells={})
            try:
                drafts.append(self._draft(entry, row))
            except (NoHeadingError, RejectedError) as error:
                message = f"{quoted(entry.title)}: {error.message}"
                rejections.append(self._rejection(entry.line, error.field, message))
            else:
                flags += row.flags
        drafts, repeated = without_repeats(drafts)
        flags += [*repeated, *same_places(drafts), *contradictions(drafts)]
        flags += _skipped(entries)
        return Reading(
            drafts=tuple(drafts),
            flags=tuple(sorted(flags, key=lambda flag: flag.line or 0)),
            rejections=tuple(rejections),
            call=read_call(before, slug=self._call, year=self._year),
        )

    def _lines(self) -> list[str]:
        if "\x00" in self._text:
            raise InputError(f"{self._file}: is binary, not text")
        if not self._text.strip():
            raise InputError(f"{self._file}: is empty; paste the page's text into it")
        if re.match(r"\s*<(?:!doctype|html|head|body)\b", self._text, re.IGNORECASE):
            raise InputError(
                f"{self._file}: is HTML; open the page in a browser and copy its text"
            )
        return re.split(r"\r\n|\r|\n", self._text)

    def _about_file(self, entries: list[_Entry]) -> Iterator[Flag]:
        yield from encoding_flags(guessed=self._guessed)
        without = [entry for entry in entries if entry.heading.year is None]
        if without and self._year is not None:
            yield Flag(
                line=without[0].line,
                field="year",
                code="year-assumed",
                message=f"{len(without)} dates have no year, from here on; {self._year}"
                " was taken, as --year says: run it again with another --year if it is"
                " wrong",
            )

    def _rejection(self, line: int, name: str, message: str) -> Rejection:
        return Rejection(file=self._file, line=line, field=name, message=message)

    def _draft(self, entry: _Entry, row: Row) -> Draft:
        heading = entry.heading
        first, last = heading.dates(self._year)
        if heading.dotted:
            row.flag(
                "date",
                "date-abbreviation",
                f'"{heading.month}." is taken for {spoken(first)}; write it without'
                " the period, as the other dates",
            )
        if (weekday := heading.wrong_weekday(first)) is not None:
            row.flag(
                "date",
                "weekday-mismatch",
                f"{spoken(first)}, {first.year} is a {weekday}; the date was taken,"
                " correct whichever is wrong",
            )
        locality, region, country = parse_place(heading.place)
        resolved = self._gazetteer.resolve(locality, region, country)
        if resolved.code is not None:
            row.flag("place", resolved.code, resolved.message or "")
        names, note = _sponsors(entry, row)
        return Draft(
            line=entry.line,
            facts=Facts(
                start_date=first,
                end_date=last if last != first else None,
                time_zone=zone_of(row, resolved.place, self._zone),
                place=resolved.place,
                note=note,
                sponsors=tuple(Sponsor(name=name) for name in names),
            ),
        )


# --- the page's outline -------------------------------------------------------


def _outline(lines: list[str]) -> tuple[list[str], list[_Entry]]:
    """Part a page into what stands before the list and the list's entries.

    Stops when there are more entries than any page has.
    """
    entries: list[_Entry] = []
    before: list[str] = []
    next_filled = _next_filled(lines)
    heading = _heading(lines[0])
    for index, line in enumerate(lines):
        entry = entries[-1] if entries else None
        following = _heading(lines[index + 1]) if index + 1 < len(lines) else None
        waiting = entry is not None and not entry.sponsors
        if heading and waiting and heading.may_be_a_name:
            # "May 1 Coalition" below a heading is a sponsor when a heading follows.
            after = next_filled[index]
            opens = after == index or _heading(lines[after]) is None
        else:
            # Before the list, "October 11-14" or a bare date is part of a title.
            in_list = entry is not None
            opens = in_list or bool(
                heading
                and heading.place
                and not parse_range(one_line(line[:_LONGEST_HEADING]))
            )
        if heading and opens:
            entries.append(
                _Entry(line=index + 1, heading=heading, title=one_line(line))
            )
            if len(entries) > MAX_ACTIONS:
                break
        elif entry is None:
            before.append(line)
        elif line.strip():
            together = not entry.rest and bool(lines[index - 1].strip())
            target = entry.sponsors if waiting or together else entry.rest
            target.append((index + 1, line))
        heading = following
    return before, entries


def _heading(line: str) -> Heading | None:
    return parse_heading(one_line(line[:_LONGEST_HEADING]))


def _next_filled(lines: list[str]) -> list[int]:
    """Return, for each line, the next one that is not blank, else the last."""
    following = [len(lines) - 1] * len(lines)
    for index in range(len(lines) - 2, -1, -1):
        is_filled = bool(lines[index + 1].strip())
        following[index] = index + 1 if is_filled else following[index + 1]
    return following


def _skipped(entries: list[_Entry]) -> Iterator[Flag]:
    """Tell of words between two actions; after the last one the list is over."""
    for entry in entries[:-1]:
        if entry.rest:
            line, words = entry.rest[0]
            yield Flag(
                line=line,
                field="(line)",
                code="line-skipped",
                message=f"{quoted(words)} stands between two actions and belongs to"
                " neither; put it into square brackets to make it a note",
            )


# --- sponsors -----------------------------------------------------------------


def _sponsors(entry: _Entry, row: Row) -> tuple[tuple[str, ...], str | None]:
    if not entry.sponsors:
        row.flag("sponsors", "no-sponsors", "has no line of sponsors; add one")
        return (), None
    words = [line.strip().lstrip("\u2022\u00b7*").strip() for _, line in entry.sponsors]
    if sum(map(len, words)) > _LONGEST_SPONSORS:
        raise RejectedError(
            "sponsors", f"are longer than {_LONGEST_SPONSORS} characters; shorten them"
        )
    separator = ";" if any(";" in each for each in words) else ","
    joined = words[0]
    for each in words[1:]:
        joined += " " + each if joined.endswith((",", ";")) else f"{separator} {each}"
    line = split(joined)
    below = Row(line=entry.sponsors[0][0], cells={}, flags=row.flags)
    if len(words) > 1:
        below.flag(
            "sponsors",
            "sponsors-on-lines",
            f"stand on {len(words)} lines, each of which was taken for names of its"
            " own; put them on one line if a name was cut in two",
        )
    for oddity in line.oddities:
        below.flag("sponsors", oddity, _ODDITIES[oddity])
    if any(len(name) > _LONGEST_NAME for name in line.names):
        below.flag(
            "sponsors",
            "sponsor-long",
            "has a name that is rather a sentence; remove it if it is none",
        )
    names = tuple(filter(None, map(one_line, line.names)))
    return names, one_line(line.note) if line.note else None
