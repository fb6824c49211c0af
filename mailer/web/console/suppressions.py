"""Addresses that nobody may mail: how many, whether one is, and adding or lifting one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from mailer.adapters.providers.foreign import words
from mailer.core.errors import InputError, NotFoundError, RefusedError
from mailer.core.suppressions import Held
from mailer.ports.lifting import Lifted
from mailer.web.console.door import Door, Handler, Visit, choice

PATH = "/console/suppressions"
_UNREADABLE, _CONFLICT = 422, 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What came of a press, on the page where it was."""

    troubles: tuple[str, ...] = ()
    refused: str | None = None
    state: str | None = None  # "free", "held", "added", "known", "lifted"
    held: Mapping[str, Any] | None = None
    subscriber: int | None = None
    lifted: Lifted | None = None


def routes(door: Door) -> list[Route]:
    """Return the routes of suppressions."""
    return [
        door.route(PATH, get=_show, post=_change),
        door.route(f"{PATH}/look", post=_look),
    ]


def _show(visit: Visit) -> Response:
    return _page(visit, Shown())


def _page(visit: Visit, shown: Shown, status: int = 200) -> Response:
    return visit.page(
        "suppressions.html",
        status,
        counts=sorted(
            visit.desk.work.holdings.suppressed.counts().items(),
            key=lambda counted: -counted[1],
        ),
        shown=shown,
        titles={
            one.slug: one.title(visit.language)
            for one in visit.desk.site.lists.values()
        },
        troubles=shown.troubles,
        # What was typed comes back only where it must be mended.
        form={**visit.form} if shown.troubles or shown.refused else {},
    )


def _address(visit: Visit, name: str) -> str:
    return visit.desk.site.check_address(visit.form.get(name, ""))


def _look(visit: Visit) -> Response:
    """Tell whether an address is suppressed; it is posted, so that no log has it."""
    try:
        address = _address(visit, "email")
    except InputError:
        return _page(visit, Shown(troubles=("email",)), _UNREADABLE)
    holdings = visit.desk.work.holdings
    held = holdings.suppressed.of(address)
    return _page(
        visit,
        Shown(
            state="held" if held else "free",
            held=held,
            subscriber=holdings.readership.find(address),
        ),
    )


def _change(visit: Visit) -> Response:
    known: Mapping[str, Handler] = {"add": _add, "lift": _lift}
    try:
        return choice(visit.form, known, visit)
    except (RefusedError, NotFoundError) as error:
        return _page(visit, Shown(refused=error.words), _CONFLICT)


def _add(visit: Visit) -> Response:
    try:
        address = _address(visit, "add_email")
    except InputError:
        return _page(visit, Shown(troubles=("add_email",)), _UNREADABLE)
    why = words(visit.form.get("add_reason", ""))  # without addresses: it is kept
    if not why:
        return _page(visit, Shown(troubles=("add_reason",)), _UNREADABLE)
    added = visit.desk.work.holdings.people.suppress(
        [address], reason=Held.MANUAL.value, at=visit.desk.now, by=visit.by, why=why
    )
    return _page(visit, Shown(state="added" if added else "known"))


def _lift(visit: Visit) -> Response:
    try:
        address = _address(visit, "lift_email")
    except InputError:
        return _page(visit, Shown(troubles=("lift_email",)), _UNREADABLE)
    asked = words(visit.form.get("lift_reason", ""))
    if not asked:
        return _page(visit, Shown(troubles=("lift_reason",)), _UNREADABLE)
    lifted = visit.desk.work.holdings.suppressed.lift(
        address, asked=asked, actor=visit.by, at=visit.desk.now
    )
    return _page(visit, Shown(state="lifted", lifted=lifted))
