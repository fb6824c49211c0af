"""Answers of HTTP: read whole in every framing, or called unreadable."""

import gzip
import socket
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from mailer.adapters.clocks import elapsed
from mailer.adapters.http import answer
from mailer.adapters.http.answer import Answer, UnreadableError
from mailer.adapters.wire import BrokenError, Limit, Wire


def read(said: bytes, *, hang_up: bool = True) -> tuple[Answer, bool]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(said)
        if hang_up:
            theirs.shutdown(socket.SHUT_WR)
        return answer.read(Wire(ours), Limit(until=elapsed() + 5, pause=5))


def by_length(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def by_chunks(body: bytes) -> bytes:
    sizes = range(0, len(body), 7)
    parts = [body[at : at + 7] for at in sizes]
    chunks = b"".join(b"%x;note=1\r\n%b\r\n" % (len(part), part) for part in parts)
    return b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nChecked: yes\r\n\r\n"


def by_the_end(body: bytes) -> bytes:
    return b"\r\n" + body


@given(st.binary(max_size=200), st.sampled_from([by_length, by_chunks, by_the_end]))
def test_the_body_is_the_same_in_every_framing(
    body: bytes, framed: Callable[[bytes], bytes]
) -> None:
    found, keep = read(b"HTTP/1.1 200 OK\r\nX-One: 1\r\n" + framed(body))

    assert (found.status, found.body) == (200, body)
    assert found.headers["x-oNE"] == "1"
    assert keep is (framed is not by_the_end)


@pytest.mark.parametrize(
    ("head", "keep"),
    [
        (b"HTTP/1.1 200 OK\r\n", True),
        (b"HTTP/1.1 200\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n", False),
        (b"HTTP/1.0 200 OK\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", True),
    ],
)
def test_a_connection_is_kept_only_where_the_server_keeps_it(
    head: bytes, *, keep: bool
) -> None:
    assert read(head + by_length(b"{}"), hang_up=False)[1] is keep


def test_what_follows_an_answer_unasked_ends_the_connection() -> None:
    _, keep = read(b"HTTP/1.1 200 OK\r\n" + by_length(b"{}") + b"HTTP/1.1 200 OK\r\n")

    assert not keep


def test_interim_answers_are_passed_over() -> None:
    hints = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"

    found, _ = read(hints + b"HTTP/1.1 202 Accepted\r\n" + by_length(b"ok"))

    assert (found.status, found.body) == (202, b"ok")


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_waits_for_none(status: int) -> None:
    said = b"HTTP/1.1 %d Nothing\r\nContent-Length: 10\r\n\r\n" % status

    assert read(said, hang_up=False)[0].body == b""


def test_headers_are_joined_when_they_come_twice_or_in_two_lines() -> None:
    said = b"HTTP/1.1 200 OK\r\nA: 1\r\nB: x\r\n  y\r\na: 2\r\n" + by_length(b"")

    found, _ = read(said)

    assert dict(found.headers) == {"a": "1, 2", "b": "x y", "content-length": "0"}


def test_bare_line_feeds_are_line_ends_too() -> None:
    assert read(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok")[0].body == b"ok"


def test_what_is_packed_unasked_is_unpacked() -> None:
    packed = gzip.compress(b"[]")

    found, _ = read(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" + by_length(packed)
    )

    assert found.body == b"[]"


def test_a_small_package_cannot_hold_more_than_memory_does() -> None:
    bomb = gzip.compress(bytes(answer.LARGEST_ANSWER + 1))

    with pytest.raises(UnreadableError):
        read(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" + by_length(bomb))


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: 1\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nten\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab",
    ],
    ids=lambda said: said[:70],
)
def test_what_is_no_answer_is_called_so(said: bytes) -> None:
    with pytest.raises(UnreadableError):
        read(said)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nA: 1\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
    ids=repr,
)
def test_an_answer_that_breaks_off_is_none(said: bytes) -> None:
    with pytest.raises(BrokenError):
        read(said)
