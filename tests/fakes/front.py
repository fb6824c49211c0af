"""What stands in front of the pages: passes requests on, and may meddle with them."""

import http.client
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

TLS = Path(__file__).parents[1] / "contract" / "providers" / "tls"
Reply = tuple[int, dict[str, str], bytes]
Meddle = Callable[[str, str], Reply | None]  # method and path; None: pass it on
_HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


def pass_on(_method: str, _path: str) -> None:
    """Meddle with nothing."""


class _Front(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, behind: str, meddle: Meddle, strip: str | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind, self.meddle, self.strip = behind, meddle, strip


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each call waits 40 ms for the other end
    wbufsize = -1  # one packet per answer
    server: _Front

    def do_GET(self) -> None:
        self.handle_one(b"")

    def do_POST(self) -> None:
        self.handle_one(self.rfile.read(int(self.headers["Content-Length"])))

    def handle_one(self, body: bytes) -> None:
        reply = self.server.meddle(self.command, self.path)
        status, headers, content = reply or self.fetch(body)
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in {*_HOP, self.server.strip}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def fetch(self, body: bytes) -> Reply:
        there = http.client.HTTPConnection(urlsplit(self.server.behind).netloc)
        kept = {"Content-Type": self.headers.get("Content-Type", "")} if body else {}
        there.request(self.command, self.path, body or None, kept)
        answer = there.getresponse()
        content = answer.read()
        there.close()
        return answer.status, dict(answer.getheaders()), content

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Print nothing."""


@contextmanager
def fronting(
    behind: str = "",
    *,
    meddle: Meddle = pass_on,
    strip: str | None = None,
    tls: bool = False,
) -> Iterator[str]:
    """Serve in front of an address until the block ends; yields its own address.

    `strip` names a header, in small letters, that is taken away.
    """
    with _Front(behind, meddle, strip) as server:
        if tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(TLS / "localhost.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
