"""What comes back from providers: events, verified before anything is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from mailer.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One request of a provider, as it came in."""

    headers: Mapping[str, str]  # by name in lower case
    body: bytes = field(repr=False)  # raw: signatures are over these octets
    received_at: datetime  # aware


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a verified request says."""

    events: Sequence[Event]
    unread: int = 0  # parts that are none of ours, or that nobody can read
    confirm: str | None = None  # an address to be asked once: the provider's handshake


@dataclass(frozen=True, slots=True, kw_only=True)
class Forged:
    """The request is not the provider's, or nobody can tell; it changes nothing."""

    detail: str  # for the log; never what was sent
    later: bool = False  # nobody can tell now: they are asked to tell it again


class Hearing(Protocol):
    """The other direction of a provider. Reads nothing before it has verified."""

    def hear(self, told: Told) -> Heard | Forged:
        """Verify and read one request. Never raises for what came in."""
        ...
