"""`mailer preview`: what would be sent, and what the gates find in it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailer.cli import output
from mailer.cli.state import AsOf, Edition, Json, State
from mailer.core.errors import RefusedError

if TYPE_CHECKING:
    from mailer.adapters.gates import Finding


def preview(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[LIST]", help="The list's name; --serve shows them all."
        ),
    ] = None,
    edition: Edition = None,
    address: Annotated[
        str | None, typer.Option("--for", help="Only what this subscriber would get.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where to write.")] = Path("preview"),
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail when a gate finds an error.")
    ] = False,
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Show templates and lists in a browser instead."),
    ] = False,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="On which port to --serve.")
    ] = 8010,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Write what would be sent, byte for byte: .html, .txt and .eml per variant.

    Example: mailer preview weekly --for office@example.org --out preview

    To edit templates and see them change: mailer preview --serve
    """
    state: State = context.obj
    if serve:
        from mailer.cli import desk  # noqa: PLC0415 - a web server, for this alone

        desk.serve(state, port=port, as_of=as_of)
        return
    if name is None:
        raise typer.BadParameter("name one, as in mailer preview weekly; or --serve")
    from mailer.cli import previews  # noqa: PLC0415 - with the gates, for this alone

    with state.project(as_of) as project:
        written = previews.write(
            project, project.mailing_list(name), edition, address, out
        )
    if as_json:
        output.emit(written)
    else:
        _show_previews(written, out, previews.told_once(written))
    errors = previews.errors(written)
    if strict and errors:
        raise RefusedError(
            f"{errors} errors were found, and --strict allows none; mend the template,"
            " with mailer preview --serve beside it"
        )


def _show_previews(
    written: Mapping[str, Any],
    out: Path,
    told: Sequence[tuple["Finding", Sequence[str]]],
) -> None:
    name = written["mailing"].replace("/", "-")
    if written["variants"]:
        output.table(
            ("Version", "Place and subject", "Bytes", "Found"),
            [
                (
                    row["file"].removeprefix(f"{name}-"),
                    f"{row['place'] or 'No place'}\n{row['subject']}",
                    f"{row['bytes']:,}",
                    len(row["findings"]) or "",
                )
                for row in written["variants"]
            ],
            right=("Bytes", "Found"),
        )
    for finding, files in told:
        one = files[0].removeprefix(f"{name}-")
        where = one if len(files) == 1 else f"{len(files)} versions"
        output.show(f"{finding.severity}, {finding.gate}, in {where}: {finding.words}")
        output.show(f"  {finding.where}")
    for sentence in written["left_out"]:
        output.show(sentence)
    number, skipped = len(written["variants"]), written["skipped"]
    if skipped:
        output.show(
            f"{skipped} {'group of readers has' if skipped == 1 else 'groups of readers have'}"
            " nothing to be told in this edition: no action is announced, or they know them all."
        )
    where = f" in {out}: {name}-VERSION.html, .txt and .eml" if number else ""
    output.show(
        f"{number} {'versions' if number != 1 else 'version'}{where}. Nothing was sent."
    )
