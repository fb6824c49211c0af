"""`mailer parked`: deliveries whose outcome nobody knows, and what a person decides."""

from typing import Annotated

import typer

from mailer.adapters import addresses
from mailer.adapters.database.gauges import gauges
from mailer.adapters.database.readers import masked
from mailer.bootstrap import Project
from mailer.cli import output
from mailer.cli.state import Json, State
from mailer.cli.which import find
from mailer.core.errors import NotFoundError

app = typer.Typer(invoke_without_command=True)

Address = Annotated[
    str | None, typer.Option(help="Only this recipient's; else say --all.")
]
Everybody = Annotated[bool, typer.Option("--all", help="All of the mailing's.")]
Mailing = Annotated[str, typer.Argument(metavar="MAILING", help="LIST/EDITION.")]


@app.callback()
def parked(
    context: typer.Context,
    show_addresses: Annotated[
        bool, typer.Option("--addresses", help="Show addresses in full.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the deliveries whose outcome nobody knows; they are never sent again unasked.

    Example: mailer parked --addresses
    """
    if context.invoked_subcommand:
        return
    state: State = context.obj
    with state.project() as project:
        found = [
            {
                "mailing": f"{row['slug']}/{row['edition']}",
                "address": row["address"] if show_addresses else masked(row["address"]),
                "provider": row["provider"],
                "sent_at": row["sent_at"],
                "reason": row["reason"],
            }
            for row in project.parked.listed(None)
        ]
        calls = gauges(project.ready).batches
        open_calls = calls.get("unknown", 0) + calls.get("inflight", 0)
    if as_json:
        output.emit(found)
        return
    # Many share a reason, and each is long: the rows name its number.
    reasons = list(dict.fromkeys(row["reason"] for row in found))
    output.table(
        ("Mailing", "Address", "Provider", "Sent (UTC)", "Why"),
        [
            (
                row["mailing"],
                row["address"],
                row["provider"],
                f"{row['sent_at']:%Y-%m-%d %H:%M}" if row["sent_at"] else "",
                f"({reasons.index(row['reason']) + 1})",
            )
            for row in found
        ],
    )
    for number, reason in enumerate(reasons, start=1):
        output.show(f"({number}) {reason or 'nobody wrote down why'}")
    if found:
        output.say(
            "Look them up at the provider. Those that arrived: mailer parked mark-sent"
            " MAILING --address A. Those that did not: mailer parked resend MAILING"
            " --address A."
        )
    else:
        output.say(_known(open_calls))


def _known(open_calls: int) -> str:
    if not open_calls:
        return "Every outcome is known."
    return (
        "Nothing waits for you."
        f" {output.counted(open_calls, 'call has', 'calls have')} no known outcome yet,"
        " which is being found out: mailer status --watch"
    )


@app.command()
def resend(
    context: typer.Context,
    mailing: Mailing,
    address: Address = None,
    everybody: Everybody = False,
    as_json: Json = False,
) -> None:
    """Send them again; whoever has got it already gets it twice.

    Example: mailer parked resend weekly/2019-10-07 --address office@example.org
    """
    _settle(context, mailing, address, everybody, "resend", as_json=as_json)


@app.command("mark-sent")
def mark_sent(
    context: typer.Context,
    mailing: Mailing,
    address: Address = None,
    everybody: Everybody = False,
    as_json: Json = False,
) -> None:
    """Take them as sent, because the provider says that they arrived.

    Example: mailer parked mark-sent weekly/2019-10-07 --all
    """
    _settle(context, mailing, address, everybody, "mark-sent", as_json=as_json)


def _settle(
    context: typer.Context,
    mailing: str,
    address: str | None,
    everybody: bool,  # noqa: FBT001 - a flag
    verb: str,
    *,
    as_json: bool,
) -> None:
    if (address is None) != everybody:
        raise typer.BadParameter("say either --address ADDRESS or --all")
    state: State = context.obj
    with state.project() as project:
        found = find(project, mailing)
        subscriber = _subscriber(project, address)
        act = project.parked.resend if verb == "resend" else project.parked.mark_sent
        count = act(found.id, subscriber, actor="cli", at=project.clock())
    if as_json:
        output.emit({"mailing": mailing, "settled": count})
    elif verb == "resend":
        waits = output.counted(count, "waits", "wait")
        output.show(f"{waits} to be sent again: mailer work --until-idle")
    else:
        as_sent = output.counted(count, "counts", "count")
        output.show(f"{as_sent} as sent from now on.")


def _subscriber(project: Project, address: str | None) -> int | None:
    if address is None:
        return None
    found = project.people.find(addresses.spelled(address))
    if found is None:
        raise NotFoundError("no subscriber has this address")
    return found
