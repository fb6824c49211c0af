"""Answers that need not be sent again (RFC 9110 §13): ETag, Last-Modified, 304."""

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import Response

MAX_AGE = 300  # seconds; a cancelled action must not be kept for long
_NOT_MODIFIED = 304
# What a 304 repeats of the answer that it stands for (RFC 9110 §15.4.5).
_REPEATED = (
    "cache-control",
    "content-language",
    "content-location",
    "etag",
    "last-modified",
    "vary",
    "x-robots-tag",
)


def fresh(
    request: Request, response: Response, *, changed_at: datetime | None = None
) -> Response:
    """Let caches keep an answer for a while; return 304 if they have it already.

    `changed_at` is aware; without it the answer is compared by its bytes alone.
    """
    headers = response.headers
    headers.setdefault("Cache-Control", f"public, max-age={MAX_AGE}")
    headers["ETag"] = f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
    if changed_at is not None:
        headers["Last-Modified"] = _http_date(changed_at)
    if not _is_known(request, headers["ETag"], changed_at):
        return response
    kept = {name: headers[name] for name in _REPEATED if name in headers}
    return Response(status_code=_NOT_MODIFIED, headers=kept)


def _is_known(request: Request, tag: str, changed_at: datetime | None) -> bool:
    known = request.headers.get("if-none-match")
    if known is not None:  # it alone counts where both are sent
        tags = [one.strip().removeprefix("W/") for one in known.split(",")]
        return tag in tags or "*" in tags
    since = _moment(request.headers.get("if-modified-since"))
    if since is None or changed_at is None:
        return False
    return changed_at.replace(microsecond=0) <= since


def _moment(words: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(words or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)
