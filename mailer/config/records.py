"""What a project folder and the environment decide, as frozen records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from mailer.core import routes
from mailer.core.allowing import AllowList
from mailer.core.branding import Branding
from mailer.core.breaker import Limits
from mailer.core.caps import Cap
from mailer.core.lists import MailingList
from mailer.core.quiet import QuietHours
from mailer.core.rates import Rate
from mailer.core.routes import Route
from mailer.core.tables import LANGUAGES, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Coalition:
    """Who speaks."""

    name: str
    postal_address: str | None = None  # required to send anywhere but the outbox
    languages: tuple[str, ...] = LANGUAGES
    note: Mapping[str, str] = field(default_factory=dict)  # language → a few sentences
    signature: Mapping[str, str] = field(default_factory=dict)  # language → words
    coordinators: tuple[str, ...] = ()  # who is told that something waits for them


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whom the mail is from."""

    name: str
    address: str
    reply_to: str | None = None
    feedback_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """One `[providers.NAME]` table; its secrets are looked up when they are needed."""

    name: str
    kind: str
    options: Mapping[str, object] = field(default_factory=dict, repr=False)
    rate: Rate | None = None  # what it takes, over all workers


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """One `[sources.NAME]` table."""

    name: str
    kind: str
    options: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """What `mailer doctor` cannot find out by itself."""

    selectors: tuple[str, ...] = ()  # of the DKIM keys, where the provider's vary
    return_path: str | None = None  # the domain that bounces go to


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a project folder and the environment decide."""

    folder: Path
    database: str = field(repr=False)  # an SQLAlchemy URL; may hold a password
    base_url: str  # where the links in mail lead, without a slash at the end
    keys: Mapping[int, bytes] = field(repr=False)  # key id → secret, retired or not
    coalition: Coalition
    sender: Sender
    route: Route  # who in `providers` delivers, where a list does not say
    providers: Mapping[str, ProviderSettings]
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)  # label → gazetteer's
    rate: Rate | None = None  # of the provider, where its own table names none
    domains: Mapping[str, Rate] = field(default_factory=dict)  # receiving domains
    branding: Branding = field(default_factory=Branding)
    threads: int = 1  # senders in one process
    breaker: Limits = field(default_factory=Limits)  # when a mailing pauses itself
    wake: str = "polling"  # how idle workers learn of new work
    keep: timedelta = timedelta(weeks=26)  # how long it is on record who got what
    insisted: bool = False  # the environment names the provider, for all lists
    allow_only: AllowList | None = None  # who may be mailed; None: everybody
    caps: tuple[Cap, ...] = ()  # how many blasts one person gets; urgent ones aside
    quiet_hours: QuietHours | None = None  # on the clocks of readers
    counted_from: int = 200  # people; above it an approver types how many
    doctor: Doctor = field(default_factory=Doctor)
    secret_files: tuple[Path, ...] = ()  # every file: that a secret is read from
    bare: tuple[str, ...] = ()  # tables and keys that hold a secret itself
    variables: tuple[str, ...] = ()  # of the environment, that stand in for a key
    retired: frozenset[int] = frozenset()  # of the keys, those whose links are refused

    @property
    def link_keys(self) -> Mapping[int, bytes]:
        """Return the keys by which links are read; the newest signs."""
        return {
            number: secret
            for number, secret in self.keys.items()
            if number not in self.retired
        }

    @property
    def provider(self) -> str:
        """Return the name of the provider that carries most of the mail."""
        return self.route.main

    def route_of(self, mailing_list: MailingList) -> Route:
        """Return who carries a list's mail; raises ConfigError if nobody can."""
        if self.insisted or mailing_list.route is None:
            return self.route
        file = Table({}, f"lists/{mailing_list.slug}.toml")
        routes.check(file, mailing_list.route, self.providers)
        return mailing_list.route
