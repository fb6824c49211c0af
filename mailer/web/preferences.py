"""What a reader gets: language, quiet weeks, and the way out."""

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.core.tokens import Claim, Purpose
from mailer.web.form import fields
from mailer.web.site import Site
from mailer.web.visit import Guest, claimed, guest

_QUIET = {"yes": True, "no": False}
_UNREADABLE = 422


def routes(site: Site) -> list[Route]:
    """Return the route of the links that change what comes."""

    async def preferences(request: Request) -> Response:
        claim = claimed(site, request.path_params["token"], Purpose.PREFERENCES)
        if request.method == "POST":
            form = await fields(request)
            return await run_in_threadpool(_save, site, request, claim, form)
        return await run_in_threadpool(_show, site, request, claim)

    return [Route("/p/{token}", preferences, methods=["GET", "POST"])]


def _show(site: Site, request: Request, claim: Claim) -> Response:
    person = guest(site, claim)
    if person is None:
        return site.page("neutral.html", site.language(request))
    language = site.language(request, person.reader.language)
    return _page(site, person, language, state="")


def _save(
    site: Site, request: Request, claim: Claim, form: Mapping[str, str]
) -> Response:
    language = form.get("language", "")
    quiet_weeks = _QUIET.get(form.get("quiet_weeks", ""))
    if language not in site.coalition.languages or quiet_weeks is None:
        return _unreadable(site, request, claim)
    site.readers.prefer(
        claim.uid,
        claim.list_number,
        language=language,
        quiet_weeks=quiet_weeks,
        at=site.now(),
    )
    person = guest(site, claim)
    if person is None:
        return site.page("neutral-done.html", site.language(request))
    return _page(site, person, language, state="saved")


def _unreadable(site: Site, request: Request, claim: Claim) -> Response:
    person = guest(site, claim)
    if person is None:
        return site.page("neutral-done.html", site.language(request))
    language = site.language(request, person.reader.language)
    return _page(site, person, language, state="unreadable", status=_UNREADABLE)


def _page(
    site: Site, person: Guest, language: str, *, state: str, status: int = 200
) -> Response:
    reader = person.reader
    saved = state == "saved"
    token = site.keyring.sign(Purpose.LEAVE, reader.uid, reader.list_number)
    return site.page(
        "preferences.html",
        language,
        status,
        state=state,
        reader=reader,
        list_title=person.mailing_list.title(language),
        next_edition=site.next_edition(reader.list_number) if saved else None,
        leave=f"{site.root}/u/{token}",
    )
