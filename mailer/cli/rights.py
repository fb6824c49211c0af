"""`mailer export` and `mailer forget`: what we hold of a person, and its end."""

import os
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from mailer.adapters import addresses
from mailer.bootstrap import Project
from mailer.cli import output
from mailer.cli.state import Json, State
from mailer.core.errors import InputError, MailerError, NotFoundError, RefusedError

Address = Annotated[str, typer.Argument(help="The address of the person.")]


def export(
    context: typer.Context,
    address: Address,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write it there; not over a file."),
    ] = None,
) -> None:
    """Write everything that is held of a person as one JSON object.

    Example: mailer export office@example.org --out office.json
    """
    state: State = context.obj
    with state.project() as project:
        held = project.dossiers.of(_checked(address))
    if held is None:
        raise NotFoundError(_NOTHING)
    if out is None:
        output.emit(held)
        return
    _write(out, orjson.dumps(held, option=orjson.OPT_INDENT_2) + b"\n")
    output.say(f"{out} holds all of it; give it to nobody but its owner.")


def forget(
    context: typer.Context,
    address: Address,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask; there is no way back.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Erase a person; their address is never mailed again, known by its hash alone.

    Whoever signs up anew and confirms is welcome again.

    Example: mailer forget office@example.org
    """
    state: State = context.obj
    with state.project() as project:
        spelled = _checked(address)
        held = project.dossiers.of(spelled)
        if held is None:
            raise NotFoundError(
                f"{_NOTHING}. If it is never to be mailed, put it into a file for:"
                " mailer import suppressions"
            )
        if not yes:
            _ask(held)
        done = _erase(project, spelled)
    if as_json:
        output.emit(done)
    elif done["waits"]:
        output.show(
            "A message to them is in a call whose outcome is not known yet. They get"
            " nothing more; the rest is erased when it is known: the scheduler sees to"
            " it, or the next mailer command."
        )
    else:
        output.show("Erased. Nobody can mail this address from here any more.")


def _erase(project: Project, address: str) -> dict[str, bool]:
    eraser = project.eraser
    hashed = eraser.erasures.hashed(address)
    done = eraser.erase(hashed, at=project.clock())
    return {"erased": not done.waits, "waits": done.waits}


def _ask(held: Any) -> None:
    """Say what goes, and have a person agree; raises RefusedError."""
    counts = ", ".join(
        f"{output.counted(len(held[name]), one, many)}"
        for name, one, many in (
            ("seats", "seat", "seats"),
            ("subscriptions", "subscription", "subscriptions"),
            ("consents", "consent event", "consent events"),
            ("mailings", "message on record", "messages on record"),
        )
    )
    output.say(
        f"Of this address there is: {counts}. mailer export writes it to a file."
    )
    try:
        agreed = typer.confirm("Erase it, for good?", err=True)
    except typer.Abort:  # nobody is there to answer
        agreed = False
    if not agreed:
        raise RefusedError("nothing was erased; --yes does it without asking")


def _checked(address: str) -> str:
    """Return the address as it would be kept; raises InputError for none."""
    try:
        return addresses.checked(address)
    except InputError as error:
        raise InputError(f"ADDRESS: {error}") from None


def _write(path: Path, words: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(words)
    except FileExistsError:
        raise RefusedError(
            f"{path} is there already; nothing was written over it"
        ) from None
    except OSError as error:
        raise MailerError(f"{path}: cannot be written: {error.strerror}") from None


_NOTHING = "nothing is held of this address"
