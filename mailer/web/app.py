"""The pages as one application, put together from what it needs of the world."""

from collections.abc import Callable, Mapping
from datetime import datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from mailer.adapters.renderer.copies import Copies
from mailer.config import Coalition
from mailer.core.branding import LOGO_PATH, Logo
from mailer.core.lists import MailingList
from mailer.core.model import Place
from mailer.core.sharing.reading import PlaceOf
from mailer.core.tokens import Keyring
from mailer.pipeline.erase import Eraser
from mailer.pipeline.hosting import Herald
from mailer.pipeline.notify import Notifier
from mailer.ports import (
    Dossiers,
    Endorsements,
    Hosts,
    Introductions,
    PublicActions,
    PublicEditions,
    Readers,
    Requests,
    Rights,
)
from mailer.web import (
    actions,
    api,
    calendars,
    confirm,
    console,
    editions,
    endorse,
    events,
    feeds,
    host,
    introduce,
    leave,
    preferences,
    share,
    subscribe,
)
from mailer.web.guard import Guard
from mailer.web.headers import PRIVATE, Headers
from mailer.web.log import Log
from mailer.web.nul import WithoutNul
from mailer.web.site import Pages, Site

Application = Starlette  # for those who hand it on without a framework of their own

_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
# Its address stays when the picture changes. Mail on other sites shows it.
_A_DAY = {
    "Cache-Control": "public, max-age=86400",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_ROBOTS = "".join(["User-agent: *\n", *(f"Disallow: {path}\n" for path in PRIVATE)])


def create(
    *,
    readers: Readers,
    public_actions: PublicActions,
    public_editions: PublicEditions,
    copies: Copies,
    keyring: Keyring,
    pages: Pages,
    lists: Mapping[int, MailingList],
    coalition: Coalition,
    base_url: str,
    now: Callable[[], datetime],
    notifier: Notifier,
    requests: Requests,
    rights: Rights,
    dossiers: Dossiers,
    eraser: Eraser,
    endorsements: Endorsements,
    hosts: Hosts,
    introductions: Introductions,
    herald: Herald,
    check_address: Callable[[str], str],
    resolve: Callable[[str, str | None], Place],
    place_of: PlaceOf,
    guard: Guard | None = None,
    logo: Logo | None = None,
    ear: events.Ear | None = None,
    work: console.Coordination | None = None,
    automation: api.Automation | None = None,
) -> Starlette:
    """Return the application; a broken template raises TemplateError here, not later.

    `lists` goes by list number; `notifier` writes to readers about what was done with
    their links. `base_url` is without a slash at the end. `logo` is the one that mail
    shows; `ear` hears what providers tell. `copies` makes letters fit for the archive.
    `work` is what coordinators do; without it there is no console. `automation` is what
    their programs do; without it there is no API.
    """
    site = Site(
        readers=readers,
        actions=public_actions,
        editions=public_editions,
        copies=copies,
        keyring=keyring,
        pages=pages,
        lists=lists,
        coalition=coalition,
        base_url=base_url,
        now=now,
        notifier=notifier,
        requests=requests,
        rights=rights,
        dossiers=dossiers,
        eraser=eraser,
        endorsements=endorsements,
        hosts=hosts,
        introductions=introductions,
        herald=herald,
        check_address=check_address,
        resolve=resolve,
        place_of=place_of,
        guard=guard or Guard(),
        started=now(),
    )
    broken = {
        language: pages.render(
            "error.html",
            language,
            code=500,
            has_archive=False,
            can_join=False,
            can_share=False,
        )
        for language in coalition.languages
    }
    app = Starlette(
        routes=[
            *leave.routes(site),
            *preferences.routes(site),
            *confirm.routes(site),
            *subscribe.routes(site),
            *endorse.routes(site),
            *share.routes(site),
            *host.routes(site),
            *introduce.routes(site),
            *actions.routes(site),
            *calendars.routes(site),
            *feeds.routes(site),
            *editions.routes(site),
            *(events.routes(ear) if ear else ()),
            *(console.routes(site, work) if work else ()),
            *(api.routes(automation) if automation else ()),
            *_plain(site),
            *_brand(logo),
        ],
        middleware=[
            Middleware(Headers, https=base_url.startswith("https:")),
            Middleware(Log, broken=broken),
            Middleware(WithoutNul),
        ],
        exception_handlers={HTTPException: _refuse(site)},
    )
    # A redirect to the slashless address would echo the Host header and the token.
    app.router.redirect_slashes = False
    return app


def _refuse(site: Site) -> Callable[[Request, Exception], Response]:
    def refuse(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        if api.is_ours(request.url.path):
            return api.refused(error.status_code, error.headers)
        page = site.page(
            "error.html",
            site.language(request),
            error.status_code,
            code=error.status_code,
        )
        page.headers.update(error.headers or {})
        return page

    return refuse


def _plain(site: Site) -> list[Route]:
    stylesheet = site.pages.stylesheet

    def home(_: Request) -> Response:
        return RedirectResponse(f"{site.root}/actions", 302)

    def health(_: Request) -> Response:
        return PlainTextResponse("ok")

    def robots(_: Request) -> Response:
        return PlainTextResponse(_ROBOTS, headers={"Cache-Control": "max-age=86400"})

    def no_icon(_: Request) -> Response:
        return Response(status_code=204, headers=_A_DAY)

    def style(_: Request) -> Response:
        return Response(stylesheet, media_type="text/css", headers=_FOREVER)

    return [
        Route("/", home),
        Route("/healthz", health),
        Route("/robots.txt", robots),
        Route("/favicon.ico", no_icon),
        Route(f"/static/{site.pages.stylesheet_name}", style),
    ]


def _brand(logo: Logo | None) -> list[Route]:
    if logo is None:
        return []

    def picture(_: Request) -> Response:
        return Response(logo.png, media_type="image/png", headers=_A_DAY)

    return [Route(LOGO_PATH, picture)]
