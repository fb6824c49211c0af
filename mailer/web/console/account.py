"""One's own account: name, language, password, sessions."""

from starlette.responses import Response
from starlette.routing import Route

from mailer.pipeline.enter import Refusal
from mailer.web.console.browsers import named
from mailer.web.console.door import Door, Visit, within
from mailer.web.console.set_up import line, password_troubles

PATH = "/console/account"
_UNREADABLE, _TOO_MANY = 422, 429


def routes(door: Door) -> list[Route]:
    """Return the routes of one's own account, but for its second factors."""
    return [
        door.route(PATH, get=show, post=_describe),
        door.route(f"{PATH}/proof", post=_prove),
        door.route(f"{PATH}/password", post=_set_password),
        door.route(f"{PATH}/sessions", post=_end),
        door.route("/console/language", post=_speak),
    ]


def show(
    visit: Visit, status: int = 200, troubles: list[str] | None = None, **more: object
) -> Response:
    """Return the page, with the names of the fields that are wrong."""
    session, work = visit.mine, visit.desk.work
    number = session.account.number
    sessions = work.sessions.listed(number, at=visit.desk.now)
    values: dict[str, object] = {
        "fresh": session.is_fresh(visit.desk.now),
        "passkeys": work.credentials.passkeys(number),
        "sessions": [(one, named(one.agent)) for one in sessions],
        "troubles": troubles or [],
        "form": {**visit.form},
        "refusal": None,
        **more,
    }
    return visit.page("account.html", status, **values)


def stale(visit: Visit) -> Response | None:
    """Return the page that asks who sits there, if that was shown too long ago."""
    if visit.mine.is_fresh(visit.desk.now):
        return None
    return visit.to(f"{PATH}?done=stale")


def _describe(visit: Visit) -> Response:
    account, form = visit.mine.account, visit.form
    name, languages = line(form.get("name", "")), visit.desk.site.coalition.languages
    if not name:
        return show(visit, _UNREADABLE, ["name"])
    wanted = form.get("language", "")
    visit.desk.work.accounts.describe(
        account,
        name=name,
        language=wanted if wanted in languages else account.language,
    )
    return visit.to(f"{PATH}?done=described")


def _speak(visit: Visit) -> Response:
    account, wanted = visit.mine.account, visit.form.get("language", "")
    if wanted in visit.desk.site.coalition.languages:
        visit.desk.work.accounts.describe(account, name=account.name, language=wanted)
    return visit.to(within(visit.form.get("back")))


def _prove(visit: Visit) -> Response:
    refusal = visit.desk.work.doorkeeper.prove(
        visit.mine, visit.form.get("password", "")
    )
    if refusal is None:
        return visit.to(PATH)
    status = _TOO_MANY if refusal is Refusal.TOO_MANY else _UNREADABLE
    return show(visit, status, ["proof"], refusal=refusal.value)


def _set_password(visit: Visit) -> Response:
    if asked := stale(visit):
        return asked
    account = visit.mine.account
    troubles = password_troubles(visit.form, address=account.address, name=account.name)
    if troubles:
        return show(visit, _UNREADABLE, troubles)
    cookie = visit.desk.work.locksmith.set_password(visit.mine, visit.form["password"])
    return visit.to(f"{PATH}?done=password", cookie=cookie)


def _end(visit: Visit) -> Response:
    """End one session, or all; also one's own."""
    sessions, number = visit.desk.work.sessions, visit.mine.account.number
    chosen = visit.form.get("session", "")
    if chosen == "all":
        sessions.end(number)
    elif chosen.isascii() and chosen.isdigit() and len(chosen) < len(str(2**63)):
        sessions.end(number, int(chosen))
    return visit.to(f"{PATH}?done=ended")
