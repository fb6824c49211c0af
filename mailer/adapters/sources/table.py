"""Any CSV file as rows of named cells: delimiters, headers, synonyms, line numbers."""

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailer.adapters.sources.text import MAX_BYTES, one_line, quoted, read_text
from mailer.core.errors import InputError
from mailer.core.model import Rejection

MAX_COLUMNS = 500
_DELIMITERS = (",", ";", "\t")
_GUARDED = ("'=", "'+", "'-", "'@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A CSV file: rows by canonical column name, with the line each begins on."""

    file: str
    columns: tuple[str, ...]  # canonical names, in the file's order
    rows: tuple[tuple[int, dict[str, str]], ...]
    unknown: tuple[str, ...] = ()  # columns that nothing is read from, as written
    rejections: tuple[Rejection, ...] = ()  # rows that are no rows
    encoding: str = "utf-8"
    guessed: bool = False  # the encoding had to be taken on trust


def read_table(
    path: Path,
    *,
    synonyms: Mapping[str, str],
    known: Collection[str],
    limit: int = MAX_BYTES,
) -> Table:
    """Read a CSV file whose first row names the columns.

    Headers are compared by `header_key`: "Start Date" is "start_date"; `synonyms`
    lead from such keys to the names in `known`. A column's own name wins over its
    synonyms, the first of two synonyms over the second; the loser counts as unknown.
    Cells are trimmed, and lose the apostrophe that guards a leading = + - @. Blank
    rows are left out. Raises InputError naming the file when it has no usable header.
    """
    text = read_text(path, limit=limit)
    words = text.words
    first, _, rest = words.partition("\n")
    skipped = 0
    if re.fullmatch(r"sep=.\r?", first):  # how Excel names the delimiter
        words, skipped = rest, 1
    names, delimiter = _header(words, str(path), synonyms, known)
    columns = _columns(names, str(path), synonyms, known)
    rows: list[tuple[int, dict[str, str]]] = []
    rejections: list[Rejection] = []
    records = _records(words, delimiter, skipped)
    next(records)  # the header
    for line, cells in records:
        if isinstance(cells, csv.Error):
            rejections.append(_unreadable(str(path), line, cells))
        elif len(cells) > len(names) and any(map(str.strip, cells[len(names) :])):
            rejections.append(_too_wide(str(path), line, cells, names))
        elif any(map(str.strip, cells)):
            row = {name: _cell(cells, index) for index, name in columns.items()}
            rows.append((line, row))
    return Table(
        file=str(path),
        columns=tuple(columns.values()),
        rows=tuple(rows),
        unknown=tuple(
            one_line(name)
            for index, name in enumerate(names)
            if index not in columns and name.strip()
        ),
        rejections=tuple(rejections),
        encoding=text.encoding,
        guessed=text.guessed,
    )


def header_key(name: str) -> str:
    """Return a header as it is compared: "Start Date " and "start-date" are one."""
    return re.sub(r"[^\w]+", "_", name.casefold()).strip("_")


def _header(
    words: str, file: str, synonyms: Mapping[str, str], known: Collection[str]
) -> tuple[Sequence[str], str]:
    """Read the first row with the delimiter that makes most sense of it."""

    def sense(names: Sequence[str]) -> tuple[int, int]:
        keys = map(header_key, names)
        return sum(key in known or key in synonyms for key in keys), len(names)

    if not words.strip():
        raise InputError(f"{file}: is empty; the first row must name the columns")
    found: list[tuple[Sequence[str], str]] = []
    for delimiter in _DELIMITERS:
        for _, cells in _records(words, delimiter, 0):
            if not isinstance(cells, csv.Error):
                found.append((cells, delimiter))
            break
    names, delimiter = max(found, key=lambda each: sense(each[0]), default=([], ","))
    if sense(names)[0] == 0:
        raise InputError(
            f"{file}: line 1 names no column that is known here; it must hold some of"
            f" {', '.join(sorted(known))}"
        )
    if len(names) > MAX_COLUMNS:
        raise InputError(f"{file}: has more than {MAX_COLUMNS} columns")
    return names, delimiter


def _columns(
    names: Sequence[str],
    file: str,
    synonyms: Mapping[str, str],
    known: Collection[str],
) -> dict[int, str]:
    keys = [header_key(name) for name in names]
    taken: dict[str, int] = {}
    for index, key in enumerate(keys):
        if key in known and key in taken:
            raise InputError(
                f"{file}: has the column {quoted(names[index])} twice; remove one"
            )
        if key in known:
            taken[key] = index
    for index, key in enumerate(keys):
        if key not in known and key in synonyms:
            taken.setdefault(synonyms[key], index)
    return dict(sorted((index, name) for name, index in taken.items()))


def _records(
    words: str, delimiter: str, skipped: int
) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Yield each record with the line it begins on, or what is wrong with it."""
    source = io.StringIO(words, newline="")
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, error
        else:
            yield line, cells


def _cell(cells: Sequence[str], index: int) -> str:
    cell = cells[index].strip() if index < len(cells) else ""
    return cell[1:] if cell.startswith(_GUARDED) else cell


def _unreadable(file: str, line: int, error: csv.Error) -> Rejection:
    if "unexpected end" in str(error):
        message = (
            "a quotation mark opens here and never closes, so that nothing after it"
            " could be read; close it or double it"
        )
    else:
        message = f"is no CSV ({error}); put cells with quotation marks in quotes"
    return Rejection(file=file, line=line, field="(row)", message=message)


def _too_wide(
    file: str, line: int, cells: Sequence[str], names: Sequence[str]
) -> Rejection:
    return Rejection(
        file=file,
        line=line,
        field="(row)",
        message=(
            f"has {len(cells)} cells under {len(names)} columns; put cells that hold"
            " the delimiter in quotes"
        ),
    )
