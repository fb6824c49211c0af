"""A connection: whole pieces out, whole lines in, and no step past its limit."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, strategies as st

from mailer.adapters.clocks import elapsed
from mailer.adapters.wire import BrokenError, Limit, Wire

CUTS = st.lists(st.integers(1, 40), min_size=1, max_size=20)


def within(seconds: float, *, pause: float = 60.0) -> Limit:
    return Limit(until=elapsed() + seconds, pause=pause)


@contextmanager
def connected() -> Iterator[tuple[Wire, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Wire(ours), theirs


@contextmanager
def arriving(data: bytes, cuts: list[int]) -> Iterator[Wire]:
    """Yield a wire on which these octets come in parts, and then the end."""
    with connected() as (wire, theirs):

        def say() -> None:
            at = 0
            for cut in [*cuts, len(data)]:
                theirs.sendall(data[at : at + cut])
                at += cut
            theirs.shutdown(socket.SHUT_WR)

        speaker = threading.Thread(target=say)
        speaker.start()
        yield wire
        speaker.join()


@given(st.lists(st.binary(max_size=50)), CUTS)
def test_lines_and_blocks_come_whole_however_they_were_cut(
    blocks: list[bytes], cuts: list[int]
) -> None:
    said = b"".join(b"%d\r\n%b" % (len(block), block) for block in blocks) + b"rest"

    with arriving(said, cuts) as wire:
        for block in blocks:
            size = int(wire.line(20, within(5)))
            assert wire.exactly(size, within(5)) == block
        assert wire.rest(100, within(5)) == b"rest"


@given(st.lists(st.binary(max_size=300_000), max_size=6))
def test_pieces_arrive_in_order_and_whole(pieces: list[bytes]) -> None:
    with connected() as (wire, theirs):
        got = bytearray()

        def hear() -> None:
            while part := theirs.recv(65536):
                got.extend(part)

        listener = threading.Thread(target=hear)
        listener.start()
        wire.send(pieces, within(10))
        wire.close()
        listener.join()

    assert bytes(got) == b"".join(pieces)


def test_a_line_that_drips_in_ends_by_its_limit() -> None:
    over = threading.Event()
    with connected() as (wire, theirs):

        def drip() -> None:
            while not over.wait(0.05):
                theirs.sendall(b"x")

        dripping = threading.Thread(target=drip)
        dripping.start()
        start = time.monotonic()
        with pytest.raises(TimeoutError):
            wire.line(1000, within(0.5))
        lasted = time.monotonic() - start
        over.set()
        dripping.join()

    assert 0.4 < lasted < 2


def test_silence_ends_by_the_longest_pause() -> None:
    with connected() as (wire, _), pytest.raises(TimeoutError):
        wire.line(1000, within(60, pause=0.1))


def test_a_peer_that_does_not_read_holds_nobody_up() -> None:
    with connected() as (wire, _), pytest.raises(TimeoutError):
        wire.send([b"x" * 50_000_000], within(0.3))


def test_nothing_is_sent_when_the_time_is_over() -> None:
    with connected() as (wire, theirs):
        with pytest.raises(TimeoutError):
            wire.send([b"late"], within(-0.1))
        wire.close()
        assert theirs.recv(10) == b""


def test_a_line_without_an_end_is_refused_at_its_longest() -> None:
    with arriving(b"x" * 100_000, [100]) as wire, pytest.raises(BrokenError):
        wire.line(1000, within(5))


def test_a_peer_that_hangs_up_amid_a_block_is_noticed() -> None:
    with arriving(b"half", [1]) as wire, pytest.raises(BrokenError):
        wire.exactly(8, within(5))


def test_a_wire_is_quiet_until_something_comes() -> None:
    with connected() as (wire, theirs):
        before = wire.quiet
        theirs.sendall(b"x")

        assert (before, wire.quiet) == (True, False)


def test_a_goodbye_that_waits_to_be_read_is_not_quiet() -> None:
    with connected() as (wire, theirs):
        theirs.close()

        assert not wire.quiet
