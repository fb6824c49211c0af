"""`mailer import`: actions, organizations, subscribers, suppressions from files."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.adapters import addresses
from mailer.adapters.sources import registry
from mailer.adapters.sources.table import read_table
from mailer.bootstrap import Project
from mailer.cli import output
from mailer.cli.state import Json, State
from mailer.core.errors import InputError, NotFoundError
from mailer.core.model import CallDraft, Flag, Reading, Rejection
from mailer.pipeline import ingest, subscribe
from mailer.pipeline.subscribe import Checked

app = typer.Typer(no_args_is_help=True, help="Bring in what you already have.")

File = Annotated[Path, typer.Argument(metavar="FILE", help="The file to read.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="One bad row, and nothing is imported.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would happen; change nothing.")
]


@app.command()
def actions(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="The file; without one, pull [sources.NAME]."
        ),
    ] = None,
    kind: Annotated[str, typer.Option("--format", help="page, csv or ical.")] = "csv",
    year: Annotated[
        int | None, typer.Option(help="For dates that are printed without a year.")
    ] = None,
    call: Annotated[
        str | None, typer.Option(help="The call to action they belong to.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            help="Where they come from: rows of other sources are left alone."
        ),
    ] = None,
    strict: Strict = False,
    dry_run: DryRun = False,
    accept_missing: Annotated[
        bool,
        typer.Option(
            "--accept-missing", help="Believe a source that lost most of its actions."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Read actions; the same file twice changes nothing.

    Example: mailer import actions local-actions.txt --format page --year 2019
    """
    state: State = context.obj
    with state.project() as project:
        if file is not None:
            report = read_actions(
                project,
                file,
                kind=kind,
                year=year,
                call=call,
                source=source,
                strict=strict,
                dry_run=dry_run,
            )
        elif source:
            reading = project.source(source).read()
            report = ingest.ingest(
                reading,
                source=source,
                store=project.actions,
                at=project.clock(),
                strict=strict,
                dry_run=dry_run,
                quarantine=not accept_missing,
            )
        else:
            raise InputError(
                "name a FILE, or a source of mailer.toml with --source NAME"
            )
    _report_actions(report, as_json=as_json, strict=strict)


def read_actions(
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


def _report_actions(report: ingest.Report, *, as_json: bool, strict: bool) -> None:
    if as_json:
        output.emit(asdict(report))
    else:
        output.show(
            f"{report.created} created, {report.updated} updated, {report.unchanged}"
            f" unchanged, {len(report.missing)} missing; {report.sponsorships}"
            f" sponsorships, {len(report.endorsers)} endorsers."
        )
        for label in report.missing:
            output.show(f"  missing from the source, not cancelled: {label}")
        _flags(report.flagged)
        _rejections(report.rejected)
    _fail_strict(report.rejected, strict=strict)


@app.command()
def organizations(
    context: typer.Context,
    file: File,
    strict: Strict = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Read organizations: name, aliases, parent, city, state, endorses.

    Example: mailer import organizations organizations.csv
    """
    state: State = context.obj
    with state.project() as project:
        report = read_organizations(project, file, strict=strict, dry_run=dry_run)
    _report(report, as_json=as_json, strict=strict)


def read_organizations(
    project: Project, file: Path, *, strict: bool = False, dry_run: bool = False
) -> dict[str, Any]:
    """Import a file of organizations."""
    rows, flags, early = _rows(
        file, subscribe.SYNONYMS, subscribe.ORGANIZATION_COLUMNS, required="name"
    )
    checked = subscribe.organizations(rows, file=str(file), resolve=project.resolve)
    counts = (0, 0, 0)
    if not (dry_run or (strict and (checked.rejected or early))):
        counts = project.organizations.organize(checked.rows, at=project.clock())
    created, updated, unchanged = counts
    return {
        "created": created,
        "updated": updated,
        "unchanged": unchanged,
        **_findings(checked, flags, early),
    }


@app.command()
def subscribers(
    context: typer.Context,
    file: File,
    list_slug: Annotated[
        str, typer.Option("--list", help="The list they are subscribed to.")
    ],
    strict: Strict = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Read subscribers; without a consent basis they stay pending and get nothing.

    Example: mailer import subscribers contacts.csv --list weekly
    """
    state: State = context.obj
    with state.project() as project:
        report = read_subscribers(
            project, file, list_slug, strict=strict, dry_run=dry_run
        )
    _report(report, as_json=as_json, strict=strict)


def read_subscribers(
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


@app.command()
def suppressions(
    context: typer.Context,
    file: File,
    reason: Annotated[
        str, typer.Option(help="bounced, complained, erased or manual.")
    ] = "manual",
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Read addresses that nobody may ever mail; stronger than any subscription.

    Example: mailer import suppressions left.csv --reason complained
    """
    if reason not in ("bounced", "complained", "erased", "manual"):
        raise InputError("--reason is none of bounced, complained, erased, manual")
    state: State = context.obj
    with state.project() as project:
        rows, flags, early = _rows(
            file, subscribe.SYNONYMS, ("email",), required="email", quiet=True
        )
        checked = subscribe.addresses(
            rows, file=str(file), check_address=addresses.checked
        )
        added = 0
        if not (strict and (checked.rejected or early)):
            added = project.people.suppress(
                checked.rows, reason=reason, at=project.clock()
            )
    report = {
        "created": added,
        "updated": 0,
        "unchanged": len(checked.rows) - added,
        **_findings(checked, flags, early),
    }
    _report(report, as_json=as_json, strict=strict)


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


def _report(report: dict[str, Any], *, as_json: bool, strict: bool) -> None:
    if as_json:
        output.emit(report)
    else:
        counts = [f"{n} {name}" for name, n in report.items() if isinstance(n, int)]
        output.show(f"{', '.join(counts)}.")
        _flags(report["flagged"])
        _rejections(report["rejected"])
    _fail_strict(report["rejected"], strict=strict)


def _flags(flags: Sequence[Flag]) -> None:
    for flag in flags:
        where = f"line {flag.line}" if flag.line else "file"
        output.show(f"  look at {where}, {flag.field} ({flag.code}): {flag.message}")


def _rejections(rejected: Sequence[Rejection]) -> None:
    for one in rejected:
        where = f"line {one.line}, " if one.line else ""
        output.say(f"rejected: {one.file}, {where}{one.field}: {one.message}")


def _fail_strict(rejected: Sequence[Rejection], *, strict: bool) -> None:
    if strict and rejected:
        raise InputError(
            f"--strict: {len(rejected)} rows were rejected, so nothing was imported"
        )
