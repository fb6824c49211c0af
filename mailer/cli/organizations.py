"""`mailer organizations`: who is known, and which two are one."""

from dataclasses import asdict
from typing import Annotated

import typer

from mailer.cli import output
from mailer.cli.state import Json, State
from mailer.core import sponsors

app = typer.Typer(invoke_without_command=True)


@app.callback()
def organizations(
    context: typer.Context,
    suggest: Annotated[
        bool, typer.Option(help="Only pairs of names that may be one organization.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the organizations with their names and what hangs on them.

    Example: mailer organizations --suggest
    """
    if context.invoked_subcommand:
        return
    state: State = context.obj
    with state.project() as project:
        found = project.organizations.listed()
    if suggest:
        _suggest([row["name"] for row in found], as_json=as_json)
        return
    if as_json:
        output.emit(found)
        return
    output.table(
        ("Organization", "Also known as", "Place", "Sponsors", "Endorses", "Seats"),
        [
            (
                row["name"],
                "; ".join(row["aliases"]),
                row["place"],
                row["sponsorships"] or "",
                row["endorsements"] or "",
                row["seats"] or "",
            )
            for row in found
        ],
        right=("Sponsors", "Endorses", "Seats"),
    )


def _suggest(names: list[str], *, as_json: bool) -> None:
    pairs = sponsors.similar(names)
    if as_json:
        output.emit([asdict(pair) for pair in pairs])
        return
    if not pairs:
        output.say("No two names look like one organization.")
        return
    output.table(
        ("This", "may be", "because"),
        [(pair.first, pair.second, pair.reason) for pair in pairs],
    )
    output.say(
        'Nothing was changed. If two are one: mailer organizations merge "THIS" "INTO"'
    )


@app.command()
def merge(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The name that becomes an alias.")],
    into: Annotated[str, typer.Argument(help="The organization that stays.")],
    as_json: Json = False,
) -> None:
    """Declare that two organizations are one; only a person ever does this.

    Example: mailer organizations merge "AFT 1931" "American Federation of Teachers
    Guild (Local 1931)"
    """
    state: State = context.obj
    with state.project() as project:
        merged = project.organizations.merge(
            name, into, at=project.clock(), actor="cli"
        )
    if as_json:
        output.emit(asdict(merged))
    else:
        output.show(
            f'"{name}" is now another name of "{merged.kept}";'
            f" {merged.sponsorships} sponsorships, {merged.endorsements} endorsements"
            f" and {merged.seats} seats moved."
        )
