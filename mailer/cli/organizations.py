"""`mailer organizations`: who is known, and which two are one."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from mailer.cli import output
from mailer.cli.state import Json, State
from mailer.core import sponsors
from mailer.core.audience import FOREVER
from mailer.core.errors import InputError, NotFoundError

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
        ("Sponsors", "Endorses", "Seats", "Organization"),
        [
            (
                row["sponsorships"] or "",
                row["endorsements"] or "",
                row["seats"] or "",
                "\n".join(_lines(row)),
            )
            for row in found
        ],
        right=("Sponsors", "Endorses", "Seats"),
    )


def _lines(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield its name, and what else there is to say, each on a line of its own."""
    yield row["name"]
    for alias in row["aliases"]:
        yield f"  also: {alias}"
    muted = _muted(row["muted_until"])
    about = [row["place"], muted and f"muted {muted}"]
    if said := ", ".join(part for part in about if part):
        yield f"  {said}"


def _muted(until: datetime | None) -> str:
    if until is None:
        return ""
    return "for good" if until >= FOREVER else f"until {until:%Y-%m-%d}"


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


@app.command()
def part(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The organization that was taken in.")],
    as_json: Json = False,
) -> None:
    """Take a merge apart: what it had brought goes back with it.

    Example: mailer organizations part "AFT 1931"
    """
    state: State = context.obj
    with state.project() as project:
        register = project.console.register
        kept = register.number(name)
        found = register.organization(kept) if kept is not None else None
        key = sponsors.name_key(name)
        records = [
            each.record
            for each in (found.taken_in if found else ())
            if sponsors.name_key(each.name) == key
        ]
        if found is None or not records:
            raise NotFoundError(
                f'no merge took "{name}" in; mailer organizations lists all names'
            )
        register.part(found.number, records[0], by="cli", at=project.clock())
    if as_json:
        output.emit({"organization": name, "from": found.name})
        return
    output.show(f'"{name}" stands by itself again, apart from "{found.name}".')


@app.command()
def mute(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Any of its names.")],
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="From this day on it gets mail again."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Send no edition to an organization's seats, for good or until a day.

    Whoever has a seat elsewhere as well goes on getting theirs.

    Example: mailer organizations mute "AFT 1931" --until 2019-11-01
    """
    state: State = context.obj
    with state.project() as project:
        now = project.clock()
        end = until.replace(tzinfo=UTC) if until else FOREVER
        if end <= now:
            raise InputError(f"--until: {end:%Y-%m-%d} is over; write a day to come")
        kept = project.organizations.mute(name, end, at=now, actor="cli")
    if as_json:
        output.emit({"organization": kept, "muted_until": end})
        return
    output.show(f'"{kept}" is muted {_muted(end)}: its seats get no edition.')


@app.command()
def unmute(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Any of its names.")],
    as_json: Json = False,
) -> None:
    """Let an organization's seats get editions again.

    Example: mailer organizations unmute "AFT 1931"
    """
    state: State = context.obj
    with state.project() as project:
        kept = project.organizations.mute(name, None, at=project.clock(), actor="cli")
    if as_json:
        output.emit({"organization": kept, "muted_until": None})
        return
    output.show(f'"{kept}" gets editions again, as its people chose.')
