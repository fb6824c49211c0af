"""Who carries the mail, and what becomes of a call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mailer.core.envelope import Letter, Recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a provider can do; the ledger picks its strategy from this."""

    max_batch: int  # messages per call that we use, not the provider's maximum
    per_recipient_result: bool = True
    idempotency_ttl: float | None = None  # seconds a key protects; None: no key
    search: bool = False  # can it tell afterwards whether a batch arrived?


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One batch on its way: one variant, one call where the provider has batch calls."""

    key: str  # opaque and stable: same key, same bytes
    date: datetime  # of the intent; the Date header
    letter: Letter
    recipients: Sequence[Recipient]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider has taken this message."""

    provider_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The provider will never take this message to this address."""

    code: str
    detail: str  # foreign text, cut and without addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """The provider has not taken this message now, for certain, but may later."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """Nobody knows whether the provider took this message."""

    detail: str


Result = Accepted | Refused | Deferred | Unsure


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The call went through: one result per recipient, in order."""

    results: Sequence[Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """Nothing of the call was accepted, for certain: it may be sent again later."""

    detail: str
    retry_after: float | None = None  # seconds, when the provider said
    stop: bool = False  # sending again is useless until a person acts (401, 403)
    split: bool = False  # the call as such was refused (400, 413, 422): halve it


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A timeout, a reset or an unreadable answer: some, all or none were accepted."""

    detail: str


Outcome = Answered | NotTaken | Unknown


class Provider(Protocol):
    """Who carries the mail. Never raises for what the network or provider does."""

    @property
    def name(self) -> str:
        """Return the name of its table in mailer.toml."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """Return what this provider can do."""
        ...

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over one batch in one go; no retry in here."""
        ...

    def close(self) -> None:
        """Let go of connections and finish what is buffered."""
        ...
