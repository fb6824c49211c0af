"""The form by which an organization endorses a call, and the list of those who do."""

from collections.abc import Sequence
from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.core.requests import Ask, Kind
from mailer.core.sponsors import name_key
from mailer.ports import Endorsable
from mailer.web.asking import Reading, look_at_your_mail, shown_again
from mailer.web.form import Fields, fields
from mailer.web.site import Site

FORM, LISTED = "/endorse", "/endorsers"
PLEDGES = ("plan", "publicize", "calls")  # besides endorsing
_ABOUT = 300  # characters
_NOT_FOUND = 404
_MINUTES = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Language"}


def routes(site: Site) -> list[Route]:
    """Return the routes; they are there while a call is open."""

    async def form(request: Request) -> Response:
        if request.method != "POST":
            return await run_in_threadpool(_show, site, request)
        posted = await fields(request)
        return await run_in_threadpool(_ask, site, request, posted)

    def listed(request: Request) -> Response:
        calls, language = _calls(site), site.language(request)
        page = site.page(
            "endorsers.html",
            language,
            calls=[(call, site.endorsements.public(call.slug)) for call in calls],
        )
        page.headers.update(_MINUTES)
        return page

    return [
        Route(FORM, form, methods=["GET", "POST"]),
        Route(LISTED, listed),
    ]


def _calls(site: Site) -> Sequence[Endorsable]:
    calls = site.endorsements.calls(site.now().date())
    if not calls:
        raise HTTPException(_NOT_FOUND)
    return calls


def _show(site: Site, request: Request) -> Response:
    language, calls = site.language(request), _calls(site)
    blank = Fields([("language", language), ("call", calls[0].slug)])
    return shown_again(site, "endorse.html", language, blank, calls=calls)


def _ask(site: Site, request: Request, form: Fields) -> Response:
    genuine = site.guard.admit(request, form, domain=site.domain)
    language, calls = site.language(request), _calls(site)
    reading = Reading(site=site, form=form)
    ask = _read(reading, language, calls)
    if reading.troubles:
        return shown_again(
            site, "endorse.html", language, form, reading.troubles, calls=calls
        )
    if genuine:
        site.requests.ask(ask, at=site.now())
    return look_at_your_mail(site, language, ask.address)


def _read(reading: Reading, language: str, calls: Sequence[Endorsable]) -> Ask:
    """Read the form in the order of the page, so that the first mistake comes first."""
    site = reading.site
    call = reading.choice("call", [call.slug for call in calls])
    organization = reading.line("organization", required=True)
    place = reading.place(required=True)
    facts = {
        "call": call,
        "organization": organization,
        "place": asdict(place) if place else None,
        "website": reading.website(),
        "public": reading.choice("public", ("yes", "no")) == "yes",
        "pledges": list(reading.ticked("pledge", PLEDGES)),
        "contact": reading.line("contact", required=True),
        "wording": site.words("consent-endorse.txt", language),
    }
    address, wanted, lists = reading.address(), reading.language(), reading.lists()
    return Ask(
        kind=Kind.ENDORSE,
        address=address,
        language=wanted,
        list_number=(lists or tuple(site.lists))[0],
        joins=lists,
        about=f"{call} {name_key(organization)}"[:_ABOUT],
        facts=facts,
    )
