"""What the examination asks of the world: names in DNS, and web addresses."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from mailer.core.diagnosis import Entry, Finding


class RecordKind(StrEnum):
    """What is asked for under a name."""

    A = "A"
    AAAA = "AAAA"
    CNAME = "CNAME"
    MX = "MX"
    TXT = "TXT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What stands under a name; no values: nothing of this kind."""

    values: tuple[str, ...] = ()  # texts whole, hosts without a dot at the end
    exists: bool = True  # False: the name itself does not (NXDOMAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """Nobody answered, so nothing is known."""

    why: str
    certificate: bool = False  # the server's is not valid; nobody should go on
    refused: bool = False  # for certain nobody is there: no connection


class Names(Protocol):
    """Looks names up in DNS. Never raises for what the network does."""

    def look(self, name: str, kind: RecordKind) -> Looked | Unanswered:
        """Look for one kind of record; names are written without a dot at the end.

        MX values are hosts, the most preferred first; "" is the null MX (RFC 7505).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a web server answered, whole."""

    status: int
    headers: Mapping[str, str]  # by name, in any case
    body: bytes = field(repr=False)
    seconds: float = 0.0  # until it was whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """Where a link leads in the end."""

    url: str  # after its redirects
    status: int
    kind: str  # its media type, "text/html"; may be empty
    beginning: bytes = field(repr=False)  # of what stands there


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAsked:
    """A link that we do not follow, or not to its end."""

    why: str  # as in "it was not asked: …"


class Links(Protocol):
    """Follows links that people wrote, but nowhere into a network. Never raises."""

    def ask(
        self, urls: Collection[str]
    ) -> Mapping[str, Landing | NotAsked | Unanswered]:
        """Ask each once, all at the same time, and say what is there."""
        ...


class Web(Protocol):
    """Visits web addresses: once each, no redirects, no cookies. Never raises."""

    def get(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> Page | Unanswered:
        """Send one GET."""
        ...

    def post(self, url: str, *, body: bytes, content_type: str) -> Page | Unanswered:
        """Send one POST."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a provider says about our account with it."""

    findings: tuple[Finding, ...]
    entries: tuple[Entry, ...] = ()  # what it wants to see in DNS, where it says so


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One place that a provider tells of events."""

    leads_to: str = field(repr=False)  # an address, which may hold a key; or a topic
    enabled: bool = True
    missing: tuple[str, ...] = ()  # what we need and it does not tell, in its words
    tracking: tuple[str, ...] = ()  # what it tells and nobody should know


class Account(Protocol):
    """Asks a provider about our account: reads, and changes nothing. Never raises."""

    @property
    def url(self) -> str:
        """Return where its API is."""
        ...

    def ask(self, web: Web, domain: str) -> Report:
        """Say whether the key is valid and mail from this domain will be carried."""
        ...

    def hooks(self, web: Web) -> Sequence[Hook] | Finding:
        """Return where it tells of events; a finding says why nobody knows."""
        ...
