"""`mailer why`: the rules that decided, in their order."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any

import typer

from mailer.adapters import addresses
from mailer.adapters.database.leaving import SEAT
from mailer.bootstrap import Project
from mailer.cli import output
from mailer.cli.state import Json, State
from mailer.cli.which import find
from mailer.core import tracing
from mailer.core.audience import FOREVER, Resting
from mailer.core.errors import NotFoundError
from mailer.core.events import EventKind
from mailer.core.preferences import Frequency
from mailer.core.scope import parse


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
    if person is None:
        for finding in traced["findings"]:
            output.show(f"- {finding}")
        return
    about = [person["organization"], person["place"], f"reads {person['language']}"]
    output.heading(", ".join(part for part in about if part))
    for finding in traced["findings"]:
        output.show(f"- {finding}")


def _trace(project: Project, address: str, mailing: str | None) -> dict[str, Any]:
    subscriber = project.people.find(addresses.spelled(address))
    if subscriber is None:
        return _stranger(project, address)
    chosen = find(project, mailing) if mailing else None
    person = project.tracer.person(subscriber)
    subscriptions = project.tracer.subscriptions(subscriber)
    deliveries = project.tracer.deliveries(subscriber, chosen.id if chosen else None)
    findings = []
    if person["suppressed"]:
        every = project.tracer.deliveries(subscriber, None)
        findings.append(_suppressed(person, every))
    now = project.clock()
    muted = person["muted_until"]
    if muted and muted > now:
        until = "" if muted >= FOREVER else f" until {muted:%Y-%m-%d %H:%M} UTC"
        findings.append(f"Their organization is muted{until}: no editions.")
    findings += [_subscription(row, now) for row in subscriptions]
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


def _stranger(project: Project, address: str) -> dict[str, Any]:
    """Say of an address that no subscriber has whether it is suppressed all the same."""
    held = project.suppressed.of(addresses.spelled(address))
    if held is None:
        raise NotFoundError("no subscriber has this address, so nothing was sent to it")
    return {
        "person": None,
        "suppression": held,
        "subscriptions": [],
        "deliveries": [],
        "findings": [
            _suppressed(held, ()),
            "No subscriber has it, and nothing else of it is kept.",
        ],
    }


def _suppressed(person: Any, every: Iterable[Any]) -> str:
    """Say since when nobody may mail them, who told it, and of which mailing."""
    reason = person["suppressed"]
    told = f", told by {person['suppressed_by']}" if person["suppressed_by"] else ""
    of = tracing.behind(reason, every)
    about = f" of {', '.join(of)}" if of else ""
    since = f"{person['suppressed_since']:%Y-%m-%d %H:%M} UTC"
    return f"Nobody may mail this address: {reason}, since {since}{told}{about}."


def _subscription(row: Any, now: datetime) -> str:
    consent = row["consent"]
    since = (
        f"; {consent['kind']} {consent['happened_at']:%Y-%m-%d}, {_basis(consent)}"
        if consent
        else "; no consent is on record"
    )
    state = row["state"]
    if state == "pending":
        return f"{row['list']}: pending: gets nothing until they confirm{since}."
    if state == "ended":
        with_seat = consent and consent["source"] == SEAT
        reason = "" if with_seat else f" ({row['ended_reason']})"
        return f"{row['list']}: ended{reason}{since}."
    return f"{row['list']}: {', '.join(['active', *_chosen(row, now)])}{since}."


def _basis(consent: Any) -> str:
    """Say by what: a list that went with a seat did not go by its reader's act alone."""
    if consent["source"] != SEAT:
        return str(consent["basis"])
    if consent["kind"] == "granted":
        return "with a seat that they took"
    return "with a seat that went to somebody else"


def _chosen(row: Any, now: datetime) -> Iterator[str]:
    """Yield what they chose by themselves that keeps mail away."""
    if row["paused_until"] and row["paused_until"] > now:
        yield f"paused until {row['paused_until']:%Y-%m-%d %H:%M} UTC"
    if row["frequency"] != Frequency.EVERY:
        yield _RHYTHMS[row["frequency"]]
    scope = parse(row["scope"])
    if scope.km is not None:
        yield f"only what is within {scope.km} km of their place"
    if scope.regions:
        yield f"only what is in {', '.join(scope.regions)}"


def _delivery(row: Any) -> str:
    mailing = f"{row['slug']}/{row['edition']}"
    when = f"{row['changed_at']:%Y-%m-%d %H:%M} UTC"
    if row["state"] == "sent":
        through = f"sent {when} through {row['provider']}"
        became = f"{_STAYED} ({when})" if row["kept"] else through
        return (
            f'{mailing}: {became}: "{row["subject"]}",'
            f" composed for {row['composed_for'] or 'no place'} in {row['language']}."
            f"{_heard(row)}"
        )
    reason = f": {_REASONS.get(row['reason'], row['reason'])}" if row["reason"] else ""
    state = _WORDS.get(row["state"], row["state"])
    return f"{mailing}: {state}{reason} ({when})."


def _heard(row: Any) -> str:
    """Say what the provider told of it later; how it was sent is said already."""
    words = _TOLD.get(row["heard"])
    return f" {row['provider']} told since: {words}." if words else ""


_TOLD = {
    EventKind.DELIVERED: "the reader's server took it",
    EventKind.DEFERRED: "not delivered yet, tried again",
    EventKind.HARD: "bounced, there is no such mailbox",
    EventKind.SOFT: "bounced for now, the mailbox is full or away",
    EventKind.BLOCK: "blocked, their server refuses our mail",
    EventKind.COMPLAINED: "they called it spam",
    EventKind.UNSUBSCRIBED: "they left through the provider",
}
_STAYED = "written to the outbox, not mailed: [delivery] allow_only"
_RHYTHMS = {
    Frequency.FORTNIGHTLY: "every second week",
    Frequency.MONTHLY: "once a month",
    Frequency.URGENT: "urgent only, no digests",
}
_REASONS = {
    Resting.PAUSED: "they had paused the list",
    Resting.URGENT_ONLY: "they want only what is urgent, no digests",
    Resting.MUTED: "their organization was muted",
    Resting.NOT_THEIR_WEEK: "not their week; they had one less than two or four weeks"
    " before, as they chose",
}
_WORDS = {
    "inflight": "in a call to the provider at this moment",
    "unknown": "nobody knows yet whether it arrived; the program is finding out",
    "parked": "nobody knows whether it arrived; it waits for a person (mailer parked)",
}
