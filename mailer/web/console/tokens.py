"""What lets one's own programs in: see, make, revoke."""

from starlette.responses import Response
from starlette.routing import Route

from mailer.core.automation import Scope, grantable, in_order
from mailer.core.errors import InputError, RefusedError
from mailer.web.console.account import PATH as ACCOUNT, stale
from mailer.web.console.door import Door, Visit, choice

PATH = f"{ACCOUNT}/tokens"
_DAYS = (7, 30, 90, 365)
_USUALLY = 90
_UNREADABLE, _CONFLICT = 422, 409
_MOST_DIGITS = 18  # of a number that a database holds


def routes(door: Door) -> list[Route]:
    """Return the route of the page."""
    return [door.route(PATH, get=_show, post=_choose)]


def _show(visit: Visit) -> Response:
    return _page(visit)


def _choose(visit: Visit) -> Response:
    return choice(visit.form, {"make": _make, "revoke": _revoke}, visit)


def _page(
    visit: Visit,
    status: int = 200,
    *,
    troubles: tuple[str, ...] = (),
    secret: str | None = None,
) -> Response:
    session, work = visit.mine, visit.desk.work
    now = visit.desk.now
    mine = [
        (one, in_order(one.usable))
        for one in work.tokens.listed(session.account.number)
        if one.is_good(now)
    ]
    return visit.page(
        "tokens.html",
        status,
        tokens=mine,
        scopes=_offered(visit),
        days=_DAYS,
        chosen=visit.form.every("scope"),
        form={"days": str(_USUALLY), **visit.form},
        fresh=session.is_fresh(now),
        troubles=troubles,
        secret=secret,
    )


def _offered(visit: Visit) -> list[str]:
    session = visit.mine
    if session.owes_second_factor:
        return []
    return in_order(grantable(session.account, strong=session.strong))


def _make(visit: Visit) -> Response:
    if asked := stale(visit):
        return asked
    form, offered = visit.form, _offered(visit)
    chosen = [Scope(one) for one in form.every("scope") if one in offered]
    days = form.get("days", "")
    troubles = [] if form.get("name", "").strip() else ["name"]
    troubles += [] if chosen else ["scope"]
    troubles += [] if days in map(str, _DAYS) else ["days"]
    if troubles:
        return _page(visit, _UNREADABLE, troubles=tuple(troubles))
    try:
        _, secret = visit.desk.work.issuer.issue(
            visit.mine.account,
            name=form["name"],
            scopes=chosen,
            days=int(days),
            strong=visit.mine.strong,
            by=visit.by,
        )
    except InputError:
        return _page(visit, _UNREADABLE, troubles=("name",))
    except RefusedError:
        return _page(visit, _CONFLICT, troubles=("many",))
    return _page(visit, secret=secret)


def _revoke(visit: Visit) -> Response:
    written, account = visit.form.get("token", ""), visit.mine.account.number
    if written.isascii() and written.isdigit() and len(written) <= _MOST_DIGITS:
        visit.desk.work.tokens.revoke(
            int(written), account=account, by=visit.by, at=visit.desk.now
        )
    return visit.to(f"{PATH}?done=revoked")
