"""The way in and out: password and code, or a passkey."""

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from mailer.core.accounts import MOST
from mailer.pipeline.enter import WINDOW, Entry, Refusal
from mailer.web.console.door import Door, Visit, within

_UNREADABLE, _TOO_MANY, _NOT_FOUND = 422, 429, 404
_ADDRESS = 254  # characters (RFC 5321 §4.5.3.1.3)
_LATER = {"Retry-After": str(WINDOW)}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def routes(door: Door) -> list[Route]:
    """Return the routes of the way in and out."""
    return [
        door.route("/console/sign-in", get=_show, post=_by_password),
        door.route("/console/sign-in/passkey", post=_by_passkey),
        door.route("/console/passkey", post=_ask_for_passkey),
        door.route("/console/sign-out", post=_out),
        door.route("/console/static/{file}", get=_file),
    ]


def _show(visit: Visit) -> Response:
    if visit.session is not None:
        return visit.to(within(visit.request.query_params.get("next")))
    return _form(visit)


def _form(visit: Visit, refusal: Refusal | None = None) -> Response:
    asked = visit.form.get("next") or visit.request.query_params.get("next")
    status = {None: 200, Refusal.TOO_MANY: _TOO_MANY}.get(refusal, _UNREADABLE)
    answer = visit.page(
        "sign-in.html",
        status,
        refusal=refusal.value if refusal else None,
        form={"email": visit.form.get("email", "")[:_ADDRESS]},
        next=within(asked),
    )
    if refusal is Refusal.TOO_MANY:
        answer.headers.update(_LATER)
    return answer


def _by_password(visit: Visit) -> Response:
    form = visit.form
    entry = visit.desk.work.doorkeeper.by_password(
        form.get("email", "").strip()[:_ADDRESS],
        form.get("password", "")[: MOST + 1],
        form.get("code", ""),
        network=visit.network,
        agent=visit.agent,
    )
    return _in(visit, entry)


def _by_passkey(visit: Visit) -> Response:
    entry = visit.desk.work.doorkeeper.by_passkey(
        visit.form.get("answer", ""),
        visitor=visit.cookie,
        network=visit.network,
        agent=visit.agent,
    )
    return _in(visit, entry)


def _in(visit: Visit, entry: Entry) -> Response:
    if entry.cookie is None:
        return _form(visit, entry.refusal)
    if visit.session is not None:  # another account, or the same once more
        _end(visit)
    return visit.to(within(visit.form.get("next")), cookie=entry.cookie)


def _ask_for_passkey(visit: Visit) -> Response:
    asked = visit.desk.work.doorkeeper.ask_for_passkey(
        visit.cookie, network=visit.network
    )
    if asked is None:
        return Response(status_code=_TOO_MANY, headers=_LATER)
    return Response(asked, media_type="application/json")


def _out(visit: Visit) -> Response:
    _end(visit)
    answer = visit.to("/console/sign-in?done=out")
    visit.desk.cookie.drop(answer)
    return answer


def _end(visit: Visit) -> None:
    session = visit.mine
    visit.desk.work.sessions.end(session.account.number, session.number)


def _file(visit: Visit) -> Response:
    asset = visit.desk.assets.served.get(visit.request.path_params["file"])
    if asset is None:
        raise HTTPException(_NOT_FOUND)
    return Response(asset.content, media_type=asset.media_type, headers=_FOREVER)
