"""Visitors who take their time, and thousands of them: the others are answered."""

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Event
from time import monotonic

import httpx
import pytest

from mailer.web.patience import Patience, is_among, is_stranger
from tests.e2e import plain
from tests.fakes.site import Site, a_site, served_app

HEAD, BODY, MOST = 0.4, 0.8, 40
STRANGER, ANOTHER = "127.0.0.2", "127.0.0.3"
SLOW = Patience(
    head=HEAD,
    body=BODY,
    taking=0.4,
    most=MOST,
    counts=lambda host: host in (STRANGER, ANOTHER),
)
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


def opened(site: Site, *, reads: int = 0, of: str = "") -> socket.socket:
    """Open a line from an address; `reads` are the octets that it takes unread."""
    _, _, port = site.url.rpartition(":")
    line = socket.socket()
    if reads:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, reads)
    line.settimeout(5)
    if of:
        line.bind((of, 0))
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


def test_one_machine_gets_a_quarter_of_the_lines_and_others_get_in(site: Site) -> None:
    with ExitStack() as open_ones:
        lines = [
            open_ones.enter_context(opened(site, of=STRANGER)) for _ in range(MOST)
        ]
        turned_away = sum(is_closed(line) for line in lines[MOST // 4 :])
        assert turned_away == MOST - MOST // 4
        for address in (ANOTHER, ""):
            with opened(site, of=address) as line:
                line.sendall(WHOLE)
                line.settimeout(5)
                assert line.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_machine_that_hung_up_gets_its_lines_back(site: Site) -> None:
    for _ in range(3):
        with ExitStack() as open_ones:
            for _ in range(MOST // 4):
                line = open_ones.enter_context(opened(site, of=STRANGER))
                line.sendall(WHOLE)
                line.settimeout(5)
                assert line.recv(4096).startswith(b"HTTP/1.1 200")
        Event().wait(_DRIP)


@pytest.mark.parametrize(
    ("host", "strange"),
    [
        ("203.0.113.9", False),  # for documentation
        ("9.9.9.9", True),
        ("2620:fe::9", True),
        ("::ffff:9.9.9.9", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("10.1.2.3", False),  # a proxy in the next container
        ("fe80::1%eth0", False),
        ("", False),  # a socket of this machine
    ],
)
def test_only_addresses_of_the_internet_are_counted(host: str, strange: bool) -> None:  # noqa: FBT001 - a column
    assert is_stranger(host) is strange


@pytest.mark.parametrize(
    ("named", "among"),
    [
        ("9.9.9.9", True),
        ("127.0.0.1, 9.9.9.0/24", True),
        (["9.9.9.9"], True),
        ("*", True),
        ("19.9.9.9,9.9.9.90", False),
        ("unix:/run/x", False),
        ("", False),
    ],
)
def test_a_proxy_that_is_named_is_not_counted(
    named: str | list[str],
    among: bool,  # noqa: FBT001 - a column
) -> None:
    assert is_among("9.9.9.9", named) is among
