"""An HTTP API on loopback: it answers as its vendor does, or as a script says."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit


@dataclass
class Say:
    """Answer in these words instead of the vendor's; `takes` the mail all the same?"""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    takes: bool = False
    length: int | None = None  # another Content-Length than the body's


@dataclass
class Reset:
    takes: bool = False


@dataclass
class Silence:
    takes: bool = True


Script = Say | Reset | Silence | None


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes = field(repr=False)


class Vendor(Protocol):
    def turn_away(self, request: Request) -> Say | None:
        """Answer a call that gets no further, whatever the script says."""
        ...

    def answer(self, request: Request, *, take: bool) -> Say:
        """Check a call, keep its mail if `take`, and answer in the vendor's words."""
        ...


class ApiServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.vendor = vendor
        self.script: Script = None
        self.calls: list[Request] = []
        self.connections = 0
        self.over = threading.Event()
        self.one_at_a_time = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def get_request(self) -> Any:
        self.connections += 1
        return super().get_request()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each call waits 40 ms for the other end
    wbufsize = -1  # one packet per answer
    server: ApiServer

    def do_POST(self) -> None:
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def do_PUT(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
        self.do_POST()

    def do_GET(self) -> None:
        self.answer(b"")

    def answer(self, body: bytes) -> None:
        url = urlsplit(self.path)
        request = Request(
            self.command, url.path, parse_qs(url.query), dict(self.headers), body
        )
        self.server.calls.append(request)
        vendor, script = self.server.vendor, self.server.script
        if away := vendor.turn_away(request):
            self.say(away)
            return
        with self.server.one_at_a_time:
            usual = vendor.answer(request, take=script is None or script.takes)
        match script:
            case None:
                self.say(usual)
            case Say():
                self.say(script)
            case Reset():
                self.reset()
            case Silence():
                self.server.over.wait(30)
                self.close_connection = True

    def reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RD)
        self.rfile.close()
        self.connection.close()

    def say(self, say: Say) -> None:
        self.send_response(say.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(say.length or len(say.body)))
        for name, value in say.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(say.body)
        if say.length:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Print nothing: the tests read what came."""


@contextmanager
def running(vendor: Vendor) -> Iterator[ApiServer]:
    server = ApiServer(vendor)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
