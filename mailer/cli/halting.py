"""`mailer pause`, `resume`, `cancel`: hold a mailing, go on with it, or end it."""

from typing import Annotated

import typer

from mailer.cli import output
from mailer.cli.state import Json, State
from mailer.cli.which import find
from mailer.core.errors import RefusedError

Mailing = Annotated[str, typer.Argument(metavar="MAILING", help="LIST/EDITION.")]
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


def _turn(
    context: typer.Context, name: str, after: str, reason: str | None, *, as_json: bool
) -> None:
    state: State = context.obj
    with state.project() as project:
        found = find(project, name)
        at = project.clock()
        if after == "paused":
            turned = project.ledger.pause(found.id, reason=reason or "", at=at)
        elif after == "cancelled":
            turned = project.ledger.cancel(found.id, reason=reason or "", at=at)
        else:
            turned = project.ledger.resume(found.id, at=at)
        standing = project.ledger.standing(found.id)
    if not turned:
        raise RefusedError(f"{name} is {found.state}; nothing was changed")
    if as_json:
        output.emit({"mailing": name, "state": standing.state})
        return
    output.show(f"{name} is {standing.state}.")
    if standing.state == "sending":
        output.show("The scheduler goes on with it, or: mailer work --until-idle")
