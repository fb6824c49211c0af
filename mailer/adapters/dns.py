"""Looks names up in DNS; the only home of dnspython."""

import ipaddress

import dns.exception
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from mailer.core.errors import InputError
from mailer.core.saying import says
from mailer.ports import Looked, RecordKind, Unanswered

_PORT = 53


class Resolver:
    """Asks the machine's own resolvers, or one server that was named.

    `seconds` is how long one question may take in all, over every server asked.
    `rooted`: that a name does not exist is believed only from who knows the root.
    Without the internet, many a network's server denies every name there is.
    """

    def __init__(
        self, *, server: str | None = None, seconds: float = 5.0, rooted: bool = False
    ) -> None:
        """Take a server as ADDRESS or ADDRESS:PORT; raises InputError for another."""
        self._rooted = rooted
        self._none: str | None = None
        if server:
            address, port = _server(server)
            resolver = dns.resolver.Resolver(configure=False)
            resolver.nameservers = [address]
            resolver.port = port
        else:
            try:
                resolver = dns.resolver.Resolver()
            except dns.exception.DNSException:
                self._none = says("this machine has no resolver")
                resolver = dns.resolver.Resolver(configure=False)
        resolver.lifetime = seconds
        resolver.timeout = min(2.0, seconds)
        resolver.cache = dns.resolver.LRUCache()
        self._resolver = resolver

    def look(self, name: str, kind: RecordKind) -> Looked | Unanswered:
        """Look for one kind of record under a name."""
        if self._none:
            return Unanswered(why=self._none)
        try:
            asked = dns.name.from_text(name)
            answer = self._resolver.resolve(asked, kind, search=False)
        except dns.resolver.NXDOMAIN:
            if self._rooted and not self._knows_the_root():
                return Unanswered(
                    why=says("the resolver here knows nothing of the internet")
                )
            return Looked(exists=False)
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            return _without(name, error)
        if kind is RecordKind.MX:
            return Looked(values=_exchanges(answer))
        return Looked(values=tuple(_text(each) for each in answer))

    def _knows_the_root(self) -> bool:
        try:
            self._resolver.resolve(dns.name.root, "NS", search=False)
        except (dns.exception.DNSException, OSError):
            return False
        return True


def _without(name: str, error: Exception) -> Looked | Unanswered:
    """Say what it means that there is no answer."""
    match error:
        case dns.resolver.NoAnswer():
            return Looked()
        case dns.name.LabelTooLong() | dns.name.NameTooLong() | dns.name.EmptyLabel():
            return Looked(exists=False)  # what cannot be a name does not exist
        case dns.name.BadEscape() | UnicodeError():
            return Looked(exists=False)
        case dns.resolver.LifetimeTimeout():
            return Unanswered(
                why=says("no answer from DNS about %(name)s in time", name=name)
            )
        case dns.resolver.NoNameservers():
            return Unanswered(
                why=says("the servers of %(name)s fail to answer (SERVFAIL)", name=name)
            )
        case _:
            return Unanswered(
                why=says("DNS cannot be asked: %(error)s", error=type(error).__name__)
            )


def _server(written: str) -> tuple[str, int]:
    address, colon, port = written.rpartition(":")
    if not colon or (":" in address.strip("[]") and not written.startswith("[")):
        address, port = written, str(_PORT)  # no port, or a bare IPv6 address
    elif written.endswith("]"):
        address, port = written, str(_PORT)
    address = address.strip("[]")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        number = 0
    else:
        number = int(port) if port.isascii() and port.isdigit() else 0
    if not 0 < number < 65_536:
        raise InputError(
            f'--resolver: "{written}" is no server; write its address as 9.9.9.9,'
            " 127.0.0.1:5353 or [::1]:5353"
        )
    return address, number


def _exchanges(answer: dns.resolver.Answer) -> tuple[str, ...]:
    found = [each for each in answer if isinstance(each, MX)]
    found.sort(key=lambda each: each.preference)
    return tuple(_host(each.exchange) for each in found)


def _text(record: object) -> str:
    if isinstance(record, TXT):
        return b"".join(record.strings).decode("utf-8", "replace")
    if isinstance(record, CNAME):
        return _host(record.target)
    return str(record)


def _host(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""
