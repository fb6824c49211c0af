"""What the pipeline asks of the world."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from mailer.core.audience import Group
from mailer.core.digest import Digest
from mailer.core.envelope import Letter, Recipient, Segments
from mailer.core.lists import MailingList
from mailer.core.model import Action, CallDraft, Draft, Facts, Place, Reading

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


# --- the store ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionChanges:
    """What one reading does to what is stored."""

    created: Sequence[Draft] = ()
    updated: Sequence[tuple[Action, Draft]] = ()
    unchanged: Sequence[Action] = ()
    returned: Sequence[Action] = ()  # were missing, are back as they were
    missing: Sequence[Action] = ()  # newly vanished from the source; not cancelled


class ActionStore(Protocol):
    """Keeps actions, every version of them, and who sponsors them."""

    def reconcile(
        self,
        source: str,
        decide: Callable[[Sequence[Action]], ActionChanges],
        *,
        call: CallDraft | None,
        at: datetime,
        dry_run: bool,
    ) -> ActionChanges:
        """Show `decide` all of this source's actions and apply what it answers.

        One transaction: two imports of the same source follow one another.
        """
        ...

    def relevant(self, as_of: datetime) -> Sequence[Action]:
        """Return every action that is not over, whatever its status."""
        ...

    def known(self, variant_id: int) -> Mapping[int, Facts]:
        """Return what the readers of a variant were told, by action id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacted:
    """A person as an import states them, checked and ready to keep."""

    line: int
    address: str
    given_name: str | None = None
    family_name: str | None = None
    organization: str | None = None
    role: str = "primary"
    language: str = "en"
    time_zone: str | None = None
    place: Place | None = None
    consent_basis: str | None = None  # None: the subscription stays pending
    consent_at: datetime | None = None
    consent_source: str | None = None
    consent_wording: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enlisted:
    """What became of imported people."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    pending: int = 0  # among all: waiting for a consent
    suppressed: int = 0  # kept, but never mailed
    left: int = 0  # had left this list before; an import does not bring them back


class People(Protocol):
    """Keeps subscribers, their seats, subscriptions and consents."""

    def enlist(
        self,
        contacts: Sequence[Contacted],
        *,
        list_slug: str,
        at: datetime,
        progress: Callable[[int, int], None],
    ) -> Enlisted:
        """Add or update these people and subscribe them to a list."""
        ...

    def suppress(self, addresses: Sequence[str], *, reason: str, at: datetime) -> int:
        """Never mail these again; returns how many were not suppressed before."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Organized:
    """An organization as an import states it."""

    line: int
    name: str
    aliases: tuple[str, ...] = ()
    parent: str | None = None
    place: Place | None = None
    website: str | None = None
    endorses: str | None = None  # a call's slug
    endorsed_on: date | None = None
    public: bool = True


class Organizations(Protocol):
    """Keeps organizations under all their names."""

    def organize(
        self, organizations: Sequence[Organized], *, at: datetime
    ) -> tuple[int, int, int]:
        """Add or update; returns how many were created, updated, unchanged."""
        ...


# --- the ledger --------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """One edition of one list, in the ledger."""

    id: int
    key: bytes
    list_number: int
    list_slug: str
    edition: str
    state: str
    due_at: datetime
    as_of: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A variant as the ledger keeps it."""

    content_hash: bytes
    language: str
    place: str | None
    subject: str
    preheader: str
    html: Segments
    text: Segments
    items: Sequence[tuple[int, int, str]]  # action id, version, kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Up to N deliveries of one variant, leased to one worker."""

    mailing: Mailing
    variant_id: int
    seq: int
    epoch: int
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """A delivery whose intent is committed, with what its slots need."""

    subscriber_id: int
    uid: bytes
    address: str
    organization: str | None
    consented_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A batch that may be sent now: committed, durable, leased."""

    batch: Batch
    language: str
    subject: str
    html: Segments
    text: Segments
    sent_at: datetime
    addressees: Sequence[Addressee]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a mailing stands; the deliveries add up to the audience."""

    mailing: str  # LIST/EDITION
    state: str
    reason: str | None
    audience: int
    variants: int
    deliveries: Mapping[str, int]
    reasons: Mapping[str, int]  # of those suppressed, skipped or failed


class Ledger(Protocol):
    """Who gets which mailing, and what became of it. Every method is one transaction."""

    def register(self, slugs: Sequence[str], *, at: datetime) -> Mapping[str, int]:
        """Return each list's number, giving one to those not seen before."""
        ...

    def first_seen(self, slug: str) -> datetime:
        """Return when this project first knew the list."""
        ...

    def make(
        self,
        *,
        list_slug: str,
        edition: str,
        kind: str,
        state: str,
        reason: str | None,
        due_at: datetime,
        as_of: datetime,
        until: datetime,
        planned_at: datetime,
    ) -> Mailing | None:
        """Make a mailing, or return None: there is one for this list and edition."""
        ...

    def mailing(self, list_slug: str, edition: str) -> Mailing | None:
        """Return a mailing by its identity."""
        ...

    def revive(self, mailing_id: int, *, as_of: datetime, until: datetime) -> bool:
        """Take a missed mailing up again; False if it is not missed any more."""
        ...

    def planned(self) -> Sequence[Mailing]:
        """Return the mailings that wait to be composed."""
        ...

    def groups(self, mailing: Mailing) -> Sequence[Group]:
        """Return the groups its audience falls into at this moment."""
        ...

    def place(self, place_id: int) -> Place | None:
        """Return the place of a group."""
        ...

    def address(
        self,
        mailing: Mailing,
        variants: Sequence[Composed],
        assignment: Mapping[Group, bytes | None],
        *,
        batch_size: int,
        at: datetime,
    ) -> Sequence[Group]:
        """Keep the variants and make every delivery, in one transaction.

        `assignment` gives each group its variant's content hash, or None to skip
        it. Returns groups that have appeared meanwhile and are not assigned: then
        nothing was done. Does nothing if another process was first.
        """
        ...

    def claim(
        self, owner: str, *, lease: float, mailing_id: int | None
    ) -> Batch | None:
        """Lease the next batch that is due, or return None."""
        ...

    def begin(
        self, batch: Batch, *, lease: float, provider: str, at: datetime
    ) -> Intent | None:
        """Commit the intent to send, leaving out whoever may no longer be mailed.

        None: the lease was lost, the mailing is no longer sending, or nobody is left.
        """
        ...

    def record(
        self, intent: Intent, results: Sequence[Result], *, provider: str, at: datetime
    ) -> bool:
        """Record one result per addressee; False if the lease was lost."""
        ...

    def put_back(
        self, intent: Intent, *, detail: str, delay: float, at: datetime
    ) -> bool:
        """Nothing was accepted: the batch is ready again after `delay` seconds."""
        ...

    def pause(self, mailing_id: int, *, reason: str, at: datetime) -> None:
        """Stop a mailing until a person resumes it."""
        ...

    def waiting(self, mailing_id: int | None) -> tuple[int, float | None]:
        """Return how many batches are open, and in how many seconds one is due."""
        ...

    def standing(self, mailing_id: int) -> Standing:
        """Count a mailing's deliveries by state."""


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
