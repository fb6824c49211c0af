"""The link that says "yes, that was me": a page that does nothing, and a press."""

from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as Visit
from starlette.responses import Response
from starlette.routing import Route

from mailer.core.requests import Kind, Request, State, fingerprint
from mailer.core.tokens import Claim, Purpose
from mailer.web import own
from mailer.web.form import Fields, fields
from mailer.web.site import Site
from mailer.web.telling import logged
from mailer.web.visit import claimed


def routes(site: Site) -> list[Route]:
    """Return the route of the links that grant what was asked."""

    async def page(visit: Visit) -> Response:
        claim = claimed(site, visit, Purpose.CONFIRM)
        if visit.method == "POST":
            form = await fields(visit)
            return await run_in_threadpool(_act, site, visit, claim, form)
        return await run_in_threadpool(_show, site, visit, claim)

    return [Route("/c/{token}", page, methods=["GET", "POST"])]


def _show(
    site: Site, visit: Visit, claim: Claim, *, was_changed: bool = False
) -> Response:
    number = claim.list_number  # of a request: that is what this purpose is about
    open_now = site.requests.open_for(claim.uid, number, at=site.now())
    if open_now and open_now[0].kind in own.KINDS:
        return own.show(site, visit, open_now[0])
    if open_now:
        return _page(site, visit, open_now, "ask", was_changed=was_changed)
    found = site.requests.find(claim.uid, number)
    if found is None:
        return site.page("neutral.html", site.language(visit))
    granted = found.state in (State.WAITING, State.DONE, State.DECLINED)
    return _page(site, visit, [found], "granted" if granted else "late")


def _act(site: Site, visit: Visit, claim: Claim, form: Fields) -> Response:
    number, at = claim.list_number, site.now()
    open_now = site.requests.open_for(claim.uid, number, at=at)
    if open_now and open_now[0].kind in own.KINDS:
        return own.act(site, visit, open_now[0], form)
    if form.get("action") == "refuse":
        site.requests.refuse(claim.uid, number, at=at)
        if site.requests.find(claim.uid, number):  # it was granted before
            return _show(site, visit, claim)
        return site.page("refused.html", site.language(visit))
    if form.get("action") != "confirm":
        return _show(site, visit, claim)
    shown = form.get("shown", "") or None
    granted = site.requests.confirm(claim.uid, number, at=at, shown=shown)
    if not granted:
        return _show(site, visit, claim, was_changed=shown is not None)
    with logged():
        sent = [each for each in granted if each.kind is Kind.SUBMIT]
        site.herald.received(sent, at=at)
    return _page(site, visit, granted, "thanks")


def _page(
    site: Site,
    visit: Visit,
    requests: Sequence[Request],
    state: str,
    *,
    was_changed: bool = False,
) -> Response:
    first = requests[0]
    language = site.language(visit, first.language)
    return site.page(
        "confirm.html",
        language,
        state=state,
        shown=fingerprint(requests),
        was_changed=was_changed,
        address=first.masked_address,
        requests=[
            {
                "kind": each.kind.value,
                "facts": each.facts,
                "language": each.language,
                "lists": _titles(site, each, language),
                "preferences": _preferences(site, each),
            }
            for each in requests
        ],
    )


def _titles(site: Site, request: Request, language: str) -> Sequence[str]:
    known = [number for number in request.joins if number in site.lists]
    return [site.lists[number].title(language) for number in known]


def _preferences(site: Site, request: Request) -> Sequence[tuple[int, str]]:
    """Return the links by which they change what they get of the lists they are on."""
    if request.subscriber is None:
        return []
    sign = site.keyring.sign
    return [
        (
            number,
            f"{site.root}/p/{sign(Purpose.PREFERENCES, request.subscriber, number)}",
        )
        for number in request.joins
        if number in site.lists
    ]
