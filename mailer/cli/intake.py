"""Files into the project, with a report of what became of each row."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from mailer.adapters import addresses
from mailer.adapters.sources import registry
from mailer.adapters.sources.table import read_table
from mailer.bootstrap import Project
from mailer.cli import output
from mailer.core.errors import InputError, NotFoundError, RefusedError
from mailer.core.model import CallDraft, Flag, Reading, Rejection
from mailer.pipeline import ingest, subscribe
from mailer.pipeline.subscribe import Checked


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
    project: Project, file: Path, *, strict: bool = False, dry_run: bool = False
) -> dict[str, Any]:
    """Import a file of organizations."""
    rows, flags, early = _rows(
        file, subscribe.SYNONYMS, subscribe.ORGANIZATION_COLUMNS, required="name"
    )
    checked = subscribe.organizations(rows, file=str(file), resolve=project.resolve)
    counts = (0, 0, 0)
    if not (dry_run or (strict and (checked.rejected or early))):
        try:
            counts = project.organizations.organize(checked.rows, at=project.clock())
        except (NotFoundError, RefusedError) as error:
            raise type(error)(f"{file}, {error}; nothing was imported") from error
    created, updated, unchanged = counts
    return {
        "created": created,
        "updated": updated,
        "unchanged": unchanged,
        **_findings(checked, flags, early),
    }


def subscribers(
    project: Project,
    file: Path,
    list_slug: str,
    *,
    strict: bool = False,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Import a file of subscribers to a list."""
    project.mailing_list(list_slug)
    rows, flags, early = _rows(
        file, subscribe.SYNONYMS, subscribe.SUBSCRIBER_COLUMNS, required="email"
    )
    checked = subscribe.contacts(
        rows,
        file=str(file),
        check_address=addresses.checked,
        resolve=project.resolve,
        default_language=project.settings.coalition.languages[0],
        now=project.clock(),
    )
    counts: dict[str, int] = {}
    if not (dry_run or (strict and (checked.rejected or early))):
        with output.progress("Keeping subscribers") as bar:
            counts = asdict(
                project.people.enlist(
                    checked.rows,
                    list_slug=list_slug,
                    at=project.clock(),
                    progress=bar,
                )
            )
    return {
        "created": 0,
        "updated": 0,
        "unchanged": 0,
        **counts,
        **_findings(checked, flags, early),
    }


def suppressions(
    project: Project, file: Path, *, reason: str, strict: bool
) -> dict[str, Any]:
    """Import a file of addresses that nobody may mail."""
    rows, flags, early = _rows(
        file, subscribe.SYNONYMS, ("email",), required="email", quiet=True
    )
    checked = subscribe.addresses(rows, file=str(file), check_address=addresses.checked)
    added = 0
    if not (strict and (checked.rejected or early)):
        added = project.people.suppress(checked.rows, reason=reason, at=project.clock())
    return {
        "created": added,
        "updated": 0,
        "unchanged": len(checked.rows) - added,
        **_findings(checked, flags, early),
    }


def _rows(
    file: Path,
    synonyms: Mapping[str, str],
    known: Sequence[str],
    *,
    required: str,
    quiet: bool = False,
) -> tuple[Sequence[subscribe.Row], list[Flag], Sequence[Rejection]]:
    if not file.is_file():
        raise NotFoundError(f"{file}: there is no such file")
    table = read_table(file, synonyms=synonyms, known=known)
    if required not in table.columns:
        raise InputError(
            f"{file}: there is no column {required}; there is"
            f" {', '.join((*table.columns, *table.unknown))}"
        )
    flags = [
        Flag(
            line=1,
            field=name,
            code="column-unknown",
            message=f"nothing is read from this column; known are {', '.join(known)}",
        )
        for name in table.unknown
        if not quiet
    ]
    return table.rows, flags, table.rejections


def _findings(
    checked: Checked, flags: Sequence[Flag], early: Sequence[Rejection]
) -> dict[str, Any]:
    return {
        "flagged": [*flags, *checked.flagged],
        "rejected": sorted(
            (*early, *checked.rejected), key=lambda rejection: rejection.line or 0
        ),
    }
