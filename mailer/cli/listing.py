"""`mailer actions`, `subscribers`, `lists`: what is there."""

from typing import Annotated, Any

import typer

from mailer.adapters.database.readers import masked
from mailer.cli import output, questions
from mailer.cli.state import AsOf, Json, State
from mailer.core import snapshot
from mailer.core.errors import NotFoundError
from mailer.core.model import Facts
from mailer.pipeline import describe
from mailer.ports import Answer


def actions(
    context: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="Past and cancelled ones too.")
    ] = False,
    unanswered: Annotated[
        bool,
        typer.Option(
            "--unanswered", help="Only those whose hosts have not said they are right."
        ),
    ] = False,
    to_ask: Annotated[
        bool,
        typer.Option(
            "--to-ask",
            help="Whose hosts a tick would ask now whether they are still right;"
            " sends nothing.",
        ),
    ] = False,
    history: Annotated[
        str | None, typer.Option(help="Every version of the action with this ID.")
    ] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """List the actions to come, soonest first.

    Example: mailer actions --all --json
    """
    state: State = context.obj
    if to_ask:
        questions.to_ask(state, as_of, as_json=as_json)
        return
    with state.project(as_of) as project:
        if history:
            _history(project.actions.history(history), history, as_json)
            return
        found = (
            project.actions.every()
            if everything
            else project.actions.upcoming(project.clock())
        )
        answers = project.hosts.answers(project.clock())
    if unanswered:
        waiting = {key for key, each in answers.items() if each.right_at is None}
        found = [action for action in found if action.id in waiting]
    if as_json:
        output.emit([describe.action(each, answers.get(each.id)) for each in found])
        return
    output.table(
        ("Date", "Place", "Status", "Sponsors", "Source", "Host", "ID"),
        [
            (
                action.facts.start_date,
                action.facts.place.label,
                "missing" if action.missing_since else action.facts.status.value,
                len(action.facts.sponsors),
                action.source,
                _answer(answers.get(action.id)),
                action.public_id,
            )
            for action in found
        ],
        right=("Sponsors",),
    )
    if unanswered and not answers:
        output.say(
            "No host was asked yet: they are, 48 hours before each edition;"
            " mailer actions --to-ask shows whom that concerns."
        )
    elif unanswered and not found:
        output.say("Every host who was asked has said that it is right.")
    elif not found:
        output.say("No actions to come; --all shows past ones too.")


def _answer(answer: Answer | None) -> str | None:
    """Say what the host answered when asked whether it is still right."""
    if answer is None:
        return None
    if answer.right_at is None:
        return f"asked {answer.asked_at:%Y-%m-%d}, no answer"
    return f"right {answer.right_at:%Y-%m-%d}"


def _history(versions: Any, public_id: str, as_json: bool) -> None:  # noqa: FBT001 - private
    if not versions:
        raise NotFoundError(
            f"there is no action {public_id}; mailer actions lists them"
        )
    rows = []
    before: Facts | None = None
    for number, at, source, facts in versions:
        changed = {
            name: {"before": was, "after": now}
            for name, (was, now) in snapshot.differences(before, facts).items()
        }
        rows.append({"version": number, "at": at, "source": source, "changed": changed})
        before = facts
    if as_json:
        output.emit(rows)
        return
    output.table(
        ("Version", "When", "Source", "Changed"),
        [
            (
                row["version"],
                f"{row['at']:%Y-%m-%d %H:%M}",
                row["source"],
                ", ".join(row["changed"]) or "first seen",
            )
            for row in rows
        ],
    )


def subscribers(
    context: typer.Context,
    mailing_list: Annotated[
        str | None, typer.Option("--list", help="Only this list's.")
    ] = None,
    show_addresses: Annotated[
        bool, typer.Option("--addresses", help="Show addresses in full.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the subscribers; their addresses are masked unless you ask.

    Example: mailer subscribers --list weekly
    """
    state: State = context.obj
    with state.project() as project:
        if mailing_list:
            project.mailing_list(mailing_list)
        found = [
            {
                **row,
                "address": row["address"] if show_addresses else masked(row["address"]),
            }
            for row in project.people.listed(mailing_list)
        ]
    if as_json:
        output.emit(found)
        return
    output.table(
        ("Address", "Organization", "Place", "Language", "List", "State"),
        [
            (
                row["address"],
                row["organization"],
                row["place"],
                row["language"],
                row["list"],
                row["state"],
            )
            for row in found
        ],
    )
    if not found:
        output.say("Nobody yet; mailer import subscribers FILE --list SLUG")


def lists(context: typer.Context, as_of: AsOf = None, as_json: Json = False) -> None:
    """List the mailing lists, their subscribers and when their next edition is due.

    Example: mailer lists
    """
    state: State = context.obj
    with state.project(as_of) as project:
        counts = project.people.count()
        found = [
            describe.mailing_list(each, counts.get(each.slug, {}), project.clock())
            for each in project.lists.values()
        ]
    if as_json:
        output.emit(found)
        return
    output.table(
        ("List", "Title", "Active", "Pending", "Left", "Next edition (UTC)"),
        [
            (
                row["slug"],
                next(iter(row["title"].values())),
                row["active"],
                row["pending"],
                row["ended"],
                f"{row['next_edition']:%a %Y-%m-%d %H:%M}"
                if row["next_edition"]
                else "when a person sends",
            )
            for row in found
        ],
        right=("Active", "Pending", "Left"),
    )
