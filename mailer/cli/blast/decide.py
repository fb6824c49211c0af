"""`mailer blast submit`, `approve`, `stop`, `pause`, `resume`, `cancel`."""

from dataclasses import asdict
from typing import Annotated

import typer

from mailer.cli import output
from mailer.cli.blast import shown
from mailer.cli.blast.write import By, Name
from mailer.cli.halting import tell_what_is_in_hand, until_settled
from mailer.cli.state import AsOf, Json, State
from mailer.core.proposal import Proposal

Reason = Annotated[str, typer.Option(help="Why, for the record.")]


def submit(
    context: typer.Context,
    name: Name,
    by: By,
    acknowledge: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A warning that you have seen; repeatable."),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no link where it leads.")
    ] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Check a draft and ask somebody else to approve it.

    Example: mailer blast submit otay-mesa --by ana@example.org
    """
    state: State = context.obj
    with state.project(as_of) as project:
        proposer = project.proposer(None if offline else project.web)
        proposal, found = proposer.submit(name, by=by, acknowledged=acknowledge or [])
        if as_json:
            row = shown.row(project, proposal)
            output.emit({**row, "findings": [asdict(each) for each in found]})
            return
        shown.findings(found)
        shown.say(project, proposal, as_json=False)


def approve(
    context: typer.Context,
    name: Name,
    by: By,
    count: Annotated[
        int | None,
        typer.Option(min=0, help="How many it goes to; asked for when they are many."),
    ] = None,
    revision: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Only the one that you have seen, as mailer blast show says it.",
        ),
    ] = None,
    alone: Annotated[
        bool,
        typer.Option(
            "--alone", help="Without a second person; all coordinators are told."
        ),
    ] = False,
    reason: Reason = "",
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Approve what somebody else has written; after a hold the first few get it.

    Example: mailer blast approve otay-mesa --revision 1 --by ben@example.org --count 412
    """
    state: State = context.obj
    with state.project(as_of) as project:
        proposal = project.proposer().approve(
            name, by=by, revision=revision, count=count, alone=alone, reason=reason
        )
        shown.say(project, proposal, as_json=as_json)


def stop(
    context: typer.Context,
    name: Name,
    by: By = "",
    reason: Reason = "stopped by a person",
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Let nothing more of it leave, wherever it stands.

    Example: mailer blast stop otay-mesa --reason "wrong gate"
    """
    _halt(context, "stop", name, by, reason, as_of, as_json=as_json)


def pause(
    context: typer.Context,
    name: Name,
    by: By = "",
    reason: Reason = "paused by a person",
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Hold what runs; refuses if nothing does.

    Example: mailer blast pause otay-mesa --reason "is it still on?"
    """
    _halt(context, "pause", name, by, reason, as_of, as_json=as_json)


def resume(
    context: typer.Context,
    name: Name,
    by: By,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Go on: where nothing has left yet, with a new hold.

    Example: mailer blast resume otay-mesa --by ben@example.org
    """
    state: State = context.obj
    with state.project(as_of) as project:
        proposal = project.proposer().resume(name, by=by)
        shown.say(project, proposal, as_json=as_json)


def cancel(
    context: typer.Context,
    name: Name,
    by: By = "",
    reason: Reason = "cancelled by a person",
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """End it for good: whoever has not got it yet never will.

    Example: mailer blast cancel otay-mesa --reason "the march is off"
    """
    _halt(context, "cancel", name, by, reason, as_of, as_json=as_json)


def _halt(
    context: typer.Context,
    verb: str,
    name: str,
    by: str,
    reason: str,
    as_of: AsOf,
    *,
    as_json: bool,
) -> None:
    """Stop it, wait for the calls in hand, and say where it stands then."""
    state: State = context.obj
    with state.project(as_of) as project:
        act = getattr(project.proposer(), verb)
        proposal: Proposal = act(name, by=by, reason=reason)
        in_hand = until_settled(project, proposal.mailing) if proposal.mailing else 0
        if as_json:
            output.emit({**shown.row(project, proposal), "in_hand": in_hand})
            return
        shown.say(project, proposal, as_json=False)
        tell_what_is_in_hand(in_hand)
