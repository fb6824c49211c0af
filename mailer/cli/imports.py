"""`mailer import`: actions, organizations, subscribers, suppressions from files."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.cli import intake, output
from mailer.cli.state import Json, State
from mailer.core.errors import InputError
from mailer.core.model import Flag, Rejection
from mailer.pipeline import ingest

# What a report counts of rows that were read, whatever became of them.
_WENT_IN = ("created", "updated", "unchanged", "pending", "suppressed", "left")

app = typer.Typer(no_args_is_help=True, help="Bring in what you already have.")

File = Annotated[Path, typer.Argument(metavar="FILE", help="The file to read.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="One bad row, and nothing is imported.")
]
Rejected = Annotated[
    Path | None,
    typer.Option(
        "--rejected",
        metavar="FILE",
        help="Write every rejected row with its reason to this CSV file: mend it there"
        " and import it.",
    ),
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
            metavar="FILE",
            help="The file; without one, the --source of mailer.toml is pulled.",
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
            help="Where they come from; by default the format. Rows of other sources are"
            " left alone: give each website or file of its own a name."
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
            report = intake.actions(
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
    _count_rejections(len(report.rejected))
    _fail_strict(len(report.rejected), strict=strict)
    if not report.applied:
        output.say("Nothing was changed: this was a dry run.")


@app.command()
def organizations(
    context: typer.Context,
    file: File,
    strict: Strict = False,
    dry_run: DryRun = False,
    rejected: Rejected = None,
    as_json: Json = False,
) -> None:
    """Read organizations: name, aliases, parent, city, state, endorses.

    Example: mailer import organizations organizations.csv
    """
    state: State = context.obj
    with state.project() as project:
        report = intake.organizations(
            project, file, strict=strict, dry_run=dry_run, rejects=rejected
        )
    _report(report, as_json=as_json, strict=strict, dry_run=dry_run, rejected=rejected)


@app.command()
def subscribers(
    context: typer.Context,
    file: File,
    list_slug: Annotated[
        str, typer.Option("--list", help="The list they are subscribed to.")
    ],
    strict: Strict = False,
    dry_run: DryRun = False,
    rejected: Rejected = None,
    as_json: Json = False,
) -> None:
    """Read subscribers; without a consent basis they stay pending and get nothing.

    Example: mailer import subscribers contacts.csv --list weekly
    """
    state: State = context.obj
    with state.project() as project:
        report = intake.subscribers(
            project, file, list_slug, strict=strict, dry_run=dry_run, rejects=rejected
        )
    _report(report, as_json=as_json, strict=strict, dry_run=dry_run, rejected=rejected)


@app.command()
def suppressions(
    context: typer.Context,
    file: File,
    reason: Annotated[
        str, typer.Option(help="bounced, complained, erased or manual.")
    ] = "manual",
    strict: Strict = False,
    rejected: Rejected = None,
    as_json: Json = False,
) -> None:
    """Read addresses that nobody may ever mail; stronger than any subscription.

    Example: mailer import suppressions left.csv --reason complained
    """
    if reason not in ("bounced", "complained", "erased", "manual"):
        raise InputError("--reason is none of bounced, complained, erased, manual")
    state: State = context.obj
    with state.project() as project:
        report = intake.suppressions(
            project, file, reason=reason, strict=strict, rejects=rejected
        )
    _report(report, as_json=as_json, strict=strict, rejected=rejected)


def _report(
    report: dict[str, Any],
    *,
    as_json: bool,
    strict: bool,
    rejected: Path | None,
    dry_run: bool = False,
) -> None:
    if dry_run:
        tell = output.say if as_json else output.show
        tell("A dry run: nothing was changed. It would be:")
    if as_json:
        output.emit(report)
    else:
        counts = [f"{n:,} {name}" for name, n in report.items() if isinstance(n, int)]
        output.show(f"{', '.join(counts)}.")
        _flags(report["flagged"])
        _rejections(report["rejected"])
    _more(report, rejected)
    _fail_strict(report["rejections"], strict=strict)
    _fail_if_nothing_went_in(report)


def _more(report: dict[str, Any], rejected: Path | None) -> None:
    """Say how many rows were rejected, and of what not all is listed."""
    for total, listed, what in (
        (report["flags"], report["flagged"], "flags"),
        (report["rejections"], report["rejected"], "rejected rows"),
    ):
        if total > len(listed):
            output.say(
                f"Of {total:,} {what} only the first {len(listed):,} are listed."
            )
    written = "with --rejected FILE they are written to a file, to be mended there"
    if rejected:
        written = f"mend them in {rejected} and import that"
    _count_rejections(report["rejections"], f"; {written}")


def _count_rejections(count: int, hint: str = "") -> None:
    if count:
        rows = "1 row was" if count == 1 else f"{count:,} rows were"
        output.say(f"{rows} rejected{hint}.")


def _flags(flags: Sequence[Flag]) -> None:
    for flag in flags:
        where = f"line {flag.line}" if flag.line else "file"
        output.show(f"  look at {where}, {flag.field} ({flag.code}): {flag.message}")


def _rejections(rejected: Sequence[Rejection]) -> None:
    for one in rejected:
        where = f"line {one.line}, " if one.line else ""
        output.say(f"rejected: {one.file}, {where}{one.field}: {one.message}")


def _fail_if_nothing_went_in(report: Mapping[str, Any]) -> None:
    went_in = any(report.get(name) for name in _WENT_IN)
    if report["rejections"] and not went_in:
        raise InputError("every row was rejected, so nothing was imported")


def _fail_strict(rejections: int, *, strict: bool) -> None:
    if strict and rejections:
        raise InputError(
            f"--strict: {rejections:,} rows were rejected, so nothing was imported"
        )
