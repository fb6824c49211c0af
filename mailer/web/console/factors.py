"""The second factors of one's own account: a phone's codes, passkeys, recovery."""

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from mailer.core.accounts import Factor, shown
from mailer.core.errors import InputError, RefusedError
from mailer.web.console.account import PATH, show, stale
from mailer.web.console.browsers import named
from mailer.web.console.door import Door, Visit, choice
from mailer.web.console.set_up import line

_UNREADABLE, _NOT_FOUND = 422, 404


def routes(door: Door) -> list[Route]:
    """Return the routes of what one signs in with besides the password."""
    return [
        door.route(f"{PATH}/codes", get=_show_codes, post=_codes),
        door.route(f"{PATH}/codes.png", get=_picture),
        door.route(f"{PATH}/passkeys", post=_passkeys),
        door.route(f"{PATH}/passkeys/new", post=_ask_for_key),
        door.route(f"{PATH}/recovery", post=_recovery),
    ]


def _codes(visit: Visit) -> Response:
    known = {"start": _start, "confirm": _confirm, "remove": _remove_codes}
    return stale(visit) or choice(visit.form, known, visit)


def _start(visit: Visit) -> Response:
    visit.desk.work.locksmith.propose_codes(visit.mine)
    return visit.to(f"{PATH}/codes")


def _show_codes(visit: Visit) -> Response:
    return stale(visit) or _codes_page(visit)


def _codes_page(visit: Visit, status: int = 200) -> Response:
    secret = _proposed(visit)
    if secret is None:
        return visit.to(PATH)
    groups = [secret[at : at + 4] for at in range(0, len(secret), 4)]
    return visit.page(
        "codes.html", status, secret=" ".join(groups), wrong=status == _UNREADABLE
    )


def _confirm(visit: Visit) -> Response:
    cookie = visit.desk.work.locksmith.accept_codes(
        visit.mine, visit.form.get("code", "")
    )
    if cookie is None:
        return _codes_page(visit, _UNREADABLE)
    return visit.to(f"{PATH}?done=codes", cookie=cookie)


def _remove_codes(visit: Visit) -> Response:
    return _removed(visit, Factor.TOTP, None)


def _picture(visit: Visit) -> Response:
    secret, codes = _proposed(visit), visit.desk.work.codes
    if secret is None or stale(visit):
        raise HTTPException(_NOT_FOUND)
    uri = codes.uri(secret, visit.mine.account.address)
    return Response(codes.picture(uri), media_type="image/png")


def _passkeys(visit: Visit) -> Response:
    known = {"add": _add_key, "remove": _remove_key}
    return stale(visit) or choice(visit.form, known, visit)


def _ask_for_key(visit: Visit) -> Response:
    if asked := stale(visit):
        return asked
    wanted = visit.desk.work.locksmith.ask_for_key(visit.mine, visit.cookie)
    return Response(wanted, media_type="application/json")


def _add_key(visit: Visit) -> Response:
    browser, system = named(visit.agent)
    said = line(visit.form.get("name", ""))
    name = said or ", ".join(filter(None, (browser, system))) or "Passkey"
    try:
        cookie = visit.desk.work.locksmith.add_key(
            visit.mine, visit.form.get("answer", ""), visitor=visit.cookie, name=name
        )
    except InputError:
        return show(visit, _UNREADABLE, ["passkey"])
    return visit.to(f"{PATH}?done=passkey", cookie=cookie)


def _remove_key(visit: Visit) -> Response:
    chosen = visit.form.get("passkey", "")
    mine = visit.desk.work.credentials.passkeys(visit.mine.account.number)
    found = [one.number for one in mine if str(one.number) == chosen]
    if not found:
        raise HTTPException(_NOT_FOUND)
    return _removed(visit, Factor.PASSKEY, found[0])


def _removed(visit: Visit, factor: Factor, number: int | None) -> Response:
    try:
        cookie = visit.desk.work.locksmith.remove(visit.mine, factor, number)
    except RefusedError:
        return show(visit, _UNREADABLE, ["last"])
    return visit.to(f"{PATH}?done=removed", cookie=cookie)


def _recovery(visit: Visit) -> Response:
    if asked := stale(visit):
        return asked
    if not visit.mine.account.has_second_factor:
        return visit.to(PATH)
    codes = visit.desk.work.locksmith.recovery(visit.mine)
    return visit.page("recovery.html", codes=[shown(code) for code in codes])


def _proposed(visit: Visit) -> str | None:
    number = visit.mine.account.number
    return visit.desk.work.credentials.proposed_totp(number)
