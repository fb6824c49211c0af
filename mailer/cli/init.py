"""`mailer init`: a project folder to edit."""

from pathlib import Path
from typing import Annotated

import typer

from mailer.adapters import files
from mailer.adapters.database import migrate
from mailer.bootstrap import Project
from mailer.cli import output
from mailer.cli.state import Json, State, clock


def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
    as_json: Json = False,
) -> None:
    """Make a project folder to edit: settings, two lists, templates, a database.

    Example: mailer init our-coalition
    """
    state: State = context.obj
    folder = folder.resolve()
    contents = files.lay_out(folder, settings=files.settings_template())
    project = Project(folder, state.environment, clock())
    try:
        migrate.upgrade(project.database)
        _ = project.ledger  # the lists are known from now on: what is due later is sent
    finally:
        project.close()
    if as_json:
        output.emit({"folder": str(folder), "contents": contents})
        return
    output.heading(f"{folder} is ready to edit:")
    output.table(
        ("", ""),
        [
            ("README.md", "what is where, and the first commands"),
            ("mailer.toml", "who sends, through whom, from which sources"),
            ("lists/", "to whom and when: one file per mailing list"),
            ("templates/", "what readers get, and the pages behind its links"),
            ("scheduler.py", "the service: sends each edition when it is due"),
            (
                "secret.key",
                "signs the links in the mail; back it up, share it with nobody",
            ),
        ],
    )
    output.show("Next, what your mail looks like, and then its actions:")
    output.show(f"  mailer --project {folder} preview --serve")
    output.show(f"  mailer --project {folder} import actions FILE --format page")
