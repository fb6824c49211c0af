"""`mailer web`: the pages behind the links in the mail."""

from typing import TYPE_CHECKING, Annotated

import typer

from mailer.adapters.addresses import checked
from mailer.bootstrap import Project
from mailer.cli import output
from mailer.cli.state import AsOf, State

if TYPE_CHECKING:
    from mailer.web.app import Application
    from mailer.web.console import Coordination
    from mailer.web.events import Ear


def web(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="On which port.")] = 8000,
    as_of: AsOf = None,
) -> None:
    """Serve the pages: leave, preferences, actions, calendars, feeds, the archive.

    Example: mailer web --port 8000
    """
    state: State = context.obj
    with state.project(as_of) as project:
        open_pages(project, host, port)


def open_pages(project: Project, host: str, port: int) -> None:
    """Serve until interrupted."""
    from mailer.web.server import serve  # noqa: PLC0415 - with the rest of the web

    app = application(project)
    output.say(f"The pages are at http://{host}:{port}/ until you press Ctrl-C.")
    serve(app, host, port)


def application(project: Project) -> "Application":
    """Return the pages of a project."""
    from mailer.web.app import create  # noqa: PLC0415 - a web server, for this alone

    return create(
        readers=project.readers,
        public_actions=project.public_actions,
        public_editions=project.public_editions,
        copies=project.copies,
        keyring=project.keyring,
        pages=project.pages,
        lists=project.numbered(),
        coalition=project.settings.coalition,
        base_url=project.settings.base_url,
        now=project.clock,
        notifier=project.notifier,
        requests=project.requests,
        endorsements=project.endorsements,
        check_address=checked,
        resolve=lambda city, state: project.resolve(city, state, "US")[0],
        logo=project.settings.branding.logo,
        ear=_ear(project),
        work=_work(project),
    )


def _ear(project: Project) -> "Ear":
    """Return what hears the providers whose tables name a key for events."""
    from mailer.web.events import Ear  # noqa: PLC0415 - with the rest of the web

    return Ear(
        hearings=project.fleet.hearings,
        tracker=project.tracker(output.say),
        confirm=project.fleet.confirm,
        now=project.clock,
    )


def _work(project: Project) -> "Coordination":
    """Return what coordinators do."""
    from mailer.web.console import Coordination  # noqa: PLC0415 - as above

    console = project.console
    return Coordination(
        accounts=console.accounts,
        credentials=console.credentials,
        sessions=console.sessions,
        records=console.records,
        doorkeeper=console.doorkeeper,
        locksmith=console.locksmith,
        inviter=console.inviter,
        codes=console.codes,
        moderator=project.moderator,
        survey=console.survey,
        zone=console.zone,
    )
