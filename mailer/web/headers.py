"""The headers of every answer."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PRIVATE = (
    "/u/",
    "/p/",
    "/c/",
    "/h/",
    "/i/",
)  # whoever has such an address can act for a reader

_ALWAYS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# A picture in mail is shown by other sites; the console has scripts of ours, and needs
# to know which page sent a form. Their own answers say so.
_MAY_DIFFER = (
    "Cross-Origin-Resource-Policy",
    "Content-Security-Policy",
    "Referrer-Policy",
)
_YEAR = 31_536_000  # seconds


class Headers:
    """ASGI middleware: strict for all, kept by nobody unless a page says otherwise."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._always = dict(_ALWAYS)
        if https:
            self._always["Strict-Transport-Security"] = f"max-age={_YEAR}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the answer."""

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(MutableHeaders(scope=message), scope["path"])
            await send(message)

        await self._app(scope, receive, complete)

    def _complete(self, headers: MutableHeaders, path: str) -> None:
        for name, value in self._always.items():
            if name not in _MAY_DIFFER or name not in headers:
                headers[name] = value
        headers.setdefault("Cache-Control", "no-store")
        if path.startswith(PRIVATE):
            headers["Cache-Control"] = "no-store"
            headers["X-Robots-Tag"] = "noindex, nofollow"
