"""`mailer token`: what lets programs use the HTTP API in somebody's name."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any

import typer

from mailer.bootstrap import Project
from mailer.cli import output
from mailer.cli.state import AsOf, Json, State
from mailer.core.accounts import Account
from mailer.core.automation import LONGEST, USUALLY, ApiToken, Scope, in_order
from mailer.core.errors import NotFoundError

app = typer.Typer(
    help="What lets programs use the HTTP API in somebody's name.", no_args_is_help=True
)
_BY = "cli"


@app.command()
def create(
    context: typer.Context,
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="Whose account it belongs to.")
    ],
    scope: Annotated[
        list[Scope], typer.Option(help="What it may be used for; repeatable.")
    ],
    name: Annotated[str, typer.Option(help="Where it is used.")] = "a program",
    days: Annotated[
        int, typer.Option(help=f"How long it is good; at most {LONGEST.days}.")
    ] = USUALLY.days,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Make a token, and print it, once.

    It may do what its scopes say, as long as its account may.
    One that approves is made in the console, by whoever has a second factor.

    Example: mailer token create ana@example.org --scope read --scope stop --name phone
    """
    state: State = context.obj
    with state.project(as_of) as project:
        token, secret = project.console.issuer.issue(
            _find(project, address),
            name=name,
            scopes=frozenset(scope),
            days=days,
            strong=False,
            by=_BY,
        )
    if as_json:
        output.emit({"token": secret, **_row(token, token.made_at)})
        return
    output.show(secret)
    output.say(
        f"Token {token.number}, good until {token.until:%Y-%m-%d}. Nobody can show it"
        " again: keep it where nobody else reads it."
    )


@app.command("list")
def list_(
    context: typer.Context,
    address: Annotated[
        str | None, typer.Argument(metavar="[ADDRESS]", help="Only of this account.")
    ] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """List the tokens, without what they show: whose, what for, last used, until when.

    Example: mailer token list
    """
    state: State = context.obj
    with state.project(as_of) as project:
        at = project.clock()
        account = _find(project, address).number if address else None
        rows = [_row(each, at) for each in project.console.api_tokens.listed(account)]
    if as_json:
        output.emit(rows)
        return
    output.table(
        ("Token", "Account", "Name", "Scopes", "Last used", "Until", "State"),
        [
            (
                row["number"],
                row["account"],
                row["name"],
                _scopes(row["scopes"], row["usable"]),
                f"{row['used_at']:%Y-%m-%d}" if row["used_at"] else "never",
                f"{row['until']:%Y-%m-%d}",
                row["state"],
            )
            for row in rows
        ],
    )
    if not rows:
        output.say("No token yet: mailer token create ADDRESS --scope …")


@app.command()
def revoke(
    context: typer.Context,
    number: Annotated[
        int, typer.Argument(metavar="TOKEN", help="As mailer token list numbers it.")
    ],
    as_of: AsOf = None,
) -> None:
    """End a token now: whoever shows it from now on is refused.

    Example: mailer token revoke 3
    """
    state: State = context.obj
    with state.project(as_of) as project:
        ended = project.console.api_tokens.revoke(number, by=_BY, at=project.clock())
    if not ended:
        raise NotFoundError(
            f"there is no token {number} that is good; mailer token list shows all"
        )
    output.say(f"Token {number} lets nobody in any more.")


def _find(project: Project, address: str) -> Account:
    found = project.console.accounts.find(address)
    if found is None:
        raise NotFoundError(
            "there is no account with this address; mailer admin list shows all"
        )
    return found


def _row(token: ApiToken, at: datetime) -> dict[str, Any]:
    return {
        "number": token.number,
        "account": token.account.address,
        "name": token.name,
        "scopes": in_order(token.scopes),
        "usable": in_order(token.usable),
        "state": _standing(token, at),
        "made_at": token.made_at,
        "used_at": token.used_at,
        "until": token.until,
        "revoked_at": token.revoked_at,
    }


def _standing(token: ApiToken, at: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "good" if token.is_good(at) else "over"


def _scopes(scopes: Collection[str], usable: Collection[str]) -> str:
    """Return scopes, each in brackets that the account's roles grant no more."""
    return ", ".join(each if each in usable else f"({each})" for each in scopes)
