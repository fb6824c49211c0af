"""NUL, which PostgreSQL keeps nowhere and asks for nowhere: it reaches no page."""

from starlette.types import ASGIApp, Receive, Scope, Send

_INSTEAD = "\ufffd"  # as in HTML (§13.2.5.1, tokenization, 2026-11)


def without(text: str) -> str:
    """Return the text with the sign for what cannot be read in place of each NUL."""
    return text.replace("\x00", _INSTEAD)


class WithoutNul:
    """ASGI middleware: paths and queries as `without` leaves them.

    Nothing of ours is called so: what asks for it finds nothing, on any database.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        query = scope["query_string"].replace(b"%00", b"%EF%BF%BD")
        fit = {**scope, "path": without(scope["path"]), "query_string": query}
        await self._app(fit, receive, send)
