"""`mailer introductions`: hosts who were asked whether they want to meet."""

from typing import Any

import typer

from mailer.cli import output
from mailer.cli.state import AsOf, Json, State
from mailer.core.introductions import Ending, State as Stage
from mailer.core.model import Action
from mailer.ports import Introduction

_WORDS = {
    Stage.ASKED: "asked",
    Stage.AGREED: "both agreed",
    Stage.INTRODUCED: "introduced",
}
_ENDINGS = {
    Ending.CANCELLED: "ended: an action is off",
    Ending.OVER: "ended: an action is over",
    Ending.GONE: "ended: a host does not wish it, or cannot be written to",
    Ending.UNANSWERED: "ended: not both agreed",
}


def introductions(
    context: typer.Context, as_of: AsOf = None, as_json: Json = False
) -> None:
    """List which hosts were asked whether they want to meet, the newest first.

    Nobody's name or address, and never who said no.

    Example: mailer introductions
    """
    state: State = context.obj
    with state.project(as_of) as project:
        found = project.introductions.every()
    if as_json:
        output.emit([_row(each) for each in found])
        return
    if not found:
        output.say(
            "Nobody was asked yet: no two hosts who wish to be connected have actions in"
            " one state or with one target."
        )
        return
    output.table(
        ("Number", "Proposed", "Host of", "and of", "State"),
        [
            (
                each.number,
                each.proposed_at.date(),
                *map(_named, each.actions),
                _ENDINGS[each.ending] if each.ending else _WORDS[each.state],
            )
            for each in found
        ],
        right=("Number",),
    )


def _named(action: Action) -> str:
    facts = action.facts
    return f"{action.public_id} ({facts.place.label}, {facts.start_date})"


def _row(each: Introduction) -> dict[str, Any]:
    return {
        "number": each.number,
        "state": each.state.value,
        "ending": each.ending and each.ending.value,
        "proposed_at": each.proposed_at,
        "settled_at": each.settled_at,
        "actions": [
            {
                "action": action.public_id,
                "place": action.facts.place.label,
                "day": action.facts.start_date,
            }
            for action in each.actions
        ],
    }
