"""A CSV file that fits in memory, as a whole: rows of named cells."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from mailer.adapters.sources.sheet import open_sheet
from mailer.adapters.sources.text import MAX_BYTES, refuse_larger
from mailer.core.model import Rejection


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
    """Read all rows of a CSV file that are not blank, as `Sheet` has them.

    Raises InputError naming the file when it is larger than `limit` octets or has no
    usable header.
    """
    refuse_larger(path, limit)
    sheet = open_sheet(path, synonyms=synonyms, known=known)
    row = sheet.reader()
    rows: list[tuple[int, dict[str, str]]] = []
    rejections: list[Rejection] = []
    for line, cells, rejection in sheet.records():
        if rejection is None:
            rows.append((line, row(cells)))
        else:
            rejections.append(rejection)
    return Table(
        file=str(path),
        columns=tuple(sheet.columns.values()),
        rows=tuple(rows),
        unknown=sheet.unknown,
        rejections=tuple(rejections),
        encoding=sheet.form.encoding,
        guessed=sheet.form.guessed,
    )
