"""Files into the project, with a report of what became of each row."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from mailer.adapters import addresses
from mailer.adapters.sources import registry
from mailer.bootstrap import Project
from mailer.cli import output
from mailer.cli.rows import Rows, opened
from mailer.core.errors import NotFoundError, RefusedError, StoreError
from mailer.core.model import CallDraft, Reading
from mailer.pipeline import ingest, subscribe
from mailer.pipeline.repeats import Repeats, Row, survey
from mailer.ports import Contacted, Enlisted

_LARGE = 16 * 1024 * 1024  # octets: reading fewer is done before anybody wonders
_MEGABYTE = 1024 * 1024
_EVERY = 1000  # rows between two reports of progress


def actions(
    project: Project,
    file: Path,
    *,
    kind: str,
    year: int | None = None,
    call: str | None = None,
    source: str | None = None,
    strict: bool = False,
    dry_run: bool = False,
) -> ingest.Report:
    """Import a file of actions."""
    reading: Reading = registry.from_file(
        file,
        kind=kind,
        year=year,
        call=call,
        gazetteer=project.gazetteer,
        now=project.clock(),
    ).read()
    if call and reading.call is None:
        reading = replace(reading, call=CallDraft(slug=call, title=call))
    return ingest.ingest(
        reading,
        source=source or kind,
        store=project.actions,
        at=project.clock(),
        strict=strict,
        dry_run=dry_run,
    )


def organizations(
    project: Project,
    file: Path,
    *,
    strict: bool = False,
    dry_run: bool = False,
    rejects: Path | None = None,
) -> dict[str, Any]:
    """Import a file of organizations."""
    with opened(
        file, subscribe.ORGANIZATION_COLUMNS, required="name", rejects=rejects
    ) as rows:
        organized = list(
            subscribe.organizations(
                rows.read(),
                file=str(file),
                resolve=project.resolve,
                findings=rows.findings,
            )
        )
    counts = (0, 0, 0)
    if not (strict and rows.findings.rejections):
        try:
            counts = project.organizations.organize(
                organized, at=project.clock(), dry_run=dry_run
            )
        except (NotFoundError, RefusedError) as error:
            raise type(error)(f"{file}, {error}; nothing was imported") from error
    created, updated, unchanged = counts
    return {
        "created": created,
        "updated": updated,
        "unchanged": unchanged,
        **rows.findings.summary(),
    }


def subscribers(
    project: Project,
    file: Path,
    list_slug: str,
    *,
    strict: bool = False,
    dry_run: bool = False,
    rejects: Path | None = None,
) -> dict[str, Any]:
    """Import a file of subscribers to a list, however long it is.

    The file is read twice: first for who stands in it more than once, then for the
    rows. With `strict`, all rows are checked in between.
    """
    project.mailing_list(list_slug)
    book = addresses.AddressBook()
    columns = subscribe.SUBSCRIBER_COLUMNS
    with opened(file, columns, required="email", rejects=rejects) as rows:
        repeats = _survey(rows, book)
        read = partial(_people, project, rows, repeats=repeats, book=book)
        enlisted = Enlisted()
        if strict:
            with output.progress("Checking subscribers") as bar:
                deque(read(bar), maxlen=0)
        if not (strict and rows.findings.rejections):
            rows.start_again()
            with output.progress("Keeping subscribers") as bar:
                enlisted = _enlist(project, read(bar), list_slug, dry_run=dry_run)
    return {**asdict(enlisted), **rows.findings.summary()}


def _survey(rows: Rows, book: addresses.AddressBook) -> Repeats:
    size = rows.sheet.size
    with ExitStack() as stack:
        read = rows.some
        if size > _LARGE:
            bar = stack.enter_context(output.progress("Reading the file, in MB"))
            read = partial(
                rows.some,
                progress=lambda read, of: bar(read // _MEGABYTE, of // _MEGABYTE),
            )
        return survey(read, spelled=book.spelled, size=size)


def _people(
    project: Project,
    rows: Rows,
    bar: Callable[[int, int], None],
    *,
    repeats: Repeats,
    book: addresses.AddressBook,
) -> Iterator[Contacted]:
    return subscribe.contacts(
        _told(rows.read(), bar, repeats.rows),
        file=str(rows.sheet.path),
        repeats=repeats,
        findings=rows.findings,
        check_address=book.checked,
        resolve=project.resolve,
        default_language=project.settings.coalition.languages[0],
        now=project.clock(),
    )


def _told(
    rows: Iterator[Row], bar: Callable[[int, int], None], total: int
) -> Iterator[Row]:
    for done, row in enumerate(rows):
        if done % _EVERY == 0:
            bar(done, total)
        yield row
    bar(total, total)


def _enlist(
    project: Project, people: Iterator[Contacted], list_slug: str, *, dry_run: bool
) -> Enlisted:
    try:
        return project.people.enlist(
            people, list_slug=list_slug, at=project.clock(), dry_run=dry_run
        )
    except StoreError as error:
        raise StoreError(
            f"{error}; whom it has kept so far it keeps: run the same import again to"
            " go on"
        ) from error


def suppressions(
    project: Project,
    file: Path,
    *,
    reason: str,
    strict: bool,
    rejects: Path | None = None,
) -> dict[str, Any]:
    """Import a file of addresses that nobody may mail."""
    book = addresses.AddressBook()
    added = 0
    with opened(
        file, ("email",), required="email", rejects=rejects, quiet=True
    ) as rows:

        def read() -> Iterator[str]:
            return subscribe.addresses(
                rows.read(),
                file=str(file),
                check_address=book.checked,
                findings=rows.findings,
            )

        if strict:
            deque(read(), maxlen=0)
        if not (strict and rows.findings.rejections):
            rows.start_again()
            added = project.people.suppress(read(), reason=reason, at=project.clock())
    return {
        "created": added,
        "updated": 0,
        "unchanged": rows.count - rows.findings.rejections - added,
        **rows.findings.summary(),
    }
