"""`mailer why`: the rules that decided, in their order."""

from typing import Annotated, Any

import typer

from mailer.adapters import addresses
from mailer.bootstrap import Project
from mailer.cli import output
from mailer.cli.state import Json, State
from mailer.cli.which import find
from mailer.core.errors import NotFoundError


def why(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The address in question.")],
    mailing: Annotated[
        str | None, typer.Argument(help="LIST/EDITION; all when left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say why an address did or did not get something.

    Example: mailer why office@example.org weekly/2019-10-07
    """
    state: State = context.obj
    with state.project() as project:
        traced = _trace(project, address, mailing)
    if as_json:
        output.emit(traced)
        return
    person = traced["person"]
    about = [person["organization"], person["place"], f"reads {person['language']}"]
    output.heading(", ".join(part for part in about if part))
    for finding in traced["findings"]:
        output.show(f"- {finding}")


def _trace(project: Project, address: str, mailing: str | None) -> dict[str, Any]:
    subscriber = project.people.find(addresses.spelled(address))
    if subscriber is None:
        raise NotFoundError("no subscriber has this address, so nothing was sent to it")
    chosen = find(project, mailing) if mailing else None
    person = project.tracer.person(subscriber)
    subscriptions = project.tracer.subscriptions(subscriber)
    deliveries = project.tracer.deliveries(subscriber, chosen.id if chosen else None)
    findings = []
    if person["suppressed"]:
        findings.append(f"Nobody may mail this address: {person['suppressed']}.")
    findings += [_subscription(row) for row in subscriptions]
    findings += [_delivery(row) for row in deliveries]
    if chosen and not deliveries:
        findings.append(
            f"{mailing}: who got it is not on record any more; only how many."
            if project.ledger.standing(chosen.id).pruned
            else f"{mailing}: not in its audience; no active subscription when it was"
            " made."
        )
    return {
        "person": person,
        "subscriptions": subscriptions,
        "deliveries": deliveries,
        "findings": findings,
    }


def _subscription(row: Any) -> str:
    consent = row["consent"]
    since = (
        f"; {consent['kind']} {consent['happened_at']:%Y-%m-%d}, {consent['basis']}"
        if consent
        else "; no consent is on record"
    )
    state = row["state"]
    if state == "pending":
        return f"{row['list']}: pending: gets nothing until they confirm{since}."
    if state == "ended":
        return f"{row['list']}: ended ({row['ended_reason']}){since}."
    paused = (
        f", paused until {row['paused_until']:%Y-%m-%d}" if row["paused_until"] else ""
    )
    return f"{row['list']}: active{paused}{since}."


def _delivery(row: Any) -> str:
    mailing = f"{row['slug']}/{row['edition']}"
    when = f"{row['changed_at']:%Y-%m-%d %H:%M} UTC"
    if row["state"] == "sent":
        return (
            f'{mailing}: sent {when} through {row["provider"]}: "{row["subject"]}",'
            f" composed for {row['composed_for'] or 'no place'} in {row['language']}."
        )
    reason = f": {row['reason']}" if row["reason"] else ""
    state = _WORDS.get(row["state"], row["state"])
    return f"{mailing}: {state}{reason} ({when})."


_WORDS = {
    "inflight": "in a call to the provider at this moment",
    "unknown": "nobody knows yet whether it arrived; the program is finding out",
    "parked": "nobody knows whether it arrived; it waits for a person (mailer parked)",
}
