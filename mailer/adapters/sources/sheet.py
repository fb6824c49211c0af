"""A CSV file row by row, as often as needed: delimiters, headers, line numbers."""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from operator import itemgetter
from os import fstat
from pathlib import Path

from mailer.adapters.sheets import RISKY
from mailer.adapters.sources.text import encoding_of, one_line, quoted, readable
from mailer.core.errors import InputError
from mailer.core.model import Rejection

MAX_COLUMNS = 500
LONGEST_CELL = 128 * 1024  # characters: what csv reads at most, unless told otherwise
_DELIMITERS = (",", ";", "\t")
_GUARDED = tuple(f"'{sign}" for sign in RISKY)  # and what begins so for text
_EVERY = 10_000  # rows between two reports of progress

# The line on which it begins, its cells, and why it is no row, if it is none.
Record = tuple[int, list[str], Rejection | None]
Names = Mapping[str, str]  # synonyms of columns, as `header_key` writes them
Progress = Callable[[int, int], None]  # octets read, of how many


@dataclass(frozen=True, slots=True)
class _Form:
    """How the file is written; `stamp` tells whether it is still the same file."""

    encoding: str
    guessed: bool
    delimiter: str
    skipped: int  # lines before the header
    stamp: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A CSV file: its columns, and its rows whenever they are asked for.

    Only the row at hand is in memory. A file that changes between two readings is
    refused: what the first has found out would not be true of the second.
    """

    path: Path
    header: tuple[str, ...]  # as written
    columns: Mapping[int, str]  # canonical names of those that are read, by position
    form: _Form

    @property
    def size(self) -> int:
        """Return how many octets the file has."""
        return self.form.stamp[1]

    @property
    def unknown(self) -> tuple[str, ...]:
        """Return the columns that nothing is read from, as written."""
        return tuple(
            one_line(name)
            for index, name in enumerate(self.header)
            if index not in self.columns and name.strip()
        )

    def records(self, progress: Progress = lambda _read, _of: None) -> Iterator[Record]:
        """Yield each row that is not blank, and what should be a row and is none.

        Raises InputError when the file has changed since it was opened.
        """
        with readable(self.path) as raw:
            self._require_same(raw.fileno())
            words = io.TextIOWrapper(raw, self.form.encoding, newline="")
            try:
                for number, record in enumerate(self._parsed(words)):
                    if number % _EVERY == 0:
                        progress(raw.tell(), self.size)
                    yield record
                self._require_same(raw.fileno())
            except UnicodeDecodeError as error:  # all of it was text a moment ago
                raise self._changed() from error
            finally:
                words.detach()  # the file is closed by whoever opened it

    def _parsed(self, words: io.TextIOBase) -> Iterator[Record]:
        width, file = len(self.header), str(self.path)
        for _ in range(self.form.skipped):
            words.readline()
        records = _records(words, self.form.delimiter, self.form.skipped)
        for line, cells in islice(records, 1, None):
            if isinstance(cells, csv.Error):
                yield line, [], _unreadable(file, line, cells)
            elif len(cells) > width and any(map(str.strip, cells[width:])):
                yield line, cells, _too_wide(file, line, cells, width)
            elif any(map(str.strip, cells)):
                yield line, cells, None

    def _require_same(self, descriptor: int) -> None:
        if _stamp(descriptor) != self.form.stamp:
            raise self._changed()

    def _changed(self) -> InputError:
        return InputError(
            f"{self.path}: was changed while it was read; import it again"
        )

    def reader(
        self, only: Collection[str] | None = None
    ) -> Callable[[list[str]], dict[str, str]]:
        """Return what turns cells into a row by canonical names: all of them, or some.

        Cells are trimmed, and lose the apostrophe that guards a leading = + - @.
        """
        chosen = {
            index: name
            for index, name in self.columns.items()
            if only is None or name in only
        }
        return partial(_row, tuple(chosen.values()), _picker(chosen), len(self.header))


def open_sheet(path: Path, *, synonyms: Names, known: Collection[str]) -> Sheet:
    """Read a CSV file's encoding, delimiter and header.

    Headers are compared by `header_key`: "Start Date" is "start_date"; `synonyms`
    lead from such keys to the names in `known`. A column's own name wins over its
    synonyms, the first of two synonyms over the second; the loser counts as unknown.
    Raises InputError naming the file when it has no usable header.
    """
    with readable(path) as raw:
        encoding, guessed = encoding_of(raw, str(path))
        raw.seek(0)
        words = io.TextIOWrapper(raw, encoding, newline="")
        # How Excel names the delimiter.
        skipped = 1 if re.fullmatch(r"sep=.\r?\n?", words.readline()) else 0
        names, delimiter = _header(words, skipped, str(path), synonyms, known)
        form = _Form(encoding, guessed, delimiter, skipped, _stamp(raw.fileno()))
        words.detach()
    return Sheet(
        path=path,
        header=tuple(names),
        columns=_columns(names, str(path), synonyms, known),
        form=form,
    )


def header_key(name: str) -> str:
    """Return a header as it is compared: "Start Date " and "start-date" are one."""
    return re.sub(r"[^\w]+", "_", name.casefold()).strip("_")


def _stamp(descriptor: int) -> tuple[int, ...]:
    stat = fstat(descriptor)
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _header(
    words: io.TextIOBase,
    skipped: int,
    file: str,
    synonyms: Names,
    known: Collection[str],
) -> tuple[Sequence[str], str]:
    """Read the first row with the delimiter that makes most sense of it."""

    def sense(names: Sequence[str]) -> tuple[int, int]:
        keys = map(header_key, names)
        return sum(key in known or key in synonyms for key in keys), len(names)

    found: list[tuple[Sequence[str], str]] = []
    for delimiter in _DELIMITERS:
        words.seek(0)
        for _ in range(skipped):
            words.readline()
        for _, cells in _records(words, delimiter, skipped):
            if not isinstance(cells, csv.Error):
                found.append((cells, delimiter))
            break
    names, delimiter = max(found, key=lambda each: sense(each[0]), default=([], ","))
    if sense(names)[0] == 0:
        words.seek(0)
        if not any(map(str.strip, words)):
            raise InputError(f"{file}: is empty; the first row must name the columns")
        raise InputError(
            f"{file}: line 1 names no column that is known here; it must hold some of"
            f" {', '.join(sorted(known))}"
        )
    if len(names) > MAX_COLUMNS:
        raise InputError(f"{file}: has more than {MAX_COLUMNS} columns")
    return names, delimiter


def _columns(
    names: Sequence[str], file: str, synonyms: Names, known: Collection[str]
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
    words: io.TextIOBase, delimiter: str, skipped: int
) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Yield each record with the line it begins on, or what is wrong with it."""
    reader = csv.reader(words, delimiter=delimiter, strict=True)
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


def _picker(chosen: Collection[int]) -> Callable[[Sequence[str]], Sequence[str]]:
    if len(chosen) == 1:  # of one index, itemgetter returns no tuple
        (index,) = chosen
        return lambda cells: (cells[index],)
    return itemgetter(*chosen) if chosen else lambda _cells: ()


def _row(
    names: Sequence[str],
    pick: Callable[[Sequence[str]], Sequence[str]],
    width: int,
    cells: list[str],
) -> dict[str, str]:
    if len(cells) < width:
        cells = cells + [""] * (width - len(cells))
    trimmed = [cell.strip() for cell in pick(cells)]
    if "\0'" in "\0".join(("", *trimmed)):  # rare, and so looked for in all at once
        trimmed = [cell[1:] if cell.startswith(_GUARDED) else cell for cell in trimmed]
    return dict(zip(names, trimmed, strict=True))


def _unreadable(file: str, line: int, error: csv.Error) -> Rejection:
    if "unexpected end" in str(error):
        message = (
            "a quotation mark opens here and never closes, so that nothing after it"
            " could be read; close it or double it"
        )
    elif "field limit" in str(error):
        message = (
            f"a cell that begins here is longer than {LONGEST_CELL:,} characters, and"
            " the lines that it spans could not be read; is a quotation mark missing?"
        )
    else:
        message = f"is no CSV ({error}); put cells with quotation marks in quotes"
    return Rejection(file=file, line=line, field="(row)", message=message)


def _too_wide(file: str, line: int, cells: Sequence[str], width: int) -> Rejection:
    return Rejection(
        file=file,
        line=line,
        field="(row)",
        message=(
            f"has {len(cells)} cells under {width} columns; put cells that hold"
            " the delimiter in quotes"
        ),
    )
