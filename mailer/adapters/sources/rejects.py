"""Rejected rows as a CSV file of their own: to be mended, and imported again."""

import csv
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mailer.adapters.sheets import guarded
from mailer.core.errors import RefusedError
from mailer.core.model import Rejection

# They stand first: a row that is too wide keeps its cells beyond the last column.
COLUMNS = ("rejected_line", "rejected_column", "rejected_because")


class Rejects:
    """Writes rejected rows with their reasons, each cell as the file had it."""

    def __init__(self, file: IO[str], header: Sequence[str]) -> None:
        self._file, self._writer = file, csv.writer(file)
        # Rows that are rejected once more have the old reasons in front.
        self._own = len(COLUMNS) if tuple(header[: len(COLUMNS)]) == COLUMNS else 0
        self._header = [*COLUMNS, *map(guarded, header[self._own :])]
        self.clear()

    def clear(self) -> None:
        """Drop what was written but the header."""
        self._file.seek(0)
        self._file.truncate()
        self._writer.writerow(self._header)

    def write(self, rejection: Rejection, cells: Sequence[str]) -> None:
        """Add one row."""
        why = (rejection.line, rejection.field, rejection.message)
        self._writer.writerow([*why, *map(guarded, cells[self._own :])])


@contextmanager
def writing(path: Path, *, origin: Path, header: Sequence[str]) -> Iterator[Rejects]:
    """Open a file for the rejected rows of `origin`; only its owner may read it.

    Raises RefusedError when it is there already and not such a file, or when it is the
    file that is read.
    """
    if path.exists():
        if path.samefile(origin):
            raise RefusedError(f"{path}: is the file that is imported; name another")
        _require_ours(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    # With the mark by which spreadsheets know UTF-8.
    with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
        yield Rejects(file, header)


def _require_ours(path: Path) -> None:
    if not path.is_file():
        raise RefusedError(f"{path}: is no file; name one for the rejected rows")
    with path.open("rb") as file:
        start = file.read(40).removeprefix(b"\xef\xbb\xbf")
    if start and not start.startswith(COLUMNS[0].encode()):
        raise RefusedError(
            f"{path}: is there already and holds something else; name another file for"
            " the rejected rows"
        )
