"""`mailer prune`: forget who got what in mailings that are long over."""

from datetime import timedelta
from typing import Annotated

import typer

from mailer.cli import output
from mailer.cli.state import AsOf, Json, State


def prune(
    context: typer.Context,
    days: Annotated[
        int | None,
        typer.Option(
            min=1, help="Keep so many; by default as [delivery] keep in mailer.toml."
        ),
    ] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Delete the deliveries of mailings that are long over; their counts stay.

    The scheduler does so by itself. Example: mailer prune --days 30
    """
    state: State = context.obj
    with state.project(as_of) as project, output.progress("Pruning") as bar:
        now = project.clock()
        keep = project.settings.keep if days is None else timedelta(days=days)
        done = project.retention.prune(now - keep, at=now, progress=bar)
    if as_json:
        output.emit(done)
        return
    output.show(
        f"{done['deliveries']:,} deliveries of {done['mailings']} mailings are gone;"
        " how many there were of each kind is kept."
    )
