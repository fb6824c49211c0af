"""HTTP calls that are never repeated by themselves: what was asked, what came back.

Questions go through requests. Messages do not: its layers take more of the processor
than all the rest of sending one. urllib3, under requests, opens their connections.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import BinaryIO

from mailer.adapters.clocks import elapsed
from mailer.adapters.http.answer import Answer, UnreadableError, read
from mailer.adapters.http.asking import Asking
from mailer.adapters.http.reaching import NotSent, Place, Route, locate
from mailer.adapters.wire import Limit, Wire
from mailer.core.headers import header_text
from mailer.core.saying import says

__all__ = ["Answer", "Http", "NoAnswer", "NotSent", "retry_after"]

USER_AGENT = "coalition-mailer"
_REST = (
    45.0  # seconds without use; servers hang up after a minute, and may then miss us
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """The request left, or part of it; nobody knows what the server did."""

    detail: str


@dataclass(slots=True)
class _Kept:
    """An open connection between two calls."""

    wire: Wire
    since: float


class Http:
    """Connections kept open, one per server and thread; no retries, no redirects.

    The environment is not consulted (no `*_PROXY`, no `.netrc`): a proxy and a
    private certificate authority are arguments. Times are in seconds: for each step
    until the connection stands, without any progress from then on, and the longest
    that a call lasts. No call begins to send after `longest`, or goes on after it.
    """

    def __init__(
        self,
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 60.0,
        longest: float = 120.0,
        proxy: str | None = None,
        ca_file: str | None = None,
    ) -> None:
        self.longest = longest
        self._connect_timeout = connect_timeout
        self._pause = read_timeout
        self._route = Route(proxy=proxy, ca_file=ca_file)
        self._asking = Asking(
            agent=USER_AGENT,
            timeout=(connect_timeout, read_timeout),
            longest=longest,
            proxy=proxy,
            ca_file=ca_file,
        )
        self._local = threading.local()
        self._open: set[Wire] = set()
        self._lock = threading.Lock()

    def post(
        self, url: str, *, body: bytes | Sequence[bytes], headers: Mapping[str, str]
    ) -> Answer | NotSent | NoAnswer:
        """Send one POST, once; never raises for what the network does.

        A large body had better come in pieces: it never stands in memory as one.
        """
        return self.send("POST", url, body=body, headers=headers)

    def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes | Sequence[bytes] = b"",
        headers: Mapping[str, str],
    ) -> Answer | NotSent | NoAnswer:
        """Send one request that changes something, once; never raises as `post`."""
        pieces = (body,) if isinstance(body, bytes) else body
        length = {"Content-Length": str(sum(map(len, pieces)))}
        return self._call(method, url, {**headers, **length}, pieces)

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
    ) -> Answer | NotSent | NoAnswer:
        """Send one GET, once; never raises for what the network does."""
        answer = self._asking.get(url, headers=headers, params=params)
        return NoAnswer(detail=answer) if isinstance(answer, str) else answer

    def download(
        self, url: str, *, headers: Mapping[str, str], into: BinaryIO
    ) -> Answer | NotSent | NoAnswer:
        """Send one GET, once, and write the body of a success to a file.

        For what may be larger than memory should hold, up to 1 GiB. The answer has no
        body then. What is in the file counts only if there is an answer. Raises
        OSError where the disk is full.
        """
        answer = self._asking.get(url, headers=headers, params=None, into=into)
        return NoAnswer(detail=answer) if isinstance(answer, str) else answer

    def close(self) -> None:
        """Close every thread's connections."""
        with self._lock:
            wires, self._open = self._open, set()
            self._local = threading.local()
        for wire in wires:
            wire.close()
        self._asking.close()

    def _call(
        self, method: str, url: str, headers: Mapping[str, str], body: Sequence[bytes]
    ) -> Answer | NotSent | NoAnswer:
        limit = Limit(until=elapsed() + self.longest, pause=self._pause)
        place = locate(url)
        head = self._head(method, place, headers)
        wire = self._kept(place) or self._connected(place)
        if isinstance(wire, NotSent):
            return wire
        if elapsed() > limit.until:
            self._hang_up(wire)
            return NotSent(detail=says("no connection in time"))
        try:
            answer, keep = _exchange(wire, (head, *body), limit)
        except (OSError, UnreadableError) as error:
            self._hang_up(wire)
            return NoAnswer(detail=_words(error))
        if keep:
            self._connections[place.server] = _Kept(wire, elapsed())
        else:
            self._hang_up(wire)
        return answer

    def _head(self, method: str, place: Place, headers: Mapping[str, str]) -> bytes:
        """Write the request line and the headers.

        Raises InputError if a header's value could end it.
        """
        lines = [
            f"{method} {self._route.target(place)} HTTP/1.1\r\nHost: {place.host}",
            f"User-Agent: {USER_AGENT}\r\nAccept-Encoding: identity",
        ]
        for name, value in (*self._route.headers(place).items(), *headers.items()):
            lines.append(f"{name}: {header_text(name, value)}")
        return "\r\n".join((*lines, "", "")).encode("latin-1")

    @property
    def _connections(self) -> dict[tuple[str, str, int], _Kept]:
        try:
            found: dict[tuple[str, str, int], _Kept] = self._local.connections
        except AttributeError:
            found = self._local.connections = {}
        return found

    def _kept(self, place: Place) -> Wire | None:
        """Take the connection that is open, unless the server has hung up."""
        kept = self._connections.pop(place.server, None)
        if kept is None:
            return None
        if elapsed() - kept.since < _REST and kept.wire.quiet:
            return kept.wire
        self._hang_up(kept.wire)
        return None

    def _connected(self, place: Place) -> Wire | NotSent:
        wire = self._route.connect(place, seconds=self._connect_timeout)
        if isinstance(wire, Wire):
            with self._lock:
                self._open.add(wire)
        return wire

    def _hang_up(self, wire: Wire) -> None:
        with self._lock:
            self._open.discard(wire)
        wire.close()


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds of Retry-After (RFC 9110 §10.2.3), from both of its forms."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    # "-0000" and old formats come back naive; HTTP dates are always in UTC
    at = at if at.tzinfo else at.replace(tzinfo=now.tzinfo)
    return max(0.0, (at - now).total_seconds())


def _exchange(
    wire: Wire, pieces: tuple[bytes, ...], limit: Limit
) -> tuple[Answer, bool]:
    try:
        wire.send(pieces, limit)
    except BrokenPipeError:
        # It may have said why before it hung up: "too large" comes this way.
        answer, _ = read(wire, limit)
        return answer, False
    return read(wire, limit)


def _words(error: Exception) -> str:
    if isinstance(error, UnreadableError):
        return str(error)
    if isinstance(error, TimeoutError):
        return says("the whole answer did not come in time")
    # Class names only: the texts of these errors repeat hosts.
    return says("the connection broke off: %(error)s", error=type(error).__name__)
