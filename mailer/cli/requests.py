"""`mailer requests`: what visitors sent that a person has to decide on."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from mailer.bootstrap import Project
from mailer.cli import output
from mailer.cli.state import AsOf, Json, State
from mailer.core import snapshot
from mailer.core.errors import InputError
from mailer.core.requests import Kind, Request
from mailer.core.sharing.submission import load

app = typer.Typer(help="What visitors sent that a person has to decide on.")
Number = Annotated[int, typer.Argument(help="As mailer requests shows it.")]
_LONGEST = 2000  # characters of a reason


@app.callback(invoke_without_command=True)
def requests(context: typer.Context, as_of: AsOf = None, as_json: Json = False) -> None:
    """List what waits for a moderator, the oldest first.

    Example: mailer requests
    """
    if context.invoked_subcommand is not None:
        return
    state: State = context.obj
    with state.project(as_of) as project:
        rows = [_row(each) for each in project.requests.waiting()]
    if as_json:
        output.emit(rows)
        return
    if not rows:
        output.say("Nothing waits for a decision.")
        return
    output.table(
        ["Number", "Asked", "What", "Who"],
        [
            [row["number"], row["asked_at"][:10], _kind(row), row["title"]]
            for row in rows
        ],
    )
    output.say("mailer requests show NUMBER says more; accept or decline it there.")


@app.command()
def show(
    context: typer.Context, number: Number, as_of: AsOf = None, as_json: Json = False
) -> None:
    """Show one request, and which organization on record may be meant.

    Example: mailer requests show 7
    """
    state: State = context.obj
    with state.project(as_of) as project:
        request = project.requests.request(number)
        row = {**_row(request), **_details(project, request)}
    if as_json:
        output.emit(row)
        return
    for name, value in row.items():
        output.show(f"{name.replace('_', ' ').capitalize()}: {_words(value)}")


@app.command()
def accept(
    context: typer.Context,
    number: Number,
    into: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="ORGANIZATION",
            help="It is this organization; the name that was typed becomes its alias.",
        ),
    ] = None,
    as_of: AsOf = None,
) -> None:
    """Grant a request; whoever sent it is told.

    Example: mailer requests accept 7 --as "Border Angels"
    """
    state: State = context.obj
    with state.project(as_of) as project:
        became = project.moderator("cli").accept(number, into=into)
    output.say(f"Accepted: {became}. Whoever sent it is told with the next letters.")


@app.command()
def decline(
    context: typer.Context,
    number: Number,
    reason: Annotated[
        str,
        typer.Option(help="Why; whoever sent it reads it in your words."),
    ],
    as_of: AsOf = None,
) -> None:
    """Refuse a request; whoever sent it is told why.

    Example: mailer requests decline 7 --reason "We could not find out who you are."
    """
    state: State = context.obj
    words = reason.strip()
    if not words or len(words) > _LONGEST:
        raise InputError(f"--reason: write why, in at most {_LONGEST} characters")
    with state.project(as_of) as project:
        project.moderator("cli").decline(number, reason=words)
    output.say("Declined. Whoever sent it reads your reason in the next letters.")


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "not said" if value in (None, "") else str(value)


def _kind(row: Mapping[str, Any]) -> str:
    """Return what it is called to readers, whose page is "share your plans"."""
    return "share" if row["kind"] == Kind.SUBMIT else str(row["kind"])


def _row(request: Request) -> dict[str, Any]:
    return {
        "number": request.number,
        "kind": request.kind.value,
        "state": request.state.value,
        "title": str(
            request.facts.get("organization") or request.facts.get("title", "")
        ),
        "asked_at": request.asked_at.isoformat(),
        "confirmed_at": request.confirmed_at and request.confirmed_at.isoformat(),
    }


def _action(request: Request) -> dict[str, Any]:
    """Return what a host says of an action; what a person should check comes first."""
    if "submission" not in request.facts:  # it was sent anew, or taken back
        return {}
    said = load(request.facts["submission"])
    facts, known = snapshot.dump(said.facts), said.is_placed
    return {
        "check": None
        if known
        else f"{said.facts.place.label} is no place that we know",
        **{name: facts[name] for name in facts if name not in ("place", "sponsors")},
        "place": said.facts.place.label,
        "sponsors": [sponsor.name for sponsor in said.facts.sponsors],
        "contact": [each for each in (said.contact.name, said.contact.phone) if each],
        "shown_to": said.shown_to.value,
        "connect": said.contact.consent_connect,
    }


def _details(project: Project, request: Request) -> dict[str, Any]:
    """Return what was sent, but for the address, which nobody needs to decide."""
    if request.kind is Kind.SUBMIT:
        return {"from": request.masked_address, **_action(request)}
    facts = {name: value for name, value in request.facts.items() if name != "wording"}
    details: dict[str, Any] = {"from": request.masked_address, **facts}
    if place := facts.get("place"):
        details["place"] = place["label"]
    if request.kind is Kind.ENDORSE:
        details["on_record"] = list(
            project.endorsements.alike(
                str(facts["organization"]), place["label"] if place else None
            )
        )
    return details
