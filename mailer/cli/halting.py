"""`mailer pause`, `resume`, `cancel`, and `stop` and `start` for all of it."""

import time
from typing import Annotated

import typer

from mailer.bootstrap import Project
from mailer.cli import output
from mailer.cli.state import Json, State
from mailer.cli.which import find

Mailing = Annotated[str, typer.Argument(metavar="MAILING", help="LIST/EDITION.")]
_PATIENCE = 20.0  # seconds that a command waits for calls in hand
_EVERY = 0.2  # seconds
Reason = Annotated[str, typer.Option(help="Why, for the audit and for mailer status.")]


def pause(
    context: typer.Context,
    mailing: Mailing,
    reason: Reason = "paused by a person",
    as_json: Json = False,
) -> None:
    """Hold a mailing: once this has answered, no further call begins.

    Example: mailer pause weekly/2019-10-07 --reason "wrong date for Denver"
    """
    _turn(context, mailing, "paused", reason, as_json=as_json)


def resume(context: typer.Context, mailing: Mailing, as_json: Json = False) -> None:
    """Go on with a mailing that was paused, or that paused itself.

    Example: mailer resume weekly/2019-10-07
    """
    _turn(context, mailing, "sending", None, as_json=as_json)


def stop(
    context: typer.Context,
    reason: Reason = "stopped by a person",
    as_json: Json = False,
) -> None:
    """Stop all sending at once: no call begins any more, of any mailing.

    Example: mailer stop --reason "the list holds the wrong people"
    """
    state: State = context.obj
    with state.project() as project:
        project.instance.stop(reason=reason, actor="cli", at=project.clock())
        in_hand = until_settled(project, None)
    if as_json:
        output.emit({"sending": "stopped", "reason": reason, "in_hand": in_hand})
        return
    output.show("Sending is stopped, everywhere. To go on: mailer start")
    tell_what_is_in_hand(in_hand)


def start(context: typer.Context, as_json: Json = False) -> None:
    """Go on sending after mailer stop, or after a copy or a backup was looked into.

    Example: mailer start
    """
    state: State = context.obj
    with state.project() as project:
        before = project.instance.start(actor="cli", at=project.clock())
    if as_json:
        output.emit({"sending": "started", "was": before.reason if before else None})
    elif before is None:
        output.show("Sending was not stopped.")
    else:
        output.show(f"Sending goes on; it was stopped for: {before.reason}")


def cancel(
    context: typer.Context,
    mailing: Mailing,
    reason: Reason = "cancelled by a person",
    as_json: Json = False,
) -> None:
    """End a mailing for good: whoever has not got it yet is skipped.

    Example: mailer cancel weekly/2019-10-07 --reason "the march is off"
    """
    _turn(context, mailing, "cancelled", reason, as_json=as_json)


def until_settled(project: Project, mailing_id: int | None) -> int:
    """Wait for the calls that had begun; returns how many messages still are in hand.

    Only then is it true that nothing more of this leaves.
    """
    until = time.monotonic() + _PATIENCE
    said = False
    while in_hand := project.ledger.in_hand(mailing_id):
        if time.monotonic() > until:
            break
        if not said:
            calls = output.counted(in_hand, "message is", "messages are")
            output.say(f"{calls} in hand; waiting for what becomes of it.")
            said = True
        time.sleep(_EVERY)
    return in_hand


def tell_what_is_in_hand(in_hand: int) -> None:
    """Say how much was in a call that had begun before."""
    if in_hand:
        output.say(
            f"{output.counted(in_hand, 'message was', 'messages were')} in a call that"
            " had begun before; the outcome is recorded as soon as it is known."
        )


def _turn(
    context: typer.Context, name: str, after: str, reason: str | None, *, as_json: bool
) -> None:
    state: State = context.obj
    with state.project() as project:
        found = find(project, name)
        already = after == found.state
        halter = project.halter("cli")
        if already:
            pass
        elif after == "paused":
            halter.pause(found, reason=reason or "")
        elif after == "cancelled":
            halter.cancel(found, reason=reason or "")
        else:
            halter.resume(found)
        in_hand = until_settled(project, found.id) if after != "sending" else 0
        standing = project.ledger.standing(found.id)
    if as_json:
        output.emit(
            {
                "mailing": name,
                "state": standing.state,
                "in_hand": in_hand,
                "changed": not already,
            }
        )
        return
    why = (
        f": {standing.reason.rstrip('.')}"
        if already and after != "sending" and standing.reason
        else ""
    )
    output.show(f"{name} is {standing.state}{' already' if already else ''}{why}.")
    tell_what_is_in_hand(in_hand)
    if standing.state == "sending":
        output.show("The scheduler goes on with it, or: mailer work --until-idle")
