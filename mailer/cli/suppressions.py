"""`mailer suppressions`: our list of addresses nobody may mail, and the providers'."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from mailer.adapters.database.readers import masked
from mailer.cli import output
from mailer.cli.state import Json, State
from mailer.core.errors import NotFoundError, ProviderError
from mailer.pipeline.reconcile import Reconciled

app = typer.Typer(
    no_args_is_help=True, help="Addresses that nobody may mail, here and at providers."
)


@app.command()
def sync(
    context: typer.Context,
    provider: Annotated[
        str | None,
        typer.Argument(
            metavar="[PROVIDER]",
            help="The name of its table in mailer.toml; by default all that carry mail.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would happen; change nothing."),
    ] = False,
    again: Annotated[
        bool,
        typer.Option("--all", help="Look at everything, not at what is new alone."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring a provider's own list of suppressed addresses and ours into line, both ways.

    The scheduler does so once a day. Example: mailer suppressions sync postmark
    """
    state: State = context.obj
    troubles: list[str] = []
    found: list[dict[str, Any]] = []
    with state.project() as project:
        names = [provider] if provider else project.carriers
        if provider and provider not in project.settings.providers:
            raise NotFoundError(f"mailer.toml: there is no [providers.{provider}]")
        may_push = project.may_push()
        for name in names:
            try:
                done = project.synchronize(name, dry_run=dry_run, again=again)
            except ProviderError as error:
                troubles.append(str(error))
                continue
            found.append(_row(name, done))
    if as_json:
        output.emit(found)
    else:
        for row in found:
            _show(row)
    if found and dry_run:
        output.say("Nothing was changed: this was a dry run.")
    elif found and not may_push:
        output.say(
            "Providers' lists were only read: sending is stopped, or mail is let out to"
            " those of [delivery] allow_only alone."
        )
    if troubles:
        raise ProviderError("; ".join(troubles))


def _row(name: str, done: Reconciled | None) -> dict[str, Any]:
    if done is None:
        return {"provider": name, "list": False}
    stuck = [masked(address) for address in done.stuck]
    return {"provider": name, "list": True, **asdict(done), "stuck": stuck}


def _show(row: dict[str, Any]) -> None:
    if not row["list"]:
        output.show(f"{row['provider']} has no list of its own.")
        return
    output.show(
        f"{row['provider']}: {row['read']:,} on its list. Suppressed here:"
        f" {row['suppressed']:,}; subscriptions ended: {row['left']:,}. Told there:"
        f" {row['told']:,}; taken off there, because they came back: {row['freed']:,}."
    )
    for count, what in (
        (row["unread"], "entries cannot be read, and change nothing"),
        (
            row["blocked"],
            "are there for a block and get no mail: take them off when it is mended",
        ),
        (row["untold"], "of ours it does not take; nobody mails them from here"),
    ):
        if count:
            output.say(f"{row['provider']}: {count:,} {what}.")
    if row["stuck"]:
        output.say(
            f"{row['provider']} does not let go of {', '.join(row['stuck'])}, who came"
            " back and get no mail; ask its support to take them off."
        )
