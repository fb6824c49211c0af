"""How long a visitor may take to ask, and how many may ask at once.

uvicorn waits for ever for the end of a request (0.54: its only timeout is between two).
Who sends a letter a minute would hold a file for as long as they like, and a thousand
of them all that a process may have: nobody else would get in, nor to the database.
One network gets a quarter of them at most. Behind a proxy all come from one address,
which is then no address of the internet, or is named as a proxy's: there the proxy counts.
"""

import asyncio
import ipaddress
import resource
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mailer.web.guard import network_of

_KEPT_BACK = 200  # files for everything but visitors: databases, letters, providers
_MOST = 2_000  # connections: what they hold in memory is bounded as well
_LEAST = 16
_SHARE = 4  # one network gets one part of so many
_SELDOM = 60.0  # seconds between two warnings


def is_stranger(host: str) -> bool:
    """Tell whether an address is one of the internet, and no proxy within a network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global


def is_among(host: str, named: str | Iterable[str]) -> bool:
    """Tell whether an address is one of these addresses and networks; all are of "*".

    They are written as for FORWARDED_ALLOW_IPS: apart by commas, or in a list.
    """
    words = named.split(",") if isinstance(named, str) else named
    for word in map(str.strip, words):
        try:
            if word == "*" or ipaddress.ip_address(host) in ipaddress.ip_network(word):
                return True
        except ValueError:  # the name of a socket, which no address is
            continue
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds for a request's head, for its body after that, and to take the answer."""

    head: float = 15.0
    body: float = 60.0  # the longest form has 512 KB: 9 KB a second
    taking: float = 60.0
    most: int = 0  # connections at once; 0: as many as there are files for
    of_one: int = 0  # of them, those of one network; 0: a quarter
    counts: Callable[[str], bool] = is_stranger  # whose networks are bounded

    def connections(self) -> int:
        """Return how many may be open at once."""
        if self.most:
            return self.most
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if files == resource.RLIM_INFINITY:
            return _MOST
        return max(_LEAST, min(_MOST, files - _KEPT_BACK))

    def of_one_network(self) -> int:
        """Return how many one network may have open at once."""
        return self.of_one or self.connections() // _SHARE


def protocol(patience: Patience) -> type[asyncio.Protocol]:
    """Return HTTP/1.1 as uvicorn speaks it, to whoever comes to the end in time."""
    here = {
        "patience": patience,
        "most": patience.connections(),
        "of_one": patience.of_one_network(),
        "networks": Counter[str](),
    }
    return type("Patient", (_Patient,), here)


class _Patient(H11Protocol):
    patience: ClassVar[Patience]
    most: ClassVar[int]  # connections
    of_one: ClassVar[int]  # connections of one network
    networks: ClassVar[Counter[str]]  # how many each has open
    network: str | None = None  # as it is counted
    warned: ClassVar[float] = -_SELDOM  # when, by the loop's clock
    waiting: asyncio.TimerHandle | None = None
    for_head = False
    untaken: asyncio.TimerHandle | None = None

    def connection_made(  # type: ignore[override]
        self, transport: asyncio.Transport
    ) -> None:
        if len(self.connections) >= self.most or not self._has_room(transport):
            self._warn()
            self.transport = transport
            transport.abort()
            return
        super().connection_made(transport)
        self._await_the_rest()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._await_the_rest()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._taken()
        self._make_room()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._await_the_rest(began=False)

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._await_taking()  # closing waits until the answer was taken

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_taking()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._taken()

    def _await_taking(self) -> None:
        """Let go of whoever asks and does not read what is answered."""
        self._taken()
        self.untaken = self.loop.call_later(self.patience.taking, self.transport.abort)

    def _taken(self) -> None:
        if self.untaken is not None:
            self.untaken.cancel()
            self.untaken = None

    def _await_the_rest(self, *, began: bool = True) -> None:
        """Give a deadline to what has begun; more letters do not put it off."""
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            if self.waiting is None or self.for_head:
                self._wait(self.patience.body, for_head=False)
        elif state is h11.IDLE and began:
            if self.waiting is None or not self.for_head:
                self._wait(self.patience.head, for_head=True)
        else:
            self._stop_waiting()

    def _wait(self, seconds: float, *, for_head: bool) -> None:
        self._stop_waiting()
        self.for_head = for_head
        self.waiting = self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.logger.info("a request did not come to its end in time")
            self.transport.abort()

    def _has_room(self, transport: asyncio.Transport) -> bool:
        """Count a connection, unless its network has too many."""
        peer = transport.get_extra_info("peername")
        host = str(peer[0]) if isinstance(peer, tuple) else ""
        proxies = self.config.forwarded_allow_ips or ()
        if not self.patience.counts(host) or is_among(host, proxies):
            return True
        network = network_of(host)
        if self.networks[network] >= self.of_one:
            return False
        self.networks[network] += 1
        self.network = network
        return True

    def _make_room(self) -> None:
        if self.network is None:
            return
        self.networks[self.network] -= 1
        if not self.networks[self.network]:
            del self.networks[self.network]
        self.network = None

    def _warn(self) -> None:
        """Say that it is full: once in a while, and not of each who is turned away."""
        if (now := self.loop.time()) - self.warned >= _SELDOM:
            type(self).warned = now
            self.logger.warning(
                "%s connections are open, of which one network may have %s: no more fit",
                len(self.connections),
                self.of_one,
            )

    def _stop_waiting(self) -> None:
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None
