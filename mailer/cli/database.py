"""`mailer db`: the schema and the soundness of the database."""

from typing import Annotated

import typer

from mailer.adapters.database import copying, migrate
from mailer.adapters.database.engine import Database
from mailer.cli import output
from mailer.cli.state import Json, State
from mailer.core.errors import MailerError

app = typer.Typer(no_args_is_help=True, help="Migrations, schema and integrity.")


@app.command()
def upgrade(context: typer.Context, as_json: Json = False) -> None:
    """Bring the database to the newest schema; safe to run again.

    Example: mailer db upgrade
    """
    state: State = context.obj
    with state.project() as project:
        before, after = project.upgrade()
    if as_json:
        output.emit({"before": before, "after": after})
    elif before == after:
        output.show(f"The database is at schema {after} already.")
    else:
        output.show(f"The database is at schema {after} (was {before or 'empty'}).")


@app.command()
def check(context: typer.Context, as_json: Json = False) -> None:
    """Check the schema against this version, and the file for damage.

    Example: mailer db check
    """
    state: State = context.obj
    with state.project() as project:
        migrate.require(project.database)
        findings = migrate.check(project.database)
    if as_json:
        output.emit({"sound": not findings, "findings": findings})
    if findings:
        raise MailerError("; ".join(findings))
    if not as_json:
        output.show("The database is sound.")


@app.command()
def copy(
    context: typer.Context,
    url: Annotated[
        str, typer.Argument(metavar="URL", help="The empty database to copy into.")
    ],
    as_json: Json = False,
) -> None:
    """Copy everything into another database, counted; then change mailer.toml.

    Example: mailer db copy postgresql+psycopg://mailer@db.example.org/mailer
    """
    state: State = context.obj
    with state.project() as project:
        migrate.require(project.database)
        target = Database(url, folder=project.folder)
        try:
            with output.progress("Copying rows") as bar:
                counts = copying.copy(
                    project.database, target, at=project.clock(), progress=bar
                )
        finally:
            target.close()
    if as_json:
        output.emit({"rows": sum(counts.values()), "tables": counts})
        return
    output.show(
        f"{sum(counts.values()):,} rows in {len(counts)} tables are in both databases."
        " Now name the new one in mailer.toml (or MAILER_DATABASE_URL). The old one is"
        " stopped, so that only one of them sends; keep it until you have seen the new"
        " one work."
    )
