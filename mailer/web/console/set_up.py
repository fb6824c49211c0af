"""What a link from a coordinator opens: name and password, set once."""

from starlette.responses import Response
from starlette.routing import Route

from mailer.core.accounts import Errand, Invitation, is_acceptable
from mailer.web.console.door import Door, Visit
from mailer.web.site import Site

_UNREADABLE, _NOT_FOUND = 422, 404
_NAME = 80  # characters


def routes(door: Door) -> list[Route]:
    """Return the route of the links."""
    return [door.route("/console/set-up/{token}", get=_show, post=_set)]


def _show(visit: Visit) -> Response:
    found = visit.desk.work.inviter.open(_token(visit))
    return _gone(visit) if found is None else _form(visit, found)


def _set(visit: Visit) -> Response:
    inviter, form = visit.desk.work.inviter, visit.form
    found = inviter.open(_token(visit))
    if found is None:
        return _gone(visit)
    name = line(form.get("name", ""))
    language = known_language(visit.desk.site, form.get("language", ""), found)
    troubles = [] if name else ["name"]
    troubles += password_troubles(form, address=found.account.address, name=name)
    if troubles:
        return _form(visit, found, troubles)
    used = inviter.accept(
        _token(visit), name=name, language=language, password=form["password"]
    )
    if used is None:
        return _gone(visit)
    if used.errand is Errand.RESET:  # a mailbox alone must not be enough
        return visit.to("/console/sign-in?done=reset")
    entry = visit.desk.work.doorkeeper.welcome(
        used.account, network=visit.network, agent=visit.agent
    )
    return visit.to("/console/account?done=welcome", cookie=entry.cookie)


def password_troubles(form: dict[str, str], *, address: str, name: str) -> list[str]:
    """Return the names of the fields of a new password that are wrong."""
    password = form.get("password", "")
    if not is_acceptable(password, address=address, name=name):
        return ["password"]
    return [] if form.get("again", "") == password else ["again"]


def line(typed: str) -> str:
    """Return one line of a name; empty if it is none."""
    words = " ".join(typed.split())
    return words if len(words) <= _NAME and words.isprintable() else ""


def known_language(site: Site, wanted: str, found: Invitation) -> str:
    """Return a language of the coalition's: the one chosen, or what it was."""
    return wanted if wanted in site.coalition.languages else found.account.language


def _form(
    visit: Visit, found: Invitation, troubles: list[str] | None = None
) -> Response:
    form = {
        "name": found.account.name,
        "language": visit.language,
        **({key: visit.form[key] for key in ("name", "language") if key in visit.form}),
    }
    return visit.page(
        "set-up.html",
        _UNREADABLE if troubles else 200,
        account=found.account,
        first=found.errand is Errand.INVITE,
        until=visit.desk.local(found.until),
        form=form,
        troubles=troubles or [],
    )


def _gone(visit: Visit) -> Response:
    return visit.page("gone.html", _NOT_FOUND)


def _token(visit: Visit) -> str:
    return str(visit.request.path_params["token"])
