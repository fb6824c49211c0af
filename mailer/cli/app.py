"""The command tree."""

import os
from pathlib import Path
from typing import Annotated

import typer

from mailer.cli import (
    database,
    demo,
    halting,
    imports,
    init,
    listing,
    mailing,
    organizations,
    parked,
    web,
    why,
)
from mailer.cli.state import State

app = typer.Typer(
    name="mailer",
    help=(
        "Weekly digests and urgent calls for coalitions. Lists say to whom and when,"
        " templates say what it looks like."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _start(
    context: typer.Context,
    project: Annotated[
        Path | None,
        typer.Option(
            "--project",
            envvar="MAILER_PROJECT",
            help="The project folder; by default the current folder.",
        ),
    ] = None,
) -> None:
    context.obj = State(
        folder=(project or Path.cwd()).resolve(), environment=dict(os.environ)
    )


app.command("init")(init.init)
app.command("demo")(demo.demo)
app.add_typer(database.app, name="db")
app.add_typer(imports.app, name="import")
app.command("actions")(listing.actions)
app.add_typer(organizations.app, name="organizations")
app.command("subscribers")(listing.subscribers)
app.command("lists")(listing.lists)
app.command("preview")(mailing.preview)
app.command("plan")(mailing.plan)
app.command("send")(mailing.send)
app.command("work")(mailing.work)
app.command("pause")(halting.pause)
app.command("resume")(halting.resume)
app.command("cancel")(halting.cancel)
app.add_typer(parked.app, name="parked")
app.command("status")(mailing.status)
app.command("why")(why.why)
app.command("web")(web.web)
