"""A file's rows on their way into the pipeline, and what becomes of the bad ones."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mailer.adapters.sources import rejects as rejects_file
from mailer.adapters.sources.rejects import Rejects
from mailer.adapters.sources.sheet import Progress, Sheet, open_sheet
from mailer.adapters.sources.text import encoding_flags
from mailer.core.errors import InputError, NotFoundError
from mailer.core.model import Flag, Rejection
from mailer.pipeline.findings import Findings
from mailer.pipeline.repeats import Row
from mailer.pipeline.subscribe import SYNONYMS


class Rows:
    """One file's rows and findings; a rejected row goes to `rejects`, if there is one."""

    def __init__(self, sheet: Sheet, flags: Sequence[Flag], rejects: Rejects | None):
        self.sheet = sheet
        self._flags, self._rejects = flags, rejects
        self._cells: Sequence[str] = ()
        self.start_again()

    def start_again(self) -> None:
        """Forget what an earlier reading has found."""
        self.findings = Findings(self._rejected)
        self.count = 0
        for flag in self._flags:
            self.findings.flag(flag)
        if self._rejects:
            self._rejects.clear()

    def read(self) -> Iterator[Row]:
        """Yield the rows by canonical names; what is no row is rejected."""
        row = self.sheet.reader()
        for line, cells, rejection in self.sheet.records():
            self._cells = cells
            self.count += 1
            if rejection is None:
                yield line, row(cells)
            else:
                self.findings.reject(rejection)

    def some(
        self,
        columns: Collection[str],
        *,
        progress: Progress = lambda _read, _of: None,
    ) -> Iterator[Row]:
        """Yield some columns of the rows, and leave out what is none."""
        row = self.sheet.reader(columns)
        for line, cells, rejection in self.sheet.records(progress):
            if rejection is None:
                yield line, row(cells)

    def _rejected(self, rejection: Rejection) -> None:
        if self._rejects:
            self._rejects.write(rejection, self._cells)


@contextmanager
def opened(
    file: Path,
    known: Sequence[str],
    *,
    required: str,
    rejects: Path | None,
    quiet: bool = False,
) -> Iterator[Rows]:
    """Open a CSV file, and another one for its rejected rows.

    `quiet`: say nothing of columns that nothing is read from. Raises NotFoundError
    without the file, InputError without the required column.
    """
    if not file.exists():
        raise NotFoundError(f"{file}: there is no such file")
    if not (file.is_file() or file.is_dir()):  # a folder is refused as it is opened
        raise InputError(
            f"{file}: is a pipe or a device; the file is read more than once, so save"
            " it first"
        )
    sheet = open_sheet(file, synonyms=SYNONYMS, known=known)
    if required not in sheet.columns.values():
        raise InputError(
            f"{file}: there is no column {required}; there is"
            f" {', '.join((*sheet.columns.values(), *sheet.unknown))}"
        )
    flags = [] if quiet else _flags(sheet, known)
    with ExitStack() as stack:
        written = None
        if rejects:
            written = stack.enter_context(
                rejects_file.writing(rejects, origin=file, header=sheet.header)
            )
        yield Rows(sheet, flags, written)


def _flags(sheet: Sheet, known: Sequence[str]) -> list[Flag]:
    unread = (
        Flag(
            line=1,
            field=name,
            code="column-unknown",
            message=f"nothing is read from this column; known are {', '.join(known)}",
        )
        for name in sheet.unknown
        if name not in rejects_file.COLUMNS
    )
    return [*encoding_flags(guessed=sheet.form.guessed), *unread]
