"""One line per request and one trace per failure, without tokens or addresses."""

import logging
import re
import traceback
from collections.abc import Mapping
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailer.web import api
from mailer.web.language import choose

logger = logging.getLogger("mailer.web")

_SECRETS = (
    (re.compile(r"(/[upchi]/)[^\s\"'<>]+"), r"\1…"),
    (re.compile(r"[A-Za-z0-9_-]{40,}"), "…"),  # a token, wherever it stands
    (re.compile(r"[^\s@<>\"'(]+@[^\s@<>\"')]+"), "…@…"),
)


def redact(text: str) -> str:
    """Return the text with everything that looks like a token or an address cut."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class Log:
    """ASGI middleware: logs requests, and turns what nobody caught into a page."""

    def __init__(self, app: ASGIApp, *, broken: Mapping[str, str]) -> None:
        """Take the page for status 500 by language, rendered while all was well."""
        self._app = app
        self._broken = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer it whatever happens."""
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            logger.info("%s: the visitor went away", _line(scope))
            return
        except Exception as error:  # noqa: BLE001 — the last one to catch anything
            logger.error("%s failed\n%s", _line(scope), _trace(error))  # noqa: TRY400 - the trace is redacted first
            if not status:
                await self._page(scope)(scope, receive, watched)
        logger.info("%s %s", _line(scope), status)

    def _page(self, scope: Scope) -> Response:
        if api.is_ours(scope["path"]):
            return api.failed()
        request = Request(scope)
        language = choose(
            tuple(self._broken),
            asked=request.query_params.get("lang"),
            preferred=None,
            accepted=request.headers.get("accept-language", ""),
        )
        return HTMLResponse(
            self._broken[language], 500, headers={"Content-Language": language}
        )


def _line(scope: Scope) -> str:
    return f"{scope['method']} {quote(redact(scope['path']), safe='/…')}"


def _trace(error: Exception) -> str:
    # Not exc_info: messages of other libraries may quote a row or an address.
    return redact("".join(traceback.format_exception(error)).rstrip())
