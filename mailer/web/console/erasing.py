"""Somebody is erased as they asked: what is held is told first, and asked once more."""

from collections.abc import Mapping, Sequence

from starlette.responses import Response
from starlette.routing import Route

from mailer.web.console.door import Door, Visit
from mailer.web.console.subscriber import found
from mailer.web.console.subscribers import PATH

_UNREADABLE = 422
_COUNTED = ("seats", "subscriptions", "consents", "mailings", "hosting")


def routes(door: Door) -> list[Route]:
    """Return the route of erasing."""
    return [door.route(f"{PATH}/{{number}}/erase", get=_ask, post=_erase)]


def _ask(visit: Visit, status: int = 200, troubles: Sequence[str] = ()) -> Response:
    person = found(visit)
    held: Mapping[str, object] = visit.desk.site.dossiers.of_whom(person.uid) or {}
    return visit.page(
        "erase.html",
        status,
        one=person,
        counts={name: _count(held.get(name)) for name in _COUNTED},
        troubles=troubles,
    )


def _count(rows: object) -> int:
    return len(rows) if isinstance(rows, Sequence) else 0


def _erase(visit: Visit) -> Response:
    person = found(visit)
    if visit.form.get("sure") != "yes":
        return _ask(visit, _UNREADABLE, ("sure",))
    site = visit.desk.site
    address = site.rights.address(person.uid)
    visit.desk.work.records.note(
        at=visit.desk.now,
        actor=visit.by,
        verb="erase on request",
        thing=f"subscriber {person.number}",
    )
    done = site.eraser.erase(
        site.eraser.erasures.hashed(address or ""), at=visit.desk.now
    )
    return visit.to(f"{PATH}?done={'erasing' if done.waits else 'erased'}")
