"""The post office over HTTP: each call is answered, or goes wrong as its dice say."""

import socket
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from tests.fakes.postoffice.faults import BEFORE, Dice, Fault
from tests.fakes.postoffice.mailroom import Mailroom, Reply, Request
from tests.fakes.postoffice.postmark import Postmark
from tests.fakes.postoffice.resend import Resend

TOKEN = "a-token-of-nobody"
COUNTS = "/-/counts"
_RETRY = 1  # seconds
_HTML = b"<!doctype html><title>Welcome</title><p>Sign in to use this network.</p>"
_STATUS = {
    Fault.TOO_MANY: 429,
    Fault.TOO_MANY_SECONDS: 429,
    Fault.TOO_MANY_DATE: 429,
    Fault.UNAUTHORIZED: 401,
    Fault.ERROR_BEFORE: 500,
    Fault.ERROR_AFTER: 500,
    Fault.UNAVAILABLE: 503,
}
_JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What answers a path, in whose words it fails, and which dice it throws."""

    take: Callable[[Request, bool], Reply]
    error: Callable[[int], Reply]
    dice: Dice


class PostOffice(ThreadingHTTPServer):
    """Listens on loopback, one thread per connection."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(
        self, room: Mailroom, *, sends: Dice, searches: Dice, port: int, hang: float
    ) -> None:
        """Take the port, 0 for a free one, and the seconds of a hang and of a drip."""
        self.room = room
        self.sends, self.searches = sends, searches
        self.hang = hang
        self.over = threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)

    @cached_property
    def routes(self) -> Mapping[tuple[str, str], Route]:
        """What is answered, by method and path."""
        postmark = Postmark(room=self.room, token=TOKEN)
        resend = Resend(room=self.room, token=TOKEN)
        return {
            ("POST", "/email/batch"): Route(
                take=lambda asked, partial: postmark.batch(asked, partial=partial),
                error=postmark.error,
                dice=self.sends,
            ),
            ("GET", "/messages/outbound"): Route(
                take=lambda asked, _partial: postmark.search(asked),
                error=postmark.error,
                dice=self.searches,
            ),
            ("POST", "/emails/batch"): Route(
                take=lambda asked, partial: resend.batch(asked, partial=partial),
                error=resend.error,
                dice=self.sends,
            ),
            ("POST", "/emails"): Route(
                take=lambda asked, partial: resend.single(asked, partial=partial),
                error=resend.error,
                dice=self.sends,
            ),
        }

    @property
    def counts(self) -> Mapping[str, object]:
        """Return what has happened so far."""
        return {
            "calls": self.sends.calls,
            "searches": self.searches.calls,
            "faults": dict(self.sends.thrown),
            "search_faults": dict(self.searches.thrown),
            **self.room.counts,
        }

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that were killed; everything else is a mistake here."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet per answer
    server: PostOffice

    def do_POST(self) -> None:
        self._answer("POST")

    def do_GET(self) -> None:
        self._answer("GET")

    def _answer(self, method: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # its sender is gone: nothing was asked
            self.close_connection = True
            return
        address = urlsplit(self.path)
        route = self.server.routes.get((method, address.path))
        if address.path == COUNTS:
            self._say(Reply(status=200, body=orjson.dumps(self.server.counts)))
        elif route is None:
            self._say(Reply(status=404, body=b'{"message":"There is no such page."}'))
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(address.query, keep_blank_values=True))
            self._serve(route, Request(headers=headers, query=query, body=body))

    def _serve(self, route: Route, request: Request) -> None:
        fault = route.dice.throw()
        if fault in BEFORE:
            self._fail(fault, route, Reply(status=200, body=b""))
            return
        reply = route.take(request, fault is Fault.PARTIAL)
        if fault is None or fault is Fault.PARTIAL:
            self._say(reply)
        else:
            self._fail(fault, route, reply)

    def _fail(self, fault: Fault | None, route: Route, reply: Reply) -> None:
        match fault:
            case Fault.RESET_BEFORE | Fault.RESET_AFTER:
                self._reset()
            case Fault.HANG_BEFORE | Fault.HANG_AFTER:
                self.server.over.wait(self.server.hang)
                self._reset()
            case Fault.DRIP:
                self._drip(reply)
            case Fault.TRUNCATED:
                half = reply.body[: len(reply.body) // 2]
                self._say(Reply(status=reply.status, body=half))
            case Fault.HTML_BEFORE | Fault.HTML_AFTER:
                self._say(Reply(status=200, body=_HTML), "text/html")
            case None | Fault.PARTIAL:
                raise AssertionError("nothing goes wrong here")
            case _:
                said = route.error(_STATUS[fault])
                headers = self._retry_after(fault)
                self._say(Reply(status=said.status, body=said.body, headers=headers))

    def _retry_after(self, fault: Fault) -> Mapping[str, str]:
        if fault is Fault.TOO_MANY_SECONDS:
            return {"Retry-After": str(_RETRY)}
        if fault is Fault.TOO_MANY_DATE:
            now = datetime.fromtimestamp(self.server.room.clock(), UTC)
            date = format_datetime(now + timedelta(seconds=_RETRY), usegmt=True)
            return {"Retry-After": date}
        return {}

    def _say(self, reply: Reply, kind: str = _JSON) -> None:
        self._head(reply.status, kind, len(reply.body), reply.headers)
        self.wfile.write(reply.body)

    def _drip(self, reply: Reply) -> None:
        self._head(reply.status, _JSON, len(reply.body), {})
        self.wfile.flush()
        pause = self.server.hang / max(1, len(reply.body))
        for position in range(len(reply.body)):
            self.wfile.write(reply.body[position : position + 1])
            self.wfile.flush()
            self.server.over.wait(pause)

    def _head(
        self, status: int, kind: str, length: int, more: Mapping[str, str]
    ) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()

    def _reset(self) -> None:
        """End the connection as a crashed host does: with RST, not with FIN."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.rfile.close()
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Print nothing."""
