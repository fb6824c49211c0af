"""What a form posts, read within bounds."""

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from mailer.web.nul import without

LIMIT = 10_240  # bytes; our own forms post less than a tenth of it
_MOST = 100  # fields; there are 57 states and territories to tick
_TOO_LARGE = 413


class Fields(dict[str, str]):
    """The text fields of a form: of each name the last, or all."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Take the fields in the order in which they were posted."""
        super().__init__(pairs)
        self._pairs = pairs

    def every(self, name: str) -> Sequence[str]:
        """Return all that was posted under a name, such as ticked boxes."""
        return [value for key, value in self._pairs if key == name]


async def fields(request: Request, limit: int = LIMIT, most: int = _MOST) -> Fields:
    """Return the text fields of either form encoding; none if it cannot be read.

    Raises HTTPException 413 above `limit` bytes, without reading the rest. Of more
    than `most` fields none is read.
    """
    body = await bounded(request, limit)

    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        async with Request(request.scope, replay).form(
            max_files=0, max_fields=most
        ) as form:
            pairs = form.multi_items()
            texts = [(without(k), without(v)) for k, v in pairs if isinstance(v, str)]
        # A visitor names the charset, and some make what UTF-8 cannot write.
        "".join(name + value for name, value in texts).encode()
    except (HTTPException, UnicodeError):
        return Fields([])  # each page says what it makes of a form without its fields
    return Fields(texts)


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
