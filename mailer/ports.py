"""What the pipeline asks of the world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from mailer.core.digest import Digest
from mailer.core.envelope import Letter, Recipient
from mailer.core.lists import MailingList
from mailer.core.model import Action, Place, Reading

# --- composing ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A digest as words: slots are still markers, in HTML and in plain text."""

    subject: str
    preheader: str
    html: str
    text: str


class Renderer(Protocol):
    """Turns content into words, by the templates of the project folder."""

    def fingerprint(self, template: str) -> str:
        """Return a hash of everything but the content that shapes the output."""
        ...

    def digest(
        self,
        digest: Digest,
        *,
        mailing_list: MailingList,
        shown: int,
        slots: Mapping[str, str],
    ) -> Rendered:
        """Render a digest; after `shown` upcoming items comes one line with a link.

        `slots` maps "leave", "preferences" (parts of a URL) and "reason" (a
        sentence) to markers; "reason" differs between HTML ("reason_html") and
        text ("reason_text"). Raises TemplateError.
        """
        ...

    def reason(
        self, language: str, organization: str | None, consented_on: date | None
    ) -> str:
        """Say in one sentence why this person gets the mail; plain text."""
        ...


# --- sources and places ------------------------------------------------------


class Source(Protocol):
    """Somewhere actions are published."""

    def read(self) -> Reading:
        """Read all that is there now; raises InputError when nothing can be read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A place label matched to the gazetteer, with what a person should check."""

    place: Place
    code: str | None = None  # "place-respelled", "place-without-region", …
    message: str | None = None


class Gazetteer(Protocol):
    """Knows where places are, offline."""

    def resolve(self, locality: str, region: str | None, country: str) -> Resolved:
        """Find a place; one that is not found comes back without coordinates."""
        ...


# --- sending -----------------------------------------------------------------


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
class Unsure:
    """Nobody knows whether the provider took this message."""

    detail: str


Result = Accepted | Refused | Unsure


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


# --- what visitors of the pages see and change --------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One person's subscription to one list, as its pages show it."""

    uid: bytes  # random, 16 bytes
    masked_address: str  # "o…@aftguild.example"; the pages never see the whole
    language: str
    organization: str | None
    list_number: int
    list_slug: str
    active: bool
    quiet_weeks: bool  # wants a short note in weeks without actions


class Readers(Protocol):
    """The people behind the links in the mail, and what a link may change."""

    def reader(self, uid: bytes, list_number: int) -> Reader | None:
        """Find one person's subscription; None when there is none."""
        ...

    def leave(self, uid: bytes, list_number: int, *, at: datetime, how: str) -> bool:
        """End the subscription; `how` is "one-click" or "page".

        True if it changed something. Doing it again, or for somebody unknown, is
        no error and changes nothing.
        """
        ...

    def rejoin(self, uid: bytes, list_number: int, *, at: datetime) -> bool:
        """Undo `leave`; False when anything but the person's own leaving ended it."""
        ...

    def prefer(
        self,
        uid: bytes,
        list_number: int,
        *,
        language: str,
        quiet_weeks: bool,
        at: datetime,
    ) -> bool:
        """Store what the person chose; False when there is no such subscription."""
        ...


class PublicActions(Protocol):
    """The actions that everybody may read about."""

    def action(self, public_id: str) -> Action | None:
        """Find one action, also when it is over or off."""
        ...

    def upcoming(self, at: datetime) -> Sequence[Action]:
        """Return what is not over at this moment, also what is off."""
        ...
