"""The preview as an application: a page, its frames, and word of every change."""

import time
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files

from anyio import sleep
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from mailer.core.branding import LOGO_PATH
from mailer.web.preview.desk import Choice, Desk, Shown
from mailer.web.preview.frame import Look, framed
from mailer.web.preview.page import LANGUAGES, Asked, page

_HOSTS = ["127.0.0.1", "localhost"]  # no other name may be made to lead here
_WAIT, _EVERY = 20.0, 0.3  # seconds: how long a question stays open, how often it looks
_SHARED = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = {
    **_SHARED,
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self';"
    " connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
}
# A message runs nothing, and fetches nothing but the coalition's logo, from here.
_MESSAGE = {
    **_SHARED,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline';"
    " img-src 'self';"
    " form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin",
}


def create(desk: Desk, *, stopping: Callable[[], bool] = lambda: False) -> Starlette:
    """Return the application; `stopping` ends what is still waiting for a change."""

    def look(request: Request) -> Response:
        stamp = desk.stamp()
        choices, note = desk.choices()
        asked = _asked(request, choices)
        shown = desk.show(asked.of, asked.language) if asked.of else Shown()
        words = page(asked, shown, choices, note=note, stamp=stamp)
        return HTMLResponse(words, headers=_PAGE)

    def message(request: Request) -> Response:
        asked = _asked(request)
        printed = desk.show(asked.of, asked.language).message
        if printed is None:
            return PlainTextResponse("There is no such message.", 404, headers=_SHARED)
        dark = request.query_params.get("look") == Look.DARK
        shown = framed(printed.html, Look.DARK if dark else Look.LIGHT)
        return HTMLResponse(shown, headers=_MESSAGE)

    def source(request: Request) -> Response:
        asked = _asked(request)
        printed = desk.show(asked.of, asked.language).message
        words = printed.html if printed else "There is no such message."
        return PlainTextResponse(words, 200 if printed else 404, headers=_SHARED)

    def logo(_request: Request) -> Response:
        png = desk.logo()
        if png is None:
            return PlainTextResponse("There is no logo.", 404, headers=_SHARED)
        return Response(png, media_type="image/png", headers=_SHARED)

    async def changed(request: Request) -> Response:
        until = time.monotonic() + _WAIT
        while time.monotonic() < until and not stopping():
            if await run_sync(desk.stamp) != request.query_params.get("since"):
                return PlainTextResponse("changed", headers=_SHARED)
            await sleep(_EVERY)
        return Response(status_code=204, headers=_SHARED)

    return Starlette(
        routes=[
            Route("/", look),
            Route("/message", message),
            Route("/source", source),
            Route("/changed", changed),
            Route(LOGO_PATH, logo),
            *(Route(f"/{name}", _file(name, kind)) for name, kind in _FILES.items()),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=_HOSTS)],
    )


_FILES: Mapping[str, str] = {
    "preview.css": "text/css",
    "preview.js": "text/javascript",
}


def _file(name: str, kind: str) -> Callable[[Request], Response]:
    content = files(__package__).joinpath(name).read_bytes()
    return lambda _request: Response(content, media_type=kind, headers=_SHARED)


def _asked(request: Request, choices: Sequence[Choice] = ()) -> Asked:
    language = request.query_params.get("language", "")
    return Asked(
        of=request.query_params.get("of", choices[0].key if choices else ""),
        language=language if language in LANGUAGES else next(iter(LANGUAGES)),
    )
