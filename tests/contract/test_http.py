"""HTTP calls on real sockets: what left, what came back, and when it is over."""

import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mailer.adapters.http import Answer, Http, NoAnswer, NotSent
from mailer.core.errors import InputError

TLS = Path(__file__).parent / "providers" / "tls"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Heard:
    """One request as it stood on the wire."""

    line: str
    headers: Mapping[str, str]
    body: bytes
    connection: int


@dataclass
class Server:
    """Answers each request by `reply`, on as many connections as are opened."""

    reply: Callable[[socket.socket], object]
    port: int = 0
    context: ssl.SSLContext | None = None
    connections: int = 0
    heard: list[Heard] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def accept(self, listening: socket.socket) -> None:
        threads = []
        while not self.over.is_set():
            try:
                connected, _ = listening.accept()
            except OSError:
                break
            self.connections += 1
            serving = threading.Thread(
                target=self.serve, args=(connected, self.connections)
            )
            serving.start()
            threads.append(serving)
        for serving in threads:
            serving.join()

    def serve(self, connected: socket.socket, number: int) -> None:
        with suppress(OSError), connected:
            if self.context:
                connected = self.context.wrap_socket(connected, server_side=True)
            with connected, connected.makefile("rb") as reading:
                while line := reading.readline().decode("latin-1").strip():
                    self.heard.append(_rest_of(line, reading, number))
                    self.reply(connected)


def _rest_of(line: str, reading: object, number: int) -> Heard:
    assert hasattr(reading, "readline")
    headers: dict[str, str] = {}
    while header := reading.readline().decode("latin-1").strip():
        name, _, value = header.partition(": ")
        headers[name] = value
    assert hasattr(reading, "read")
    body = reading.read(int(headers.get("Content-Length", 0)))
    return Heard(line=line, headers=headers, body=body, connection=number)


def says(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda connected: connected.sendall(answer)


@contextmanager
def running(
    reply: Callable[[socket.socket], object], context: ssl.SSLContext | None = None
) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(reply=reply, port=listening.getsockname()[1], context=context)
        accepting = threading.Thread(target=server.accept, args=(listening,))
        accepting.start()
        yield server
        server.over.set()
        listening.shutdown(socket.SHUT_RDWR)
        accepting.join()


@contextmanager
def http(**options: object) -> Iterator[Http]:
    made = Http(**options)  # type: ignore[arg-type]
    yield made
    made.close()


def url(server: Server, path: str = "/send", scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{server.port}{path}"


def post(client: Http, server: Server, body: bytes = b"{}") -> object:
    return client.post(url(server), body=body, headers={"X-Token": "t"})


# --- what leaves


def test_a_call_says_what_it_was_given_and_little_else() -> None:
    with running(says(OK)) as server, http() as client:
        answer = post(client, server)

    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (200, b"ok")
    [heard] = server.heard
    assert heard.line == "POST /send HTTP/1.1"
    assert heard.body == b"{}"
    assert heard.headers == {
        "Host": f"127.0.0.1:{server.port}",
        "User-Agent": "coalition-mailer",
        "Accept-Encoding": "identity",
        "X-Token": "t",
        "Content-Length": "2",
    }


def test_a_body_in_pieces_arrives_as_one() -> None:
    pieces = [bytes([n % 256]) * (n * 37) for n in range(400)]
    with running(says(OK)) as server, http() as client:
        client.post(url(server), body=pieces, headers={})

    assert server.heard[0].body == b"".join(pieces)


def test_a_question_carries_its_parameters() -> None:
    with running(says(OK)) as server, http() as client:
        client.get(url(server), headers={}, params={"tag": "a b&c", "to": "é@x"})
        client.get(url(server, "/find?page=2"), headers={}, params={"tag": "x"})

    assert [heard.line for heard in server.heard] == [
        "GET /send?tag=a+b%26c&to=%C3%A9%40x HTTP/1.1",
        "GET /find?page=2&tag=x HTTP/1.1",
    ]


def test_a_header_that_would_smuggle_in_another_is_not_sent() -> None:
    with running(says(OK)) as server, http() as client, pytest.raises(InputError):
        client.post(url(server), body=b"", headers={"X": "1\r\nX-Admin: yes"})

    assert server.heard == []


# --- connections


def test_one_connection_serves_one_thread_and_no_other() -> None:
    with running(says(OK)) as server, http() as client:

        def call_thrice() -> None:
            for _ in range(3):
                post(client, server)

        threads = [threading.Thread(target=call_thrice) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert server.connections == 4
    by_connection = [heard.connection for heard in server.heard]
    assert all(by_connection.count(number) == 3 for number in (1, 2, 3, 4))


def test_a_connection_that_the_server_closed_is_renewed_before_the_call() -> None:
    def answer_and_hang_up(connected: socket.socket) -> None:
        connected.sendall(OK)
        connected.shutdown(socket.SHUT_RDWR)

    with running(answer_and_hang_up) as server, http() as client:
        answers = []
        for _ in range(3):
            answers.append(post(client, server))
            time.sleep(0.1)

    assert [type(answer) for answer in answers] == [Answer] * 3
    assert len(server.heard) == 3
    assert server.connections == 3


def test_calls_go_on_after_a_close() -> None:
    with running(says(OK)) as server, http() as client:
        post(client, server)
        client.close()
        client.close()

        assert isinstance(post(client, server), Answer)


# --- how long it lasts


def dripping(part: bytes) -> Callable[[socket.socket], None]:
    def drip(connected: socket.socket) -> None:
        connected.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            connected.sendall(part)
            time.sleep(0.05)

    return drip


@pytest.mark.parametrize(
    "reply",
    [
        dripping(b"X: y\r\n"),
        dripping(b"x"),
        lambda connected: (
            connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
            dripping(b"x")(connected),
        ),
    ],
    ids=["headers", "one header", "body"],
)
def test_an_answer_that_drips_in_is_none_when_the_longest_is_over(
    reply: Callable[[socket.socket], object],
) -> None:
    with running(reply) as server, http(longest=0.5) as client:
        start = time.monotonic()
        answer = post(client, server)
        lasted = time.monotonic() - start
        client.close()

    assert isinstance(answer, NoAnswer)
    assert 0.4 < lasted < 2


@pytest.mark.parametrize(
    "reply",
    [
        dripping(b"X: y\r\n"),
        dripping(b"x"),
        lambda connected: (
            connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
            dripping(b"x")(connected),
        ),
        lambda connected: (
            connected.sendall(b"HTTP/1.1 200 OK\r\n\r\n"),
            dripping(b"x")(connected),
        ),
    ],
    ids=["headers", "one header", "body", "body without a length"],
)
def test_an_answer_to_a_question_that_drips_in_is_none_either(
    reply: Callable[[socket.socket], object],
) -> None:
    with running(reply) as server, http(longest=0.5) as client:
        start = time.monotonic()
        answer = client.get(url(server), headers={})
        lasted = time.monotonic() - start
        again = client.get(url(server), headers={})

    assert answer == NoAnswer(detail="the whole answer did not come in time")
    assert again == answer
    assert 0.4 < lasted < 2


def test_a_question_on_a_connection_that_was_used_before_is_cut_as_well() -> None:
    answers = [says(OK), dripping(b"x")]

    def one_after_another(connected: socket.socket) -> None:
        answers.pop(0)(connected)

    with (
        running(one_after_another) as server,
        http(longest=0.5) as client,
    ):
        first = client.get(url(server), headers={})
        start = time.monotonic()
        second = client.get(url(server), headers={})
        lasted = time.monotonic() - start

    assert isinstance(first, Answer)
    assert second == NoAnswer(detail="the whole answer did not come in time")
    assert server.connections == 1
    assert lasted < 2


@pytest.mark.parametrize("scheme", ["http", "https"], ids=["plain", "tunnel"])
def test_a_question_through_a_proxy_that_drips_is_cut_as_well(scheme: str) -> None:
    def drip(connected: socket.socket) -> None:
        for _ in range(100):
            connected.sendall(b"H")
            time.sleep(0.05)

    with running(drip) as proxy:
        through = f"http://127.0.0.1:{proxy.port}"
        with http(longest=0.5, proxy=through) as client:
            start = time.monotonic()
            answer = client.get(f"{scheme}://api.example.org/find", headers={})
            lasted = time.monotonic() - start

    assert answer == NoAnswer(detail="the whole answer did not come in time")
    assert lasted < 2


def test_an_encrypted_question_that_drips_is_cut_as_well(
    secure: ssl.SSLContext,
) -> None:
    with (
        running(dripping(b"X: y\r\n"), secure) as server,
        http(longest=0.5, ca_file=str(TLS / "ca.pem")) as client,
    ):
        start = time.monotonic()
        answer = client.get(url(server, scheme="https"), headers={})
        lasted = time.monotonic() - start

    assert answer == NoAnswer(detail="the whole answer did not come in time")
    assert lasted < 2


def test_a_server_that_takes_the_body_drop_by_drop_holds_nobody_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf, http(longest=0.5) as client:
        where = f"http://127.0.0.1:{deaf.getsockname()[1]}/send"
        start = time.monotonic()
        answer = client.post(where, body=b"x" * 50_000_000, headers={})

    assert isinstance(answer, NoAnswer)
    assert time.monotonic() - start < 3


def test_a_call_that_is_late_before_it_begins_is_not_sent() -> None:
    with running(says(OK)) as server, http(longest=-1.0) as client:
        answer = post(client, server)

    assert isinstance(answer, NotSent)
    assert server.heard == []


def test_a_silent_server_is_left_after_the_longest_pause() -> None:
    silent = threading.Event()
    with (
        running(lambda _: silent.wait(5)) as server,
        http(read_timeout=0.2) as client,
    ):
        answer = post(client, server)
        silent.set()

    assert isinstance(answer, NoAnswer)


def test_a_server_that_never_shakes_hands_has_been_sent_nothing() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as deaf,
        http(connect_timeout=0.3) as client,
    ):
        where = f"https://127.0.0.1:{deaf.getsockname()[1]}/send"
        answer = client.post(where, body=b"{}", headers={})

    assert isinstance(answer, NotSent)
    assert not answer.stop


# --- what comes back


def test_a_refusal_that_comes_before_the_body_is_through_is_heard() -> None:
    def refuse_early(connected: socket.socket, *, over: threading.Event) -> None:
        connected.recv(1000)
        connected.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        connected.shutdown(socket.SHUT_WR)
        over.wait(0.3)
        connected.close()  # with octets unread: a reset

    with socket.create_server(("127.0.0.1", 0)) as listening, http() as client:

        def serve() -> None:
            connected, _ = listening.accept()
            refuse_early(connected, over=threading.Event())

        serving = threading.Thread(target=serve)
        serving.start()
        where = f"http://127.0.0.1:{listening.getsockname()[1]}/send"
        answer = client.post(where, body=b"x" * 50_000_000, headers={})
        serving.join()

    assert isinstance(answer, Answer)
    assert answer.status == 413


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"
    with running(says(moved)) as server, http() as client:
        answer = post(client, server)

    assert isinstance(answer, Answer)
    assert answer.status == 302
    assert len(server.heard) == 1


def test_a_question_that_is_sent_to_no_address_at_all_gets_no_answer() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://[no\r\nContent-Length: 0\r\n\r\n"
    with running(says(moved)) as server, http() as client:
        answer = client.get(url(server), headers={})

    assert isinstance(answer, NoAnswer)
    assert "ValueError" in answer.detail


# --- encryption and proxies


@pytest.fixture
def secure() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "localhost.pem")
    return context


def test_an_encrypted_connection_is_kept_open_too(secure: ssl.SSLContext) -> None:
    body = [b"x" * 1000] * 500
    with (
        running(says(OK), secure) as server,
        http(ca_file=str(TLS / "ca.pem")) as client,
    ):
        for _ in range(3):
            answer = client.post(url(server, scheme="https"), body=body, headers={})
            assert isinstance(answer, Answer)

    assert server.connections == 1
    assert [heard.body for heard in server.heard] == [b"x" * 500_000] * 3


def test_a_certificate_that_nobody_vouches_for_stops_before_anything_is_sent(
    secure: ssl.SSLContext,
) -> None:
    with running(says(OK), secure) as server, http() as client:
        answer = client.post(url(server, scheme="https"), body=b"", headers={})

    assert isinstance(answer, NotSent)
    assert answer.stop
    assert "certificate" in answer.detail
    assert server.heard == []


def test_a_question_to_a_server_that_nobody_vouches_for_is_for_a_person(
    secure: ssl.SSLContext,
) -> None:
    with running(says(OK), secure) as server, http() as client:
        answer = client.get(url(server, scheme="https"), headers={})

    assert isinstance(answer, NotSent)
    assert answer.stop


def test_a_question_to_a_server_that_speaks_no_tls_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, http() as client:

        def speak_plainly() -> None:
            with listening.accept()[0] as connected:
                connected.sendall(b"220 what?\r\n")
                connected.recv(1000)

        speaking = threading.Thread(target=speak_plainly)
        speaking.start()
        where = f"https://127.0.0.1:{listening.getsockname()[1]}/find"
        answer = client.get(where, headers={})
        speaking.join()

    assert isinstance(answer, NoAnswer)


def test_a_proxy_is_asked_for_the_whole_address_and_told_who_asks() -> None:
    with running(says(OK)) as proxy:
        through = f"http://user:word@127.0.0.1:{proxy.port}"
        with http(proxy=through) as client:
            client.post("http://api.example.org/send?x=1", body=b"", headers={})

    [heard] = proxy.heard
    assert heard.line == "POST http://api.example.org/send?x=1 HTTP/1.1"
    assert heard.headers["Host"] == "api.example.org"
    assert heard.headers["proxy-authorization"] == "Basic dXNlcjp3b3Jk"


def test_an_encrypted_call_goes_through_the_proxys_tunnel(
    secure: ssl.SSLContext,
) -> None:
    with running(says(OK), secure) as server:

        def tunnel(near: socket.socket) -> None:
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with socket.create_connection(("127.0.0.1", server.port)) as far:
                back = threading.Thread(target=_pass_on, args=(far, near))
                back.start()
                _pass_on(near, far)
                far.shutdown(socket.SHUT_RDWR)
                back.join()

        with (
            running(tunnel) as proxy,
            http(
                proxy=f"http://user:word@127.0.0.1:{proxy.port}",
                ca_file=str(TLS / "ca.pem"),
            ) as client,
        ):
            answer = client.post(
                f"https://127.0.0.1:{server.port}/send", body=b"{}", headers={}
            )

    assert isinstance(answer, Answer)
    assert proxy.heard[0].line.startswith(f"CONNECT 127.0.0.1:{server.port} ")
    assert proxy.heard[0].headers["proxy-authorization"] == "Basic dXNlcjp3b3Jk"
    assert server.heard[0].line == "POST /send HTTP/1.1"
    assert "proxy-authorization" not in server.heard[0].headers


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)


def test_a_proxy_that_opens_no_tunnel_has_been_sent_nothing() -> None:
    with (
        running(says(b"HTTP/1.1 407 Who are you\r\n\r\n")) as proxy,
        http(proxy=f"127.0.0.1:{proxy.port}") as client,
    ):
        answer = client.post("https://api.example.org/x", body=b"", headers={})

    assert isinstance(answer, NotSent)


def test_the_environments_proxies_are_not_consulted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with running(says(OK)) as server, http() as client:
        assert isinstance(post(client, server), Answer)


def test_a_private_authority_is_read_from_its_file(
    tmp_path: Path, secure: ssl.SSLContext
) -> None:
    shutil.copy(TLS / "ca.pem", tmp_path / "own.pem")
    with (
        running(says(OK), secure) as server,
        http(ca_file=str(tmp_path / "own.pem")) as client,
    ):
        answer = client.get(url(server, scheme="https"), headers={})

    assert isinstance(answer, Answer)
