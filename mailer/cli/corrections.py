"""`mailer corrections`: who was mailed what is no longer right, and telling them."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

from mailer.cli import delivering, output
from mailer.cli.state import AsOf, Json, State
from mailer.core import changes
from mailer.core.errors import NotFoundError
from mailer.ports import Wrong

app = typer.Typer(help="Who was mailed what is no longer right, and telling them.")


@app.callback(invoke_without_command=True)
def corrections(
    context: typer.Context, as_of: AsOf = None, as_json: Json = False
) -> None:
    """List the actions that readers know otherwise than they are.

    Their next digest tells them anyway; a correction does so at once. Nothing is sent
    unless you say so. Example: mailer corrections
    """
    if context.invoked_subcommand is not None:
        return
    state: State = context.obj
    with state.project(as_of) as project:
        found = project.corrector().wrong(project.clock())
    if as_json:
        output.emit([_row(each) for each in found])
        return
    if not found:
        output.say(
            "Nobody who gets our mail now was told anything that is not right any more."
        )
        return
    for each in found:
        _list(each)
    output.say("To tell them: mailer corrections send ACTION; first with --dry-run.")


@app.command()
def send(
    context: typer.Context,
    action: Annotated[str, typer.Argument(help="The ID of the action.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say who would be mailed; send nothing.")
    ] = False,
    our_mistake: Annotated[
        bool,
        typer.Option("--our-mistake", help="Our mail was wrong, and we are sorry."),
    ] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Mail what is right to those who were told otherwise, and to nobody else, once.

    The letter says that the plan has changed; with --our-mistake it apologizes.
    Whoever has left since, rests or is suppressed is not mailed.
    Example: mailer corrections send 4f1SxYhT2bQa --dry-run
    """
    state: State = context.obj
    with state.project(as_of) as project:
        corrector = project.corrector()
        wrong = corrector.wrong(project.clock(), action)
        if not wrong:
            _explain_nobody(project.actions.history(action), action)
        corrector.preview(wrong, our_mistake=our_mistake)
        names: list[str] = []
        ended = 0
        if not dry_run:
            delivering.refuse_if_stopped(project)
            made = corrector.send(wrong, at=project.clock(), our_mistake=our_mistake)
            sent = [each for each in project.ledger.every() if each.id in set(made)]
            for mailing in sent:
                names.append(f"{mailing.list_slug}/{mailing.edition}")
                ended = ended or delivering.drain(project, mailing)[1]
    if as_json:
        output.emit({"wrong": [_row(each) for each in wrong], "mailings": names})
    else:
        _report(wrong, names, dry_run=dry_run)
    if ended:
        raise typer.Exit(ended)


def _report(wrong: Sequence[Wrong], names: Sequence[str], *, dry_run: bool) -> None:
    for each in wrong:
        _show(each)
    if dry_run:
        output.say("Nothing was sent: this was a dry run.")
    for name in names:
        output.say(f"Sent as {name}; mailer status {name} says what became of it.")


def _explain_nobody(history: Sequence[object], action: str) -> None:
    if not history:
        raise NotFoundError(f"there is no action {action}; mailer actions lists them")
    raise NotFoundError(
        f"nobody is to be told about {action}: those who were mailed it know it as it"
        " is, were sent a correction, or get no mail any more"
    )


def _show(wrong: Wrong) -> None:
    people = output.counted(sum(wrong.readers.values()), "reader", "readers")
    by_language = ", ".join(f"{code} {count}" for code, count in wrong.readers.items())
    output.show(
        f"{wrong.action.facts.place.label}: {people} of {wrong.list_slug}/{wrong.edition}"
        f" ({by_language}) were told otherwise: {_differences(wrong)}."
    )
    for reason, count in wrong.left_out.items():
        output.say(f"  not mailed, {reason}: {count}")


def _list(wrong: Wrong) -> None:
    """Show one of them in lines of its own: no table has room for both its names."""
    facts = wrong.action.facts
    now = (
        facts.status.value
        if facts.status.is_off
        else f"otherwise: {_differences(wrong)}"
    )
    people = output.counted(sum(wrong.readers.values()), "reader", "readers")
    output.heading(wrong.action.public_id)
    output.show(f"  {facts.place.label}, told for {wrong.before.start_date}; now {now}")
    output.show(f"  {people} of {wrong.list_slug}/{wrong.edition}")


def _differences(wrong: Wrong) -> str:
    names = changes.differences(wrong.before, wrong.action.facts)
    return ", ".join(_WORDS[name] for name in names)


_WORDS = {
    "off": "whether it takes place",
    "start_date": "day",
    "start_time": "hour",
    "place": "city",
    "venue": "venue",
    "address": "street",
    "target": "target",
}


def _row(wrong: Wrong) -> dict[str, Any]:
    return {
        "action": wrong.action.public_id,
        "version": wrong.action.version,
        "status": wrong.action.facts.status.value,
        "differs": list(_named(wrong)),
        "told_in": f"{wrong.list_slug}/{wrong.edition}",
        "told_at": wrong.sent_at,
        "readers": dict(wrong.readers),
        "left_out": dict(wrong.left_out),
    }


def _named(wrong: Wrong) -> Iterable[str]:
    return changes.differences(wrong.before, wrong.action.facts)
