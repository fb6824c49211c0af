"""Visitors who take their time, and thousands of them: the others are answered."""

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Event
from time import monotonic

import httpx
import pytest

from mailer.web.patience import Patience
from tests.e2e import plain
from tests.fakes.site import Site, a_site, served_app

HEAD, BODY, MOST = 0.4, 0.8, 40
SLOW = Patience(head=HEAD, body=BODY, taking=0.4, most=MOST)
BEGUN = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: "
POSTED = (
    b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
)
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
_LONG = 20.0  # seconds in which the kernel's buffers are full
_DRIP = 0.1  # seconds between two letters


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = a_site()
    with served_app(site.app, patience=SLOW) as site.url:
        yield site


def opened(site: Site, *, reads: int = 0) -> socket.socket:
    """Open a line; `reads` are the octets that it takes without being read."""
    _, _, port = site.url.rpartition(":")
    line = socket.socket()
    if reads:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, reads)
    line.settimeout(5)
    line.connect(("127.0.0.1", int(port)))
    return line


def is_closed(line: socket.socket) -> bool:
    """Whether the other side has let go, as far as can be seen now."""
    line.settimeout(_DRIP)
    try:
        return line.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def dripped(line: socket.socket) -> float:
    """Send a letter from time to time; returns the seconds until nobody takes it."""
    began = monotonic()
    while monotonic() - began < 5:
        try:
            line.sendall(b"a")
        except OSError:
            break
        if is_closed(line):
            break
    return monotonic() - began


@pytest.mark.parametrize(
    ("sent", "seconds"), [(b"", HEAD), (BEGUN, HEAD), (POSTED, BODY)]
)
def test_a_request_that_comes_letter_by_letter_is_given_up(
    site: Site, sent: bytes, seconds: float
) -> None:
    with opened(site) as line:
        line.sendall(sent)
        taken = dripped(line)

    assert seconds - _DRIP < taken < seconds + 1


def test_a_second_request_on_a_line_has_a_deadline_as_well(site: Site) -> None:
    with opened(site) as line:
        line.sendall(WHOLE)
        assert line.recv(4096).startswith(b"HTTP/1.1 200")
        line.sendall(BEGUN)

        assert dripped(line) < HEAD + 1


def test_somebody_on_a_bad_line_who_does_come_to_an_end_is_answered(site: Site) -> None:
    with opened(site) as line:
        for part in (WHOLE[:10], WHOLE[10:30], WHOLE[30:]):
            line.sendall(part)
            Event().wait(_DRIP)

        line.settimeout(5)
        assert line.recv(4096).startswith(b"HTTP/1.1 200")


def test_whoever_asks_and_does_not_read_the_answers_is_let_go(site: Site) -> None:
    style = re.findall(
        r'href="[^"]*(/static/[^"]+)"', plain.get(site.url, follow_redirects=True).text
    )
    asked = f"GET {style[0]} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with opened(site, reads=4096) as line:
        line.settimeout(_DRIP)
        began, sent = monotonic(), 0
        while monotonic() - began < _LONG:
            try:
                sent += line.send(asked * 20)
            except TimeoutError:  # nobody takes more: what was answered lies unread
                continue
            except OSError:
                break

        assert sent > 0
        assert monotonic() - began < _LONG


def test_more_than_there_are_files_for_are_turned_away_and_come_in_afterwards(
    site: Site,
) -> None:
    with ExitStack() as open_ones:
        lines = [open_ones.enter_context(opened(site)) for _ in range(MOST + 10)]
        for line in lines:
            try:
                line.sendall(BEGUN)
            except OSError:
                continue
        assert [is_closed(line) for line in lines[-10:]] == [True] * 10

    began = monotonic()
    while monotonic() - began < 5:
        try:
            assert plain.get(f"{site.url}/healthz", timeout=2).text == "ok"
            break
        except httpx.TransportError:
            continue
    else:
        raise AssertionError("nobody got in any more")
