"""Visits web addresses for those who only want to see what is there."""

import socket
from collections.abc import Callable, Collection, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from mailer.adapters.clocks import elapsed
from mailer.adapters.http import Answer, Http, NoAnswer, NotSent
from mailer.ports import Page, Unanswered, Web

_MOST_KNOWN = 200  # answers that are remembered


class Visitor:
    """Asks once each through our HTTP connections, which follow no redirect."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def get(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> Page | Unanswered:
        """Send one GET."""
        began = elapsed()
        answer = self._http.get(url, headers=headers or {})
        return _seen(answer, elapsed() - began)

    def post(self, url: str, *, body: bytes, content_type: str) -> Page | Unanswered:
        """Send one POST."""
        began = elapsed()
        headers = {"Content-Type": content_type}
        answer = self._http.post(url, body=body, headers=headers)
        return _seen(answer, elapsed() - began)


def _seen(answer: Answer | NotSent | NoAnswer, seconds: float) -> Page | Unanswered:
    match answer:
        case NotSent(detail=detail, stop=stop):
            return Unanswered(why=detail, certificate=stop, refused=not stop)
        case NoAnswer(detail=detail):
            return Unanswered(why=detail)
        case Answer():
            return Page(
                status=answer.status,
                headers=answer.headers,
                body=answer.body,
                seconds=seconds,
            )


class Outside:
    """Visits only what everybody can reach: whoever writes a link does not look inside.

    A name that leads into our own network, or to this machine, is not asked.
    """

    def __init__(self, web: Web, look_up: Callable[[str], Collection[str]]) -> None:
        """Take what asks, and what finds the IP addresses of a name."""
        self._web = web
        self._look_up = look_up

    def get(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> Page | Unanswered:
        """Send one GET."""
        return self._barred(url) or self._web.get(url, headers)

    def post(self, url: str, *, body: bytes, content_type: str) -> Page | Unanswered:
        """Send one POST."""
        return self._barred(url) or self._web.post(
            url, body=body, content_type=content_type
        )

    def _barred(self, url: str) -> Unanswered | None:
        try:
            host = urlsplit(url).hostname or ""
            found = self._look_up(host)
        except (OSError, ValueError):
            return None  # who cannot look it up cannot reach it either, and says so
        if all(ip_address(each).is_global for each in found):
            return None
        return Unanswered(why="it leads into our own network, and was not asked")


class Remembering:
    """Asks for each address once in a while, however often a page is looked at."""

    def __init__(
        self, web: Web, *, seconds: float, monotonic: Callable[[], float] = elapsed
    ) -> None:
        """Take what asks, and how long its answers are good."""
        self._web = web
        self._seconds = seconds
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, Page | Unanswered]] = {}

    def get(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> Page | Unanswered:
        """Return the answer to one GET, which may be some minutes old."""
        if headers:
            return self._web.get(url, headers)
        now = self._monotonic()
        known = self._known.get(url)
        if known is not None and now - known[0] < self._seconds:
            return known[1]
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        answer = self._web.get(url)
        self._known[url] = (now, answer)
        return answer

    def post(self, url: str, *, body: bytes, content_type: str) -> Page | Unanswered:
        """Send one POST, each time."""
        return self._web.post(url, body=body, content_type=content_type)


def addresses_of(host: str) -> Collection[str]:
    """Return the IP addresses of a name as this machine finds it; raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return {str(each[4][0]).partition("%")[0] for each in found}
