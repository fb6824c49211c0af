"""A connection on which nothing lasts longer than it may: pieces out, lines in."""

import select
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mailer.adapters.clocks import elapsed

_READ = 64 * 1024  # octets at a time
_BLOCK = 128 * 1024  # octets


class Socket(Protocol):
    """What is needed of a socket, plain or encrypted."""

    def settimeout(self, seconds: float | None, /) -> None: ...  # noqa: D102 - as sockets have it
    def send(self, data: bytes | memoryview, /) -> int: ...  # noqa: D102 - as sockets have it
    def recv(self, size: int, /) -> bytes: ...  # noqa: D102 - as sockets have it
    def fileno(self) -> int: ...  # noqa: D102 - as sockets have it
    def close(self) -> None: ...  # noqa: D102 - as sockets have it


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How long something may take."""

    until: float  # on the clock of `elapsed`
    pause: float  # seconds without any progress


class BrokenError(OSError):
    """The other side hung up, or said what nobody asked for."""


class Wire:
    """A connected socket; every step of it ends by its limit.

    Each method raises OSError when the connection breaks, and TimeoutError, which is
    one, when its limit has passed. After that the wire is of no use any more.
    """

    __slots__ = ("_received", "_socket")

    def __init__(self, connected: Socket) -> None:
        self._socket = connected
        self._received = b""

    @property
    def quiet(self) -> bool:
        """Whether nothing has come that was not read: no word, no goodbye."""
        if self._received:
            return False
        poll = select.poll()  # select() knows no file above 1023
        poll.register(self._socket.fileno(), select.POLLIN)
        return not poll.poll(0)

    @property
    def ahead(self) -> bool:
        """Whether something was received already that was not read."""
        return bool(self._received)

    def send(self, pieces: Sequence[bytes], limit: Limit) -> None:
        """Send pieces one after another, a block at a time.

        Many small pieces never stand in memory as one: a block fits the processor's
        cache, and is joined and sent while it is there.
        """
        block: list[bytes] = []
        size = 0
        for piece in pieces:
            block.append(piece)
            size += len(piece)
            if size >= _BLOCK:
                self._push(_joined(block), limit)
                block, size = [], 0
        if block:
            self._push(_joined(block), limit)

    def line(self, longest: int, limit: Limit) -> bytes:
        """Read up to the next line feed and return it without its line end.

        Raises BrokenError if the other side hangs up before, or if the line is longer.
        """
        while (end := self._received.find(b"\n")) < 0:
            if len(self._received) > longest:
                raise BrokenError("the line is too long")
            self._more(limit)
        found = self._received[:end]
        self._received = self._received[end + 1 :]
        return found.removesuffix(b"\r")

    def exactly(self, size: int, limit: Limit) -> bytes:
        """Read so many octets; raises BrokenError if the other side hangs up before."""
        if len(self._received) < size:
            parts, missing = [self._received], size - len(self._received)
            self._received = b""
            while missing > 0:
                parts.append(self._receive(limit))
                missing -= len(parts[-1])
            self._received = b"".join(parts)
        found, self._received = self._received[:size], self._received[size:]
        return found

    def until(self, mark: bytes, most: int, limit: Limit) -> bytes:
        """Read up to a mark or so many octets; less if no more comes in time.

        Never raises: for those to whom the beginning is enough.
        """
        while mark not in self._received and len(self._received) < most:
            try:
                self._more(limit)
            except OSError:
                break
        found, self._received = self._received, b""
        return found[:most]

    def rest(self, longest: int, limit: Limit) -> bytes:
        """Read until the other side hangs up; raises BrokenError if it is longer."""
        parts, size = [self._received], len(self._received)
        self._received = b""
        while size <= longest:
            try:
                parts.append(self._receive(limit))
            except BrokenError:
                return b"".join(parts)
            size += len(parts[-1])
        raise BrokenError("the answer is too large")

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _push(self, data: bytes, limit: Limit) -> None:
        rest = memoryview(data)
        while rest:
            self._wait_at_most(limit)
            rest = rest[self._socket.send(rest) :]

    def _more(self, limit: Limit) -> None:
        self._received += self._receive(limit)

    def _receive(self, limit: Limit) -> bytes:
        self._wait_at_most(limit)
        found = self._socket.recv(_READ)
        if not found:
            raise BrokenError("the other side hung up")
        return found

    def _wait_at_most(self, limit: Limit) -> None:
        left = limit.until - elapsed()
        if left <= 0:
            raise TimeoutError("the time is over")
        self._socket.settimeout(min(left, limit.pause))


def _joined(block: Sequence[bytes]) -> bytes:
    return block[0] if len(block) == 1 else b"".join(block)
