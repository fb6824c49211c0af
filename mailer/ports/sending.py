"""Who carries the mail, and what becomes of a call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from mailer.core.envelope import Letter, Recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How well a provider can be asked afterwards; both in seconds."""

    lag: float  # after a call, until what it accepted is found for certain
    keeps: float  # how long it can be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a provider can do; the ledger picks its strategy from this."""

    max_batch: int  # messages per call that we use, not the provider's maximum
    window: int = 1  # batches of one-message calls: how many messages, …
    concurrency: int = 1  # … and how many of their calls at the same time
    per_recipient_result: bool = True
    shared_body: bool = False  # one body for all of a call, with variables
    idempotency_ttl: float | None = None  # seconds a key protects; None: no key
    search: Search | None = None  # None: nobody can be asked
    longest_call: float = 120.0  # seconds after which `send` has surely returned

    @property
    def batch_size(self) -> int:
        """Return how many messages are claimed, committed and recorded together."""
        return max(self.max_batch, self.window)


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
class NotTaken:
    """Nothing of the call was accepted, for certain: it may be sent again later."""

    detail: str
    retry_after: float | None = None  # seconds, when the provider said
    stop: bool = False  # sending again is useless until a person acts (401, 403)
    split: bool = False  # the call as such was refused (400, 413, 422): halve it


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The call went through: one result per recipient, in order."""

    results: Sequence[Result]
    rest: NotTaken | None = None  # why the provider takes nothing more for now


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A timeout, a reset or an unreadable answer: some, all or none were accepted."""

    detail: str


Outcome = Answered | NotTaken | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found, for each recipient, in order.

    None says that it was not accepted, for certain. Unsure: where the provider is not
    known to show everything, and shows nothing.
    """

    accepted: Sequence[Accepted | Unsure | None]


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


@runtime_checkable
class Searchable(Protocol):
    """A provider that can tell afterwards which messages it accepted."""

    def find(self, outgoing: Outgoing) -> Found | NotTaken:
        """Look for the messages of a call by its key; NotTaken: no answer now.

        A message counts as found only when the provider has accepted it.
        """
        ...
