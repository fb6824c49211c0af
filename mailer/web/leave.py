"""Leaving one list: a page that changes nothing, and a POST that does (RFC 8058)."""

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mailer.core.tokens import Claim, Purpose
from mailer.web import telling
from mailer.web.form import fields
from mailer.web.site import Site
from mailer.web.visit import Guest, claimed, guest


def routes(site: Site) -> list[Route]:
    """Return the route of the links that stop mail."""

    async def leave(request: Request) -> Response:
        claim = claimed(site, request, Purpose.LEAVE)
        if request.method == "POST":
            form = await fields(request)
            return await run_in_threadpool(_act, site, request, claim, form)
        return await run_in_threadpool(_show, site, request, claim)

    return [Route("/u/{token}", leave, methods=["GET", "POST"])]


def _show(site: Site, request: Request, claim: Claim) -> Response:
    person = guest(site, claim)
    if person is None:
        return site.page("neutral.html", site.language(request))
    return _page(site, request, person, "leave" if person.reader.active else "left")


def _act(
    site: Site, request: Request, claim: Claim, form: Mapping[str, str]
) -> Response:
    """Do what was posted.

    Any POST but an undo leaves, whatever its body: only a person's press or their
    mail program sends one, and a press that we cannot read must still count.
    """
    at = site.now()
    if form.get("action") == "undo":
        site.readers.rejoin(claim.uid, claim.list_number, at=at)
        return _after(site, request, claim, active="back", ended="stuck")
    if form.get("from") != "page":
        site.readers.leave(claim.uid, claim.list_number, at=at, how="one-click")
        return PlainTextResponse("Done.\n")
    left = site.readers.leave(claim.uid, claim.list_number, at=at, how="page")
    if left and (person := guest(site, claim)):
        telling.of_leaving(site, person)
    return _after(site, request, claim, active="leave", ended="done")


def _after(
    site: Site, request: Request, claim: Claim, *, active: str, ended: str
) -> Response:
    person = guest(site, claim)
    if person is None:
        return site.page("neutral-done.html", site.language(request))
    return _page(site, request, person, active if person.reader.active else ended)


def _page(site: Site, request: Request, person: Guest, state: str) -> Response:
    reader = person.reader
    language = site.language(request, reader.language)
    token = site.keyring.sign(Purpose.PREFERENCES, reader.uid, reader.list_number)
    return site.page(
        "leave.html" if state == "leave" else "left.html",
        language,
        state=state,
        reader=reader,
        rests=reader.choices.standing(site.now()).paused_until is not None,
        list_title=person.mailing_list.title(language),
        preferences=f"{site.root}/p/{token}",
    )
