"""What a form posts, read within bounds."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

LIMIT = 10_240  # bytes; our own forms post less than 200
_TOO_LARGE = 413


async def fields(request: Request) -> Mapping[str, str]:
    """Return the text fields of either form encoding; none if it cannot be read.

    Raises HTTPException 413 above LIMIT, without reading the rest.
    """
    body = await bounded(request, LIMIT)

    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        async with Request(request.scope, replay).form(
            max_files=0, max_fields=20
        ) as form:
            return {key: value for key, value in form.items() if isinstance(value, str)}
    except (HTTPException, UnicodeDecodeError):
        return {}  # each page says what it makes of a form without its fields


async def bounded(request: Request, limit: int) -> bytes:
    """Return a request's body; raises HTTPException 413 if it is longer than `limit`.

    What is too long is not read to its end.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(_TOO_LARGE, headers={"Connection": "close"})
    return bytes(body)
