"""Links of drafts are followed to their end, and never into a network."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from mailer.adapters.http.strangers import Heard, Reach, Strangers, looked_up
from mailer.core.internet import is_public
from mailer.ports import Landing, NotAsked, Unanswered
from tests.contract.test_http import TLS, Server, running

Reply = Callable[[socket.socket], object]
HERE = "127.0.0.1"


@pytest.fixture(scope="module")
def secure() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "localhost.pem")
    return context


@contextmanager
def site(
    secure: ssl.SSLContext, reply: Reply | None = None, **pages: bytes
) -> Iterator[Server]:
    """Serve pages by the first word of their path, over TLS."""
    serving: Server

    def page(connected: socket.socket) -> None:
        name = serving.heard[-1].line.split()[1].strip("/").partition("/")[0]
        body = pages.get(name, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
        connected.sendall(body.replace(b"PORT", str(serving.port).encode()))
        connected.shutdown(socket.SHUT_RDWR)

    with running(reply or page, secure) as serving:
        yield serving


def html(words: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{words}".encode()


def to(where: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {where}\r\n\r\n".encode()


def strangers(**changes: Any) -> Strangers:
    """Ask here, which counts as everybody's."""
    options: dict[str, Any] = {
        "own": "https://mail.example.org",
        "resolve": lambda _host, _port: [HERE],
        "permits": lambda address: address == HERE,
        "ca_file": str(TLS / "ca.pem"),
    }
    return Strangers(Reach(**{**options, **changes}))


def asked(url: str, **changes: Any) -> Heard:
    return strangers(**changes).ask([url])[url]


def test_a_link_says_where_it_leads_and_what_is_there(secure: ssl.SSLContext) -> None:
    how = html("<title>How</title>")
    further = to("https://localhost:PORT/how")
    with site(secure, on=to("/further"), further=further, how=how) as server:
        base = f"https://localhost:{server.port}"
        answer = asked(f"{base}/on")

    assert isinstance(answer, Landing)
    assert (answer.url, answer.status) == (f"{base}/how", 200)
    assert answer.kind == "text/html"
    assert b"<title>How</title" in answer.beginning
    assert "Cookie" not in server.heard[-1].headers


def test_nothing_within_a_network_is_connected_to(secure: ssl.SSLContext) -> None:
    with site(secure, page=html("secret")) as server:
        for host in ("localhost", HERE, "127.1", "2130706433", "0x7f.1"):
            url = f"https://{host}:{server.port}/page"
            answer = asked(url, resolve=looked_up, permits=is_public)
            assert isinstance(answer, NotAsked), host
            assert "not everybody's" in answer.why
    assert server.connections == 0


def test_a_name_with_one_address_within_a_network_is_not_asked(
    secure: ssl.SSLContext,
) -> None:
    with site(secure, page=html("secret")) as server:
        answer = asked(
            f"https://localhost:{server.port}/page",
            resolve=lambda _host, _port: [HERE, "10.0.0.1"],
        )
    assert isinstance(answer, NotAsked)
    assert server.connections == 0


@pytest.mark.parametrize(
    ("onward", "words"),
    [
        ("https://inside.example:PORT/page", "not everybody's"),
        ("https://169.254.169.254/latest/meta-data/", "not everybody's"),
        ("https://[::1]:PORT/page", "not everybody's"),
        ("http://localhost:PORT/page", "http; anybody on the way"),
        ("//localhost:1@169.254.169.254/", "a name before the host"),
        ("file:///etc/passwd", "no web address"),
        ("gopher://localhost:PORT/", "no web address"),
        ("https://[::1/page", "no web address"),
    ],
)
def test_a_redirect_is_judged_as_a_link_is(
    secure: ssl.SSLContext, onward: str, words: str
) -> None:
    addresses = {"localhost": [HERE], "inside.example": ["10.1.2.3"]}
    with site(secure, on=to(onward), page=html("secret")) as server:
        answer = asked(
            f"https://localhost:{server.port}/on",
            resolve=lambda host, port: addresses.get(host) or looked_up(host, port),
        )
    assert isinstance(answer, NotAsked)
    assert words in answer.why
    assert [each.line.split()[1] for each in server.heard] == ["/on"]


def test_the_address_that_was_judged_is_the_one_that_is_asked(
    secure: ssl.SSLContext,
) -> None:
    answers = [[HERE], ["127.0.0.2"]]  # as a nameserver that says something else then
    looked: list[str] = []

    def rebinding(host: str, _port: int) -> Sequence[str]:
        looked.append(host)
        return answers[min(len(looked), len(answers)) - 1]

    with site(secure, page=html("<title>Here</title>")) as server:
        answer = asked(f"https://localhost:{server.port}/page", resolve=rebinding)

    assert isinstance(answer, Landing)
    assert looked == ["localhost"]


def test_redirects_come_to_an_end(secure: ssl.SSLContext) -> None:
    with site(secure, on=to("/on")) as server:
        answer = asked(f"https://localhost:{server.port}/on")

    assert isinstance(answer, Unanswered)
    assert "more than 5 times" in answer.why
    assert len(server.heard) == 6


def test_our_own_pages_are_asked_wherever_they_are() -> None:
    with running(lambda connected: connected.sendall(html("")), None) as server:
        own = f"http://{HERE}:{server.port}"
        answer = asked(f"{own}/page", own=own, permits=is_public)
        other = asked(f"http://localhost:{server.port}/page", own=own)

    assert isinstance(answer, Landing)
    assert isinstance(other, NotAsked)


def test_of_a_page_no_more_is_read_than_says_what_it_is(secure: ssl.SSLContext) -> None:
    sent = 0

    def endless(connected: socket.socket) -> None:
        nonlocal sent
        connected.sendall(html("<title>Long</title>"))
        while True:
            connected.sendall(b"x" * 10_000)
            sent += 10_000

    with site(secure, reply=endless) as server:
        answer = asked(f"https://localhost:{server.port}/")

    assert isinstance(answer, Landing)
    assert len(answer.beginning) <= 64 * 1024
    assert sent < 50_000_000


def test_whoever_is_slow_or_silent_holds_nobody_up(secure: ssl.SSLContext) -> None:
    over = threading.Event()

    def drip(connected: socket.socket) -> None:
        while not over.wait(0.05):
            connected.sendall(b"X")

    def never(host: str, _port: int) -> Sequence[str]:
        if host == "slow.example":
            over.wait(5)
        return [HERE]

    with (
        site(secure, reply=drip) as dripping,
        socket.create_server((HERE, 0)) as silent,
        site(secure, page=html("<title>Quick</title>")) as quick,
    ):
        urls = [
            f"https://localhost:{port}/page"
            for port in (dripping.port, silent.getsockname()[1], quick.port)
        ]
        urls.append("https://slow.example/")
        began = time.monotonic()
        answers = strangers(resolve=never, each=0.5, together=1.0).ask(urls)
        lasted = time.monotonic() - began
        over.set()

    assert lasted < 2
    assert [type(answers[url]) for url in urls] == [
        Unanswered, Unanswered, Landing, Unanswered,
    ]  # fmt: skip


def test_many_links_are_asked_at_the_same_time(secure: ssl.SSLContext) -> None:
    together = threading.Barrier(4, timeout=5)  # breaks unless four are there at once

    def meet(connected: socket.socket) -> None:
        together.wait()
        connected.sendall(html("<title>Met</title>"))
        connected.shutdown(socket.SHUT_RDWR)

    with site(secure, reply=meet) as server:
        urls = [f"https://localhost:{server.port}/{n}" for n in range(4)]
        answers = strangers(at_once=4).ask([*urls, *urls])

    assert list(answers) == urls
    assert all(isinstance(each, Landing) for each in answers.values())


@pytest.mark.parametrize(
    ("host", "why"),
    [("other.example", "certificate"), ("nobody.example", "nobody knows the name")],
)
def test_what_could_not_be_asked_says_why(
    secure: ssl.SSLContext, host: str, why: str
) -> None:
    def resolve(name: str, _port: int) -> Sequence[str]:
        if name == "nobody.example":
            raise socket.gaierror
        return [HERE]

    with site(secure, page=html("")) as server:
        answer = asked(f"https://{host}:{server.port}/page", resolve=resolve)

    assert isinstance(answer, Unanswered)
    assert why in answer.why


def test_what_speaks_no_web_is_told_as_that(secure: ssl.SSLContext) -> None:
    def other(connected: socket.socket) -> None:
        connected.sendall(b"SSH-2.0-OpenSSH\r\n")
        connected.shutdown(socket.SHUT_RDWR)

    with site(secure, reply=other) as server:
        answer = asked(f"https://localhost:{server.port}/")

    assert isinstance(answer, Unanswered)
    assert "does not speak as the web does" in answer.why


def test_a_link_cannot_put_words_into_the_request(secure: ssl.SSLContext) -> None:
    with site(secure, page=html("")) as server:
        answer = asked(f"https://localhost:{server.port}/page\r\nX-Evil: 1")

    assert isinstance(answer, Landing | NotAsked)
    assert all("X-Evil" not in each.headers for each in server.heard)
