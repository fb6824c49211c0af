"""Who else may sign in, and as what: for admins."""

from collections.abc import Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from mailer.core.accounts import Account, State
from mailer.core.errors import InputError, NotFoundError, RefusedError
from mailer.core.roles import Role
from mailer.core.saying import says
from mailer.web.console.door import Door, Visit, choice

PATH = "/console/accounts"
_UNREADABLE, _CONFLICT, _NOT_FOUND = 422, 409, 404


def routes(door: Door) -> list[Route]:
    """Return the routes of accounts."""
    return [
        door.route(PATH, get=_list, post=_invite),
        door.route(f"{PATH}/{{account}}", get=_show, post=_change),
    ]


def _list(
    visit: Visit,
    status: int = 200,
    troubles: tuple[str, ...] = (),
    refused: str | None = None,
) -> Response:
    return visit.page(
        "accounts.html",
        status,
        accounts=visit.desk.work.accounts.every(),
        roles=[role.value for role in Role],
        chosen=visit.form.every("role"),
        form={"language": visit.language, **visit.form},
        troubles=troubles,
        refused=refused,
    )


def _invite(visit: Visit) -> Response:
    site, form = visit.desk.site, visit.form
    roles = _roles(visit)
    try:
        address = site.check_address(form.get("email", ""))
    except InputError:
        return _list(visit, _UNREADABLE, ("email",))
    if not roles:
        return _list(visit, _UNREADABLE, ("role",))
    wanted, offered = form.get("language", ""), site.coalition.languages
    try:
        visit.desk.work.inviter.invite(
            address,
            roles,
            language=wanted if wanted in offered else offered[0],
            by=visit.by,
        )
    except RefusedError as error:
        return _list(visit, _CONFLICT, refused=error.words)
    return visit.to(f"{PATH}?done=invited")


def _roles(visit: Visit) -> frozenset[Role]:
    ticked = visit.form.every("role")
    return frozenset(role for role in Role if role.value in ticked)


def _show(visit: Visit) -> Response:
    return _person(visit, _found(visit))


def _found(visit: Visit) -> Account:
    try:
        return visit.desk.work.accounts.account(visit.request.path_params["account"])
    except NotFoundError:
        raise HTTPException(_NOT_FOUND) from None


def _person(
    visit: Visit, account: Account, status: int = 200, refused: str | None = None
) -> Response:
    return visit.page(
        "person.html",
        status,
        account=account,
        roles=[role.value for role in Role],
        chosen=[role.value for role in account.roles],
        own=account.number == visit.mine.account.number,
        refused=refused,
    )


def _change(visit: Visit) -> Response:
    account = _found(visit)
    known: Mapping[str, Callable[[Visit], Response]] = {
        "roles": lambda visit: _give(visit, account),
        "disable": lambda visit: _turn(visit, account, State.DISABLED),
        "enable": lambda visit: _turn(visit, account, State.ACTIVE),
        "link": lambda visit: _link(visit, account),
    }
    try:
        return choice(visit.form, known, visit)
    except RefusedError as error:
        return _person(visit, _found(visit), _CONFLICT, error.words)


def _give(visit: Visit, account: Account) -> Response:
    roles = _roles(visit)
    if roles != account.roles:
        visit.desk.work.accounts.give(account, roles, by=visit.by, at=visit.desk.now)
    return _back(visit, account, "roles")


def _turn(visit: Visit, account: Account, state: State) -> Response:
    visit.desk.work.accounts.turn(account, state, by=visit.by, at=visit.desk.now)
    return _back(visit, account, state.value)


def _link(visit: Visit, account: Account) -> Response:
    if account.state is State.DISABLED:
        raise RefusedError(says("let them in again first"))
    visit.desk.work.inviter.mail_link(account, by=visit.by)
    return _back(visit, account, "link")


def _back(visit: Visit, account: Account, done: str) -> Response:
    return visit.to(f"{PATH}/{account.public_id}?done={done}")
