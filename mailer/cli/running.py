"""`mailer run`: the service and the pages in one process, for one small machine."""

import importlib.util
import threading
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from mailer.cli import output
from mailer.cli.state import State
from mailer.cli.web import application
from mailer.core.errors import ConfigError, NotFoundError

_FILE = "scheduler.py"
_ENDING = 15.0  # seconds that requests under way get


def run(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Where the pages listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="On which port.")] = 8000,
    every: Annotated[
        float, typer.Option(help="Seconds between the service's ticks.")
    ] = 20.0,
) -> None:
    """Run the service and the pages together until Ctrl-C or SIGTERM.

    The service is the project's own scheduler.py. Example: mailer run --port 8000
    """
    from mailer.web.server import listen, server  # noqa: PLC0415 - with the web

    state: State = context.obj
    service = _service(state.folder)
    with state.project() as project, listen(host, port) as listening:
        pages = server(application(project), host, port)
        thread = threading.Thread(
            target=pages.run, kwargs={"sockets": [listening]}, name="pages", daemon=True
        )
        thread.start()
        project.warm()
        output.say(f"The pages are at http://{host}:{port}/ until you press Ctrl-C.")
        code = service.main(["--project", str(state.folder), "--every", str(every)])
        pages.should_exit = True
        thread.join(_ENDING)
    if code:
        raise typer.Exit(code)


def _service(folder: Path) -> ModuleType:
    """Load a project's scheduler.py: nothing in this package knows the clock."""
    file = folder / _FILE
    if not file.is_file():
        raise NotFoundError(
            f"{file}: there is no such file; copy it from a folder that mailer init"
            " lays out"
        )
    found = importlib.util.spec_from_file_location("scheduler", file)
    if found is None or found.loader is None:
        raise ConfigError(f"{file}: is no Python file that can be loaded")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
