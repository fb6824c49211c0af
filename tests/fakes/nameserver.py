"""A DNS server on loopback that knows what it was told: real questions over UDP."""

import socketserver
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Zone = Mapping[tuple[str, str], Sequence[str]]
"""Records as a zone file writes them, by name and type; texts without quotes."""

_TTL = 60
_PIECE = 255  # octets of one string in a TXT record


@dataclass
class Nameserver:
    """What there is, whose questions are not answered, and what was asked."""

    zone: Zone
    silent: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)  # answered with SERVFAIL
    asked: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if name in self.silent:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if name in self.broken:
            response.set_rcode(dns.rcode.SERVFAIL)
            return response.to_wire()
        self._fill(response, name, kind)
        return response.to_wire()

    def _fill(self, response: dns.message.Message, name: str, kind: str) -> None:
        for _ in range(8):  # aliases that follow one another
            self._add(response, name, kind)
            alias = self.zone.get((name, "CNAME"))
            if not alias or kind == "CNAME":
                break
            self._add(response, name, "CNAME")
            name = alias[0].rstrip(".")
        if not self._exists(name):
            response.set_rcode(dns.rcode.NXDOMAIN)

    def _add(self, response: dns.message.Message, name: str, kind: str) -> None:
        if values := self.zone.get((name, kind)):
            written = [_quoted(each) if kind == "TXT" else each for each in values]
            response.answer.append(
                dns.rrset.from_text(f"{name.rstrip('.')}.", _TTL, "IN", kind, *written)
            )

    def _exists(self, name: str) -> bool:
        return any(
            known == name or known.endswith(f".{name}") for known, _ in self.zone
        )


def _quoted(text: str) -> str:
    pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)] or [""]
    return " ".join(f'"{piece}"' for piece in pieces)


class _Handler(socketserver.BaseRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        wire, sock = self.request
        if answer := self.server.nameserver.answer(wire):
            sock.sendto(answer, self.client_address)


class _Server(socketserver.ThreadingUDPServer):
    daemon_threads = True

    def __init__(self, nameserver: Nameserver) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.nameserver = nameserver


@contextmanager
def serving(zone: Zone) -> Iterator[Nameserver]:
    """Serve a zone on a free port until the block ends."""
    nameserver = Nameserver(zone)
    with _Server(nameserver) as server:
        nameserver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield nameserver
        finally:
            server.shutdown()
            thread.join()
