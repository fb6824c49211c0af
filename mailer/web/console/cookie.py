"""The one cookie, and the token that shows that a form is from a page of ours."""

import base64
import hashlib
import hmac
import re
import secrets
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

_OCTETS = 32
_FORM = re.compile(r"[A-Za-z0-9_-]{43}")
_OURS = ("same-origin", "none")  # sent from a page of ours, or typed


class Cookie:
    """Reads and sets it: `__Host-` and Secure wherever the pages are on https."""

    def __init__(self, base_url: str) -> None:
        """Take where the pages are; plain http is for a machine of one's own."""
        self._secure = base_url.startswith("https:")
        self.name = "__Host-console" if self._secure else "console"

    def read(self, request: Request) -> str | None:
        """Return what it holds, if it is of ours by its form."""
        value = request.cookies.get(self.name, "")
        return value if _FORM.fullmatch(value) else None

    def put(self, response: Response, value: str) -> None:
        """Set it, until the browser is closed."""
        response.set_cookie(
            self.name,
            value,
            path="/",  # as the prefix demands (RFC 6265bis §4.1.3.2)
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )

    def drop(self, response: Response) -> None:
        """Take it away."""
        response.delete_cookie(
            self.name, path="/", secure=self._secure, httponly=True, samesite="strict"
        )


def fresh() -> str:
    """Return what the cookie of somebody signed out holds: 256 random bits."""
    return secrets.token_urlsafe(_OCTETS)


def token(cookie: str) -> str:
    """Return what every form carries: only who has the cookie can make it."""
    made = hmac.digest(cookie.encode(), b"form", hashlib.sha256)
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def is_own(cookie: str | None, posted: str) -> bool:
    """Whether a form carries the token of this browser's cookie."""
    if cookie is None:
        return False
    return hmac.compare_digest(token(cookie).encode(), posted.encode())


def is_from_us(request: Request, base_url: str) -> bool:
    """Whether a page of ours sent this, as far as the browser says who did."""
    if request.headers.get("sec-fetch-site", "none") not in _OURS:
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True  # a browser too old to say; the token speaks alone
    try:
        there = urlsplit(origin)
    except ValueError:  # "http://[" is no origin of anybody's
        return False
    home = urlsplit(base_url)
    if (there.scheme, there.netloc) == (home.scheme, home.netloc):
        return True
    # On a machine of one's own the pages have several names.
    return there.scheme in ("http", "https") and there.netloc == request.headers.get(
        "host"
    )
