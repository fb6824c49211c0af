"""The command tree."""

import os
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from mailer.cli import (
    admin,
    audience,
    blast,
    corrections,
    database,
    demo,
    doctor,
    halting,
    imports,
    init,
    introductions,
    listing,
    mailing,
    organizations,
    output,
    parked,
    previewing,
    pruning,
    requests,
    rights,
    running,
    suppressions,
    token,
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


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer passes it so
    if wanted:
        output.show(f"mailer {version('coalition-mailer')}")
        raise typer.Exit


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
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="Show the version and end.",
        ),
    ] = False,
) -> None:
    context.obj = State(
        folder=(project or Path.cwd()).resolve(), environment=dict(os.environ)
    )


_START, _LOOK, _SEND = "Start", "Look", "Send"

app.command("init", rich_help_panel=_START)(init.init)
app.command("demo", rich_help_panel=_START)(demo.demo)
app.add_typer(database.app, name="db", rich_help_panel=_START)
app.add_typer(imports.app, name="import", rich_help_panel=_START)
app.command("actions", rich_help_panel=_LOOK)(listing.actions)
app.add_typer(organizations.app, name="organizations", rich_help_panel=_LOOK)
app.command("subscribers", rich_help_panel=_LOOK)(listing.subscribers)
app.command("lists", rich_help_panel=_LOOK)(listing.lists)
app.command("audience", rich_help_panel=_LOOK)(audience.audience)
app.add_typer(requests.app, name="requests", rich_help_panel=_LOOK)
app.command("introductions", rich_help_panel=_LOOK)(introductions.introductions)
app.add_typer(admin.app, name="admin", rich_help_panel=_LOOK)
app.add_typer(token.app, name="token", rich_help_panel=_LOOK)
app.command("doctor", rich_help_panel=_LOOK)(doctor.doctor)
app.command("prune", rich_help_panel=_LOOK)(pruning.prune)
app.command("export", rich_help_panel=_LOOK)(rights.export)
app.command("forget", rich_help_panel=_LOOK)(rights.forget)
app.add_typer(suppressions.app, name="suppressions", rich_help_panel=_LOOK)
app.command("status", rich_help_panel=_LOOK)(mailing.status)
app.command("why", rich_help_panel=_LOOK)(why.why)
app.command("preview", rich_help_panel=_SEND)(previewing.preview)
app.command("send", rich_help_panel=_SEND)(mailing.send)
app.command("plan", rich_help_panel=_SEND)(mailing.plan)
app.command("work", rich_help_panel=_SEND)(mailing.work)
app.command("pause", rich_help_panel=_SEND)(halting.pause)
app.command("resume", rich_help_panel=_SEND)(halting.resume)
app.command("stop", rich_help_panel=_SEND)(halting.stop)
app.command("start", rich_help_panel=_SEND)(halting.start)
app.command("cancel", rich_help_panel=_SEND)(halting.cancel)
app.add_typer(corrections.app, name="corrections", rich_help_panel=_SEND)
app.add_typer(blast.app, name="blast", rich_help_panel=_SEND)
app.add_typer(parked.app, name="parked", rich_help_panel=_SEND)
app.command("web", rich_help_panel=_SEND)(web.web)
app.command("run", rich_help_panel=_SEND)(running.run)
