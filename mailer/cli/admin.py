"""`mailer admin`: who may sign in to the console, and as what."""

from typing import Annotated, Any

import typer

from mailer.adapters.addresses import checked
from mailer.bootstrap import Project
from mailer.cli import output
from mailer.cli.state import AsOf, Json, State
from mailer.core.accounts import Account, Factor, State as Standing
from mailer.core.errors import InputError, NotFoundError
from mailer.core.roles import Role

app = typer.Typer(
    help="Who may sign in to the console, and as what.", no_args_is_help=True
)
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="Their address.")]
_BY = "cli"


@app.command()
def create(
    context: typer.Context,
    address: Address,
    language: Annotated[
        str | None, typer.Option(help="In which they read; by default the first.")
    ] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Make an admin, and print the link by which they set their password, once.

    Everybody else is invited by an admin in the console. The link works for two days;
    after it the console asks for a second factor before it opens anything.

    Example: mailer admin create ana@example.org
    """
    state: State = context.obj
    with state.project(as_of) as project:
        offered = project.settings.coalition.languages
        if language is not None and language not in offered:
            raise InputError(f"--language: there is {', '.join(offered)}")
        account = project.console.accounts.create(
            checked(address),
            language=language or offered[0],
            roles=[Role.ADMIN],
            by=_BY,
            at=project.clock(),
        )
        link = project.console.inviter.link(account, by=_BY)
    _hand_over(link, as_json=as_json)


@app.command("list")
def list_(context: typer.Context, as_of: AsOf = None, as_json: Json = False) -> None:
    """List who may sign in, their roles, and whether they have a second factor.

    Example: mailer admin list
    """
    state: State = context.obj
    with state.project(as_of) as project:
        rows = [_row(account) for account in project.console.accounts.every()]
    if as_json:
        output.emit(rows)
        return
    if not rows:
        output.say("Nobody may sign in yet: mailer admin create ADDRESS")
        return
    output.table(
        ["Address", "Name", "State", "Roles", "Second factor", "Last signed in"],
        [
            [
                row["address"],
                row["name"],
                row["state"],
                ", ".join(row["roles"]),
                "yes" if row["second_factor"] else "no",
                (row["signed_in_at"] or "never")[:10],
            ]
            for row in rows
        ],
    )


@app.command()
def disable(context: typer.Context, address: Address, as_of: AsOf = None) -> None:
    """Let somebody in no more; all their sessions end now.

    Example: mailer admin disable ana@example.org
    """
    _turn(context, address, Standing.DISABLED, as_of)
    output.say("Disabled. Whoever was signed in with it is signed out.")


@app.command()
def enable(context: typer.Context, address: Address, as_of: AsOf = None) -> None:
    """Let somebody in again.

    Example: mailer admin enable ana@example.org
    """
    _turn(context, address, Standing.ACTIVE, as_of)
    output.say("They may sign in again.")


@app.command()
def reset(
    context: typer.Context,
    address: Address,
    second_factor: Annotated[
        bool,
        typer.Option(
            "--second-factor",
            help="Also take away phone, passkeys and recovery codes, if all are lost.",
        ),
    ] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Print a link by which somebody sets another password, once, within two days.

    It signs in nobody, and the second factor is asked for as before.

    Example: mailer admin reset ana@example.org
    """
    state: State = context.obj
    with state.project(as_of) as project:
        account = _find(project, address)
        if account.state is Standing.DISABLED:
            raise InputError("ADDRESS: is disabled; first: mailer admin enable ADDRESS")
        if second_factor:
            for factor in (Factor.TOTP, Factor.PASSKEY):
                project.console.credentials.remove(
                    account.number, factor, at=project.clock()
                )
        link = project.console.inviter.link(account, by=_BY)
    _hand_over(link, as_json=as_json)


@app.command()
def role(
    context: typer.Context,
    address: Address,
    roles: Annotated[
        list[Role], typer.Argument(metavar="ROLE…", help="All that they are to have.")
    ],
    as_of: AsOf = None,
) -> None:
    """Let these be somebody's roles, instead of those before; they are signed out.

    Example: mailer admin role ana@example.org author moderator
    """
    state: State = context.obj
    with state.project(as_of) as project:
        account = _find(project, address)
        project.console.accounts.give(
            account, frozenset(roles), by=_BY, at=project.clock()
        )
    output.say(f"From now on: {', '.join(one.value for one in Role if one in roles)}.")


def _turn(context: typer.Context, address: str, to: Standing, as_of: AsOf) -> None:
    state: State = context.obj
    with state.project(as_of) as project:
        account = _find(project, address)
        project.console.accounts.turn(account, to, by=_BY, at=project.clock())


def _find(project: Project, address: str) -> Account:
    found = project.console.accounts.find(address)
    if found is None:
        raise NotFoundError(
            "there is no account with this address; mailer admin list shows all"
        )
    return found


def _hand_over(link: str, *, as_json: bool) -> None:
    if as_json:
        output.emit({"link": link})
        return
    output.show(link)
    output.say(
        "Whoever opens this link first sets the password. It works once, for two days:"
        " hand it over where nobody else reads it."
    )


def _row(account: Account) -> dict[str, Any]:
    return {
        "address": account.address,
        "name": account.name,
        "state": account.state.value,
        "roles": [one.value for one in Role if one in account.roles],
        "language": account.language,
        "second_factor": account.has_second_factor,
        "created_at": account.created_at.isoformat(),
        "signed_in_at": account.signed_in_at and account.signed_in_at.isoformat(),
    }
