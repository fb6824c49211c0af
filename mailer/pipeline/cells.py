"""Cells of imported files: words, dates and choices, or an error that names a column."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailer.core.errors import InputError
from mailer.core.headers import header_text
from mailer.core.tags import word

_EARLIEST = 1970  # nobody agreed to mail before; a typing error did
_CELL = 300  # characters
LONG = 5000  # of the wording that somebody agreed to
_SHOWN = 40  # characters


class CellError(Exception):
    """A cell cannot be read: carries its column to the rejection of its row."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


def words(row: Mapping[str, str], column: str, *, limit: int = _CELL) -> str | None:
    """Return a cell's words on one line, or None when it is blank."""
    cell = row.get(column)
    if not cell:
        return None
    # What is printable has no white space but the plain one, and no controls.
    if len(cell) <= limit and cell.isprintable() and "  " not in cell:
        return cell.strip() or None
    return _straightened(cell, column, limit)


def _straightened(cell: str, column: str, limit: int) -> str | None:
    if len(cell) > limit:
        raise CellError(
            column,
            f"holds {len(cell)} characters, at most {limit} fit; is a quotation mark"
            " missing?",
        )
    line = " ".join(cell.split())
    try:
        return header_text(column, line) or None
    except InputError:
        raise CellError(
            column, "contains a control character; delete and retype it"
        ) from None


def shown(value: str) -> str:
    """Return foreign words as a message shows them; never a whole address."""
    line = " ".join(value.split())
    if "@" in line:
        return "an address"
    return f'"{line}"' if len(line) <= _SHOWN else f'"{line[:_SHOWN]}…"'


def website(row: Mapping[str, str]) -> str | None:
    """Return the address of a website, or None."""
    url = words(row, "website", limit=2000)
    if url and not url.casefold().startswith(("https://", "http://")):
        raise CellError("website", "must begin with https:// or http://")
    return url


def choice(column: str, value: str | None, allowed: Sequence[str], default: str) -> str:
    """Return one of the allowed words, whatever its case."""
    if value is not None and value in allowed:
        return value
    if not value or not value.strip():
        return default
    word = value.strip().casefold()
    word = {"true": "yes", "1": "yes", "false": "no", "0": "no"}.get(word, word)
    if word not in allowed:
        raise CellError(column, f"{shown(value)} is none of {', '.join(allowed)}")
    return word


def zone(value: str | None) -> str | None:
    """Return the name of a time zone, or None when blank."""
    written = value.strip() if value else ""
    return _zone(written) if written else None


@lru_cache(maxsize=1024)  # a file has few, on many rows
def _zone(written: str) -> str:
    try:
        return ZoneInfo(written).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CellError(
            "time_zone",
            f"{shown(written)} is no time zone; write one as America/Chicago",
        ) from None


def instant(column: str, value: str | None) -> datetime | None:
    """Return an instant (UTC) written in ISO 8601, without a zone in UTC already."""
    written = value.strip() if value else ""
    return _instant(column, written) if written else None


@lru_cache(maxsize=4096)  # imports of a day have few, on many rows
def _instant(column: str, value: str) -> datetime:
    written = value.removesuffix(" UTC")  # as some tools end their times
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise CellError(
            column, f"{shown(value)} is no date; write it as 2019-09-03"
        ) from None
    if at.year < _EARLIEST:
        raise CellError(column, f"{shown(value)} cannot be; write it as 2019-09-03")
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:
        raise CellError(
            column, f"{shown(value)} cannot be; write it as 2019-09-03"
        ) from None


def day(column: str, value: str | None) -> date | None:
    """Return a day written in ISO 8601, or None when blank."""
    at = instant(column, value)
    return at.date() if at else None


def split(value: str | None) -> tuple[str, ...]:
    """Return what stands between semicolons."""
    return tuple(part.strip() for part in (value or "").split(";") if part.strip())


def tags(value: str | None, *, limit: int) -> tuple[str, ...]:
    """Return the tags of a cell, each once, as they are kept."""
    if not value or not value.strip():
        return ()
    # Mailchimp's exports have them in quotation marks, between commas.
    between = "," if value.lstrip().startswith('"') else ";"
    found = [word(part.strip().strip('"')) for part in value.split(between)]
    for tag in found:
        _refuse_unprintable("tags", tag)
        if len(tag) > limit:
            raise CellError("tags", f"{shown(tag)} is longer than {limit} characters")
    return tuple(dict.fromkeys(tag for tag in found if tag))


def kind(row: Mapping[str, str], *, limit: int) -> str | None:
    """Return what kind of organization it is, as it is kept, or None."""
    written = words(row, "kind")
    folded = word(written) if written else ""
    if len(folded) > limit:
        raise CellError("kind", f"is longer than {limit} characters; shorten it")
    return folded or None


def _refuse_unprintable(column: str, line: str) -> None:
    if not line.isprintable():
        raise CellError(column, "contains a control character; delete and retype it")
