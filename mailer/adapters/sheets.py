"""CSV as spreadsheets open it: nothing that was typed is run as a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

RISKY = ("=", "+", "-", "@")  # a spreadsheet takes what begins so for a formula
_MARK = "\ufeff"  # by which spreadsheets know UTF-8


def guarded(cell: str) -> str:
    """Return a cell with an apostrophe before what would be a formula.

    White space before it does not count: spreadsheets and our own imports skip that
    (OWASP, CSV Injection, 2026-11).
    """
    bare = cell.lstrip()
    return f"'{bare}" if bare.startswith(RISKY) else cell


def written(
    header: Sequence[str], rows: Iterable[Sequence[str | None]]
) -> Iterator[bytes]:
    """Yield a file row by row: UTF-8 with its mark, every cell guarded."""
    line = io.StringIO()
    writer = csv.writer(line)
    line.write(_MARK)
    writer.writerow([guarded(cell) for cell in header])
    yield _taken(line)
    for row in rows:
        writer.writerow([guarded(cell or "") for cell in row])
        yield _taken(line)


def _taken(line: io.StringIO) -> bytes:
    words = line.getvalue()
    line.seek(0)
    line.truncate()
    return words.encode()
