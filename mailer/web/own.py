"""What somebody does about themselves with a link that was just mailed to them.

To see what we keep, to move to another address, to be erased. The links at the end of
every mail are not enough for that: mail is passed on.
"""

import base64
import json
import logging
from collections.abc import Callable, Mapping

from starlette.requests import Request as Visit
from starlette.responses import HTMLResponse, Response

from mailer.core.errors import MailerError
from mailer.core.notices import Note, NoteKind
from mailer.core.requests import GIVEN, OWN, Kind, Moved, Moving, Request
from mailer.core.tokens import Link, Purpose
from mailer.web.asking import UNREADABLE, Reading
from mailer.web.form import Fields
from mailer.web.log import redact
from mailer.web.site import Site

KINDS = (*OWN, Kind.MOVE, Kind.MOVE_BACK, Kind.SEAT, Kind.SEAT_BACK)
FILE = "what-we-keep.json"
logger = logging.getLogger("mailer.web")


def show(site: Site, visit: Visit, request: Request) -> Response:
    """Return the page that says what a press would do, and does nothing."""
    return _page(site, visit, request, "ask")


def act(site: Site, visit: Visit, request: Request, form: Fields) -> Response:
    """Do what was pressed, once; anything else shows the page again."""
    action = form.get("action", "")
    if action == "forget" and request.subscriber:
        site.rights.forget(request.subscriber, request.number, at=site.now())
        return _page(site, visit, request, "forgotten")
    if action == "refuse" and request.kind in GIVEN:
        site.requests.refuse(request.subscriber or b"", request.number, at=site.now())
        return site.page("refused.html", site.language(visit, request.language))
    if action not in ("confirm", "download"):
        return show(site, visit, request)
    return _ACTS[request.kind](site, visit, request, form)


def _export(site: Site, visit: Visit, request: Request, form: Fields) -> Response:
    uid = request.subscriber or b""
    if not site.requests.confirm(uid, request.number, at=site.now()):
        return _page(site, visit, request, "used")
    held = site.dossiers.of_whom(uid) or {}
    written = json.dumps(held, ensure_ascii=False, indent=2)
    if form.get("action") == "download":
        return Response(
            written,
            media_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{FILE}"'},
        )
    language = site.language(visit, request.language)
    return _page(
        site,
        visit,
        request,
        "held",
        held=held,
        titles={one.slug: one.title(language) for one in site.lists.values()},
        written=written,
        file=FILE,
        encoded=base64.b64encode(written.encode()).decode(),
    )


def _readdress(site: Site, visit: Visit, request: Request, form: Fields) -> Response:
    reading = Reading(site=site, form=form)
    address = reading.address()
    if reading.troubles:
        return _page(
            site,
            visit,
            request,
            "ask",
            UNREADABLE,
            form=form,
            troubles=tuple(reading.troubles),
        )
    at = site.now()
    if not site.requests.confirm(request.subscriber or b"", request.number, at=at):
        return _page(site, visit, request, "used")
    site.rights.ask_at(request, address, at=at)
    return _page(site, visit, request, "asked", new=address)


def _erase(site: Site, visit: Visit, request: Request, _: Fields) -> Response:
    address = site.rights.address(request.subscriber or b"")
    if address is None:
        return _page(site, visit, request, "used")
    done = site.eraser.erase(site.eraser.erasures.hashed(address), at=site.now())
    return _page(site, visit, request, "erasing" if done.waits else "erased")


def _move(site: Site, visit: Visit, request: Request, _: Fields) -> Response:
    seat = request.kind in (Kind.SEAT, Kind.SEAT_BACK)
    act = site.rights.sit if seat else site.rights.move
    moved = act(request.subscriber or b"", request.number, at=site.now())
    if moved.what is Moving.DONE:
        _tell_of_moving(site, request, moved)
    state = _MOVED[moved.what]
    return _page(site, visit, request, state, organization=moved.organization)


_MOVED = {
    Moving.DONE: "moved",
    Moving.KNOWN: "known",
    Moving.BUSY: "busy",
    Moving.OVER: "used",
}
_ACTS: Mapping[Kind, Callable[[Site, Visit, Request, Fields], Response]] = {
    Kind.EXPORT: _export,
    Kind.READDRESS: _readdress,
    Kind.HAND_OVER: _readdress,
    Kind.ERASE: _erase,
    Kind.MOVE: _move,
    Kind.MOVE_BACK: _move,
    Kind.SEAT: _move,
    Kind.SEAT_BACK: _move,
}


def _tell_of_moving(site: Site, request: Request, moved: Moved) -> None:
    """Write to the old address, or to whoever had the seat, with a way back.

    That it cannot be written is no reason to say that nothing was moved.
    """
    mailing_list = site.lists.get(request.list_number)
    if moved.back is None or mailing_list is None:
        return
    uid, number = moved.back
    language = request.language
    if language not in site.coalition.languages:
        language = site.coalition.languages[0]
    try:
        site.notifier.tell(
            Note(
                kind=NoteKind.SEAT_HANDED_OVER if moved.successor else NoteKind.MOVED,
                language=language,
                names={
                    "list": mailing_list.title(language),
                    **(
                        {"organization": moved.organization}
                        if moved.organization
                        else {}
                    ),
                    **({"successor": moved.successor} if moved.successor else {}),
                },
            ),
            to=uid,
            name=f"moved {number} {uid.hex()}",
            mailing_list=mailing_list,
            list_number=request.list_number,
            link=Link(Purpose.CONFIRM, number),
            at=site.now(),
        )
    except MailerError as error:
        logger.error("no note was written: %s", redact(str(error)))  # noqa: TRY400 - a trace may hold an address


def _page(
    site: Site,
    visit: Visit,
    request: Request,
    state: str,
    status: int = 200,
    **values: object,
) -> HTMLResponse:
    return site.page(
        "own.html",
        site.language(visit, request.language),
        status,
        state=state,
        kind=request.kind.value,
        address=request.masked_address,
        **{"form": Fields([]), "troubles": (), **values},
    )
