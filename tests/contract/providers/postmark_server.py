"""A Postmark on loopback: checks each request against Postmark's own OpenAPI file."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import jsonschema

TOKEN = "a-server-token"
SPEC = json.loads((Path(__file__).parents[1] / "specs" / "postmark.json").read_bytes())
# In Postmark's written documentation, not in its OpenAPI file
DOCUMENTED = {"MessageStream", "Metadata"}
INACTIVE = "@inactive.example"


def check(schema: str, document: object) -> None:
    """Raise unless the document is what Postmark's file describes."""
    rules = {**SPEC, "$ref": f"#/components/schemas/{schema}"}
    jsonschema.Draft202012Validator(rules).validate(document)


def check_request(messages: list[dict[str, Any]]) -> None:
    check("SendEmailBatchRequest", messages)
    known = set(SPEC["components"]["schemas"]["SendEmailRequest"]["properties"])
    for message in messages:
        assert set(message) <= known | DOCUMENTED


@dataclass
class Say:
    """Answer in these words instead of Postmark's; `takes` the mail all the same?"""

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


class PostmarkServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: Script = None
        self.taken: list[dict[str, Any]] = []
        self.calls: list[dict[str, str]] = []  # headers
        self.connections = 0
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def get_request(self) -> Any:
        self.connections += 1
        return super().get_request()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: PostmarkServer
    quiet: ClassVar[bool] = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append(dict(self.headers))
        if self.path != "/email/batch":
            self.say(404, b'{"ErrorCode":0,"Message":"no such page"}')
        elif self.headers["X-Postmark-Server-Token"] != TOKEN:
            self.say(401, b'{"ErrorCode":10,"Message":"Bad or missing token"}')
        else:
            self.answer(json.loads(body))

    def answer(self, messages: list[dict[str, Any]]) -> None:
        check_request(messages)
        script = self.server.script
        good = [m for m in messages if not m["To"].endswith(INACTIVE)]
        if script is None or script.takes:
            self.server.taken += good
        match script:
            case None:
                answer = [_postmark_says(message) for message in messages]
                check("SendEmailBatchResponse", answer)
                self.say(200, json.dumps(answer).encode())
            case Say():
                self.say(script.status, script.body, script.headers, script.length)
            case Reset():
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RD)
                self.rfile.close()
                self.connection.close()
            case Silence():
                self.server.over.wait(30)
                self.close_connection = True

    def say(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length or len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if length:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Print nothing: the tests read what came."""


def _postmark_says(message: dict[str, Any]) -> dict[str, object]:
    if message["To"].endswith(INACTIVE):
        text = f"You tried to send to {message['To']}, which is inactive."
        return {"ErrorCode": 406, "Message": text}
    return {
        "To": message["To"],
        "SubmittedAt": "2019-10-07T15:00:01.0000000-00:00",
        "MessageID": f"0a129aee-{abs(hash(message['To'])) % 10**8:08d}",
        "ErrorCode": 0,
        "Message": "OK",
    }


@contextmanager
def running() -> Iterator[PostmarkServer]:
    server = PostmarkServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
