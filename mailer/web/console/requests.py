"""What visitors sent that a person decides on."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from mailer.core.errors import NotFoundError, RefusedError
from mailer.core.requests import Kind, Request, State
from mailer.core.sharing.submission import Submission, load
from mailer.web.console import paths
from mailer.web.console.door import Door, Visit, choice
from mailer.web.facts import web

PATH = "/console/requests"
_LONGEST = 2000  # characters of a reason
_UNREADABLE, _CONFLICT, _NOT_FOUND = 422, 409, 404
_MOST_DIGITS = 18  # of a number that a database holds
_SHOWN_APART = ("wording", "place", "submission")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One request, and what was made of it on this page."""

    troubles: tuple[str, ...] = ()
    refused: str | None = None
    address: str | None = None


def routes(door: Door) -> list[Route]:
    """Return the routes of moderation."""
    return [
        door.route(PATH, get=_list),
        door.route(f"{PATH}/{{number}}", get=_show, post=_decide),
        door.route(f"{PATH}/{{number}}/address", post=_look),
    ]


def _list(visit: Visit) -> Response:
    after = paths.read(paths.asked(visit, "after")) or 0
    found = visit.desk.site.requests.waiting(after=after, most=paths.AT_ONCE + 1)
    waiting = found[: paths.AT_ONCE]
    onward = {"after": waiting[-1].number} if len(found) > len(waiting) else None
    return visit.page(
        "requests.html",
        waiting=[(each, title(each), day(each)) for each in waiting],
        onward=urlencode(onward) if onward else None,
    )


def title(request: Request) -> str:
    """Return what a request is about, in its sender's words."""
    if sent := _submission(request):
        place = sent.facts.place.label
        return f"{place}: {sent.facts.title}" if sent.facts.title else place
    facts = request.facts
    return str(facts.get("organization") or facts.get("title") or request.kind.value)


def day(request: Request) -> date | None:
    """Return the day of the action that is asked for."""
    sent = _submission(request)
    return sent.facts.start_date if sent else None


def _submission(request: Request) -> Submission | None:
    """Return the action as its host sent it; None: taken back, or it is no action."""
    written = request.facts.get("submission")
    return load(written) if written else None


def _show(visit: Visit) -> Response:
    return _page(visit, _found(visit), Shown())


def _found(visit: Visit) -> Request:
    written = str(visit.request.path_params["number"])
    if not (written.isascii() and written.isdigit() and len(written) <= _MOST_DIGITS):
        raise HTTPException(_NOT_FOUND)
    try:
        found = visit.desk.site.requests.request(int(written))
    except NotFoundError:
        raise HTTPException(_NOT_FOUND) from None
    if found.state in (State.ASKED, State.WRITTEN):
        raise HTTPException(_NOT_FOUND)  # its owner has not said yes: nobody's business
    return found


def _page(visit: Visit, request: Request, shown: Shown, status: int = 200) -> Response:
    facts, place = request.facts, request.facts.get("place")
    alike = (
        visit.desk.site.endorsements.alike(str(facts["organization"]))
        if request.kind is Kind.ENDORSE
        else ()
    )
    sent = _submission(request)
    return visit.page(
        "request.html",
        status,
        request=request,
        title=title(request),
        day=day(request),
        sent=sent,
        more_url=web(sent.facts.url) if sent else None,
        place=place["label"] if place else None,
        facts={key: facts[key] for key in facts if key not in _SHOWN_APART},
        alike=alike,
        troubles=shown.troubles,
        refused=shown.refused,
        address=shown.address,
        form={**visit.form},
    )


def _decide(visit: Visit) -> Response:
    request = _found(visit)
    known = {
        "accept": lambda visit: _accept(visit, request),
        "decline": lambda visit: _decline(visit, request),
    }
    try:
        return choice(visit.form, known, visit)
    except (RefusedError, NotFoundError) as error:
        return _page(visit, _found(visit), Shown(refused=error.words), _CONFLICT)


def _accept(visit: Visit, request: Request) -> Response:
    into = visit.form.get("into", "").strip() or None
    visit.desk.work.moderator(visit.by).accept(request.number, into=into)
    return visit.to(f"{PATH}?done=accepted")


def _decline(visit: Visit, request: Request) -> Response:
    reason = visit.form.get("reason", "").strip()
    if not reason or len(reason) > _LONGEST:
        return _page(visit, request, Shown(troubles=("reason",)), _UNREADABLE)
    visit.desk.work.moderator(visit.by).decline(request.number, reason=reason)
    return visit.to(f"{PATH}?done=declined")


def _look(visit: Visit) -> Response:
    """Show the whole address, once that is written down."""
    request = _found(visit)
    address = visit.desk.work.records.address_of(
        request.number, by=visit.by, at=visit.desk.now
    )
    return _page(visit, request, Shown(address=address))
