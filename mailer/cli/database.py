"""`mailer db`: the schema and the soundness of the database."""

import typer

from mailer.adapters.database import migrate
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
        before, after = migrate.upgrade(project.database)
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
