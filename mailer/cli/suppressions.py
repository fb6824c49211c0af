"""`mailer suppressions`: our list of addresses nobody may mail, and the providers'."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from mailer.adapters import addresses
from mailer.adapters.database.readers import masked
from mailer.adapters.providers.foreign import words
from mailer.cli import output
from mailer.cli.state import Json, State
from mailer.core.errors import NotFoundError, ProviderError
from mailer.pipeline.reconcile import Reconciled
from mailer.ports.lifting import Lifted

app = typer.Typer(
    no_args_is_help=True, help="Addresses that nobody may mail, here and at providers."
)


_MOST = 100  # shown to people; --json has them all
_HASH = "(only its hash is kept)"


@app.command("list")
def listed(
    context: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help=f"All of them, not the newest {_MOST} alone.")
    ] = False,
    show_addresses: Annotated[
        bool,
        typer.Option(
            "--addresses",
            help="Show subscribers' addresses in full; that you looked is on record.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """List who is suppressed: when, why, and who told it; addresses are masked.

    Example: mailer suppressions list --addresses
    """
    state: State = context.obj
    with state.project() as project:
        counts = project.suppressed.counts()
        rows = project.suppressed.listed(None if everything or as_json else _MOST)
        if show_addresses:
            number = sum(row["address"] is not None for row in rows)
            project.suppressed.looked(number, actor="cli", at=project.clock())
            found = [dict(row) for row in rows]
        else:
            found = [
                {**row, "address": row["address"] and masked(row["address"])}
                for row in rows
            ]
    if as_json:
        output.emit(found)
        return
    output.table(
        ("Address", "Why", "Since (UTC)", "Told by"),
        [
            (
                row["address"] or _HASH,
                row["reason"],
                f"{row['since']:%Y-%m-%d %H:%M}",
                row["told_by"] or "here",
            )
            for row in found
        ],
    )
    if not found:
        output.say("Nobody is suppressed.")
        return
    hidden = len(found) < sum(counts.values())
    reasons = ", ".join(f"{n:,} {reason}" for reason, n in sorted(counts.items()))
    output.say(
        f"{sum(counts.values()):,} in all: {reasons}."
        + (f" Shown are the newest {_MOST}; --all shows all." if hidden else "")
        + (" That you looked at whole addresses is on record." * show_addresses)
    )


@app.command()
def lift(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="Who asked to be mailed again.")],
    reason: Annotated[
        str,
        typer.Option(
            help="What they asked, and when and how; kept with their consent."
        ),
    ],
    as_json: Json = False,
) -> None:
    """Let an address be mailed again because that person asked for it.

    Example: mailer suppressions lift office@example.org --reason "wrote on 3 May: the
    mailbox is open again"
    """
    state: State = context.obj
    asked = words(reason)  # without addresses: it is kept for good
    if not asked:
        raise typer.BadParameter("say what they asked", param_hint="--reason")
    with state.project() as project:
        _ = project.ledger  # which numbers the lists
        lifted = project.suppressed.lift(
            addresses.spelled(address), asked=asked, actor="cli", at=project.clock()
        )
    if as_json:
        output.emit(asdict(lifted))
        return
    output.show(
        f"Lifted: it was suppressed since {lifted.since:%Y-%m-%d} ({lifted.reason})."
    )
    output.show(_reached(lifted))
    output.say(_theirs(lifted))


def _reached(lifted: Lifted) -> str:
    if lifted.lists:
        return f"Mail of {', '.join(lifted.lists)} reaches them again."
    if lifted.is_subscriber:
        return (
            "No subscription of theirs is active, and none was taken up again: they"
            " join by their own link or by signing up."
        )
    return (
        "No subscriber has this address; whoever signs up with it or is imported with"
        " a consent is mailed."
    )


def _theirs(lifted: Lifted) -> str:
    """Say what is to be done about the list that a provider has of its own."""
    whose = lifted.told_by or "Your provider"
    if lifted.lists:
        return (
            f"{whose} may hold them on its own list, and then carries no mail to them:"
            " mailer suppressions sync --all takes them off there."
        )
    return (
        f"{whose} may hold them on its own list: take them off there by hand, or a"
        " later sync suppresses them again."
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
