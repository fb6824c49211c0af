"""What somebody does about themselves with a link that was just mailed to them.

To see what we keep, to move to another address, to be erased. The links at the end of
every mail are not enough for that: mail is passed on.
"""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import date

from starlette.requests import Request as Visit
from starlette.responses import HTMLResponse, Response

from mailer.core.notices import Note, NoteKind
from mailer.core.requests import GIVEN, OWN, Kind, Moved, Moving, Request
from mailer.core.tokens import Link, Purpose
from mailer.web import handing
from mailer.web.asking import UNREADABLE, Reading
from mailer.web.choosing import zone_of
from mailer.web.form import Fields
from mailer.web.site import Site
from mailer.web.telling import logged

KINDS = (*OWN, Kind.MOVE, Kind.MOVE_BACK, Kind.SEAT, Kind.SEAT_BACK)
FILE = "what-we-keep.json"
SEATING = (Kind.SEAT, Kind.SEAT_BACK)


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
        rests=_resting(site, uid),
        written=written,
        file=FILE,
        encoded=base64.b64encode(written.encode()).decode(),
    )


def _resting(site: Site, uid: bytes) -> Mapping[str, date]:
    """Return until which day each list of theirs rests that does, by its slug."""
    rests = {}
    for number, mailing_list in site.lists.items():
        reader = site.readers.reader(uid, number)
        until = reader.choices.standing(site.now()).paused_until if reader else None
        if reader and until:
            zone = zone_of(reader, mailing_list)
            rests[mailing_list.slug] = until.astimezone(zone).date()
    return rests


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
    site.rights.ask_at(request, address, at=at, lists=site.lists.keys())
    return _page(site, visit, request, "asked", new=address)


def _erase(site: Site, visit: Visit, request: Request, _: Fields) -> Response:
    address = site.rights.address(request.subscriber or b"")
    if address is None:
        return _page(site, visit, request, "used")
    done = site.eraser.erase(site.eraser.erasures.hashed(address), at=site.now())
    return _page(site, visit, request, "erasing" if done.waits else "erased")


def _move(site: Site, visit: Visit, request: Request, _: Fields) -> Response:
    uid, at = request.subscriber or b"", site.now()
    if request.kind not in SEATING:
        moved = site.rights.move(uid, request.number, at=at)
        if moved.what is Moving.DONE:
            _tell_of_moving(site, request, moved)
        return _page(site, visit, request, _MOVED[moved.what])
    moved = site.rights.sit(uid, request.number, at=at)
    if moved.what is Moving.DONE:
        handing.tell(site, request, moved)
    language = site.language(visit, request.language)
    return _page(
        site,
        visit,
        request,
        _MOVED[moved.what],
        organization=moved.organization,
        told=moved.other is not None,
        gets=handing.titles(site, moved.gets, language),
        choose=handing.choices(site, uid, moved.gets),
        joinable=bool(site.joinable),
    )


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
    """Write to the old address, with a way back."""
    mailing_list = site.lists.get(request.list_number)
    if moved.back is None or mailing_list is None:
        return
    uid, number = moved.back
    language = handing.spoken(site, request.language)
    with logged():
        site.notifier.tell(
            Note(
                kind=NoteKind.MOVED,
                language=language,
                names={"list": mailing_list.title(language)},
            ),
            to=uid,
            name=f"moved {number} {uid.hex()}",
            mailing_list=mailing_list,
            list_number=request.list_number,
            link=Link(Purpose.CONFIRM, number),
            at=site.now(),
        )


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
        **{
            "form": Fields([]),
            "troubles": (),
            **handing.stake(site, visit, request, state),
            **values,
        },
    )
