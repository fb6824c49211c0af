"""The form by which anybody asks for mail: lists, language, and where they are."""

from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.core.requests import Ask, Kind
from mailer.web.asking import Reading, look_at_your_mail, shown_again
from mailer.web.form import Fields, fields
from mailer.web.site import Site

PATH = "/subscribe"
_NOT_FOUND = 404


def routes(site: Site) -> list[Route]:
    """Return the route of the form; it is there when a list may be joined."""

    async def page(request: Request) -> Response:
        if not site.joinable:
            raise HTTPException(_NOT_FOUND)
        language = site.language(request)
        if request.method != "POST":
            return shown_again(site, "subscribe.html", language, _blank(site, language))
        form = await fields(request)
        return await run_in_threadpool(_ask, site, request, language, form)

    return [Route(PATH, page, methods=["GET", "POST"])]


def _blank(site: Site, language: str) -> Fields:
    only = [("list", str(number)) for number in site.joinable]
    return Fields([*(only if len(only) == 1 else ()), ("language", language)])


def _ask(site: Site, request: Request, language: str, form: Fields) -> Response:
    genuine = site.guard.admit(request, form, domain=site.domain)
    reading = Reading(site=site, form=form)
    address, place = reading.address(), reading.place()
    lists, wanted = reading.lists(required=True), reading.language()
    if reading.troubles:
        return shown_again(site, "subscribe.html", language, form, reading.troubles)
    if genuine:
        ask = Ask(
            kind=Kind.SUBSCRIBE,
            address=address,
            language=wanted,
            list_number=lists[0],
            joins=lists,
            facts={
                "place": asdict(place) if place else None,
                "wording": site.words("consent.txt", language),
            },
        )
        site.requests.ask(ask, at=site.now())
    return look_at_your_mail(site, language, address)
