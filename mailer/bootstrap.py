"""The one place where adapters meet the pipeline: a project folder as a whole.

Everything is made when it is first asked for, and what takes long to load is loaded
then: `mailer lists` must not wait for an HTML parser.
"""

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from mailer import config
from mailer.adapters import files
from mailer.adapters.clocks import elapsed
from mailer.adapters.database import migrate
from mailer.adapters.database.actions import SqlActions
from mailer.adapters.database.engine import Database
from mailer.adapters.database.instance import Instance, Memory
from mailer.adapters.database.organizations import OrganizationStore
from mailer.adapters.database.parked import Parked
from mailer.adapters.database.people import SqlPeople
from mailer.adapters.database.places import RememberingGazetteer
from mailer.adapters.database.readers import SqlReaders
from mailer.adapters.database.retention import Retention
from mailer.adapters.database.trace import Tracer
from mailer.adapters.database.tracking import SqlTracking
from mailer.adapters.database.work import SqlLedger
from mailer.adapters.places import GeonamesGazetteer
from mailer.adapters.providers.fleet import Fleet
from mailer.adapters.renderer.brand import Brand
from mailer.adapters.sources import registry as sources
from mailer.config import Settings
from mailer.core import editions
from mailer.core.errors import ConfigError, InputError, MailerError, NotFoundError
from mailer.core.lists import MailingList
from mailer.core.model import Flag, Place
from mailer.core.rates import Rate
from mailer.core.tokens import Keyring, derive
from mailer.pipeline import ingest
from mailer.pipeline.compose import Composer
from mailer.pipeline.crew import Crew
from mailer.pipeline.letters import Imprint, Writer
from mailer.pipeline.send import Sender
from mailer.pipeline.tick import Ticker
from mailer.pipeline.track import Tracker
from mailer.ports import (
    Batch,
    Called,
    Gazetteer,
    Pace,
    Provider,
    Renderer,
    Source,
    Watch,
)

if TYPE_CHECKING:
    from mailer.adapters.database.waking import ProcrastinateWaker
    from mailer.adapters.renderer.pages import Pages

Clock = Callable[[], datetime]
_WAKE = "mailer.toml: delivery.wake"


class Project:
    """Everything of one project folder, made when first asked for."""

    def __init__(self, folder: Path, environment: Mapping[str, str], clock: Clock):
        """Read the settings; raises ConfigError when they are wrong."""
        self.folder = folder
        self.settings: Settings = config.load(folder, environment)
        self.clock = clock
        self.watchers: list[Watch] = []  # told of every call to a provider

    # --- what is defined in files

    @cached_property
    def lists(self) -> Mapping[str, MailingList]:
        """The list definitions by slug."""
        return files.mailing_lists(self.folder)

    def mailing_list(self, slug: str) -> MailingList:
        """Return one list's definition; raises NotFoundError."""
        if slug not in self.lists:
            raise NotFoundError(
                f'there is no list "{slug}"; there is {", ".join(self.lists)}'
            )
        return self.lists[slug]

    @cached_property
    def brand(self) -> Brand:
        """Who speaks in the mail."""
        coalition, sender = self.settings.coalition, self.settings.sender
        return Brand(
            name=coalition.name,
            postal_address=coalition.postal_address,
            reply_to=sender.reply_to or sender.address,
            note=coalition.note,
            signature=coalition.signature,
            own=self.settings.branding,
        )

    @cached_property
    def renderer(self) -> Renderer:
        """Renders mail by the project's templates."""
        from mailer.adapters.renderer.mail import MailRenderer

        return MailRenderer(
            self.folder / "templates", self.brand, self.settings.base_url
        )

    @cached_property
    def pages(self) -> "Pages":
        """Renders web pages by the project's templates."""
        from mailer.adapters.renderer.pages import Pages

        return Pages(
            self.folder / "templates",
            coalition=self.settings.coalition,
            base_url=self.settings.base_url,
        )

    @cached_property
    def keyring(self) -> Keyring:
        """Signs and reads the links."""
        return Keyring(self.settings.keys)

    # --- the store

    @cached_property
    def database(self) -> Database:
        """The database, whatever its schema."""
        return Database(self.settings.database, folder=self.folder)

    @cached_property
    def ready(self) -> Database:
        """The database at the newest schema; raises ConfigError otherwise."""
        migrate.require(self.database)
        if self.waker:
            self.database.wake = self.waker.wake
        return self.database

    def upgrade(self) -> tuple[str | None, str]:
        """Bring the database to the newest schema; returns the one before and after."""
        before, after = migrate.upgrade(self.database)
        if self._waker:
            self._waker.install()
        return before, after

    @cached_property
    def waker(self) -> "ProcrastinateWaker | None":
        """Who wakes idle workers; None: they look for themselves.

        Raises ConfigError where Procrastinate cannot be used.
        """
        if self._waker and not self._waker.installed:
            raise ConfigError(
                f"{_WAKE}: the database has no tables of Procrastinate yet; run: mailer"
                " db upgrade"
            )
        return self._waker

    @cached_property
    def _waker(self) -> "ProcrastinateWaker | None":
        if self.settings.wake == "polling":
            return None
        if self.database.is_sqlite:
            raise ConfigError(
                f'{_WAKE}: "procrastinate" needs PostgreSQL; on SQLite, "polling" is as'
                " good, because all workers are on one machine"
            )
        try:
            from mailer.adapters.database.waking import ProcrastinateWaker
        except ImportError:
            raise ConfigError(
                f'{_WAKE}: "procrastinate" is not installed; pip install'
                " coalition-mailer[procrastinate]"
            ) from None
        return ProcrastinateWaker(self.database)

    @cached_property
    def ledger(self) -> SqlLedger:
        """Who gets what, and what became of it; every list has its number."""
        ledger = SqlLedger(self.ready, self._derived("mailings"), self.memory.remember)
        ledger.register(list(self.lists), at=self.clock())
        return ledger

    @cached_property
    def memory(self) -> Memory:
        """What is remembered of the database outside it."""
        return Memory(self.folder / ".mailer-memory.json")

    @cached_property
    def instance(self) -> Instance:
        """The switch of the database: whether anything may be sent from here."""
        return Instance(self.ready, machine=files.machine(), memory=self.memory)

    @cached_property
    def actions(self) -> SqlActions:
        """The actions."""
        return SqlActions(self.ready)

    @cached_property
    def organizations(self) -> OrganizationStore:
        """The organizations."""
        return OrganizationStore(self.ready)

    @cached_property
    def people(self) -> SqlPeople:
        """The subscribers."""
        _ = self.ledger  # which numbers the lists that they are subscribed to
        return SqlPeople(self.ready, self._derived("addresses"))

    @cached_property
    def readers(self) -> SqlReaders:
        """Subscriptions as their readers reach them."""
        return SqlReaders(self.ready)

    @cached_property
    def parked(self) -> Parked:
        """Deliveries whose outcome nobody knows."""
        return Parked(self.ready)

    def tracker(self, trouble: Callable[[str], None]) -> Tracker:
        """Return what keeps and applies what providers tell."""
        return Tracker(
            tracking=SqlTracking(self.ready, self._derived("addresses")),
            ledger=self.ledger,
            clock=self.clock,
            limits=self.settings.breaker,
            trouble=trouble,
        )

    @cached_property
    def tracer(self) -> Tracer:
        """Why somebody did or did not get something."""
        return Tracer(self.ready)

    @cached_property
    def gazetteer(self) -> Gazetteer:
        """Where places are; slow only for names it has never met."""
        aliases = self.settings.places
        return RememberingGazetteer(
            self.ready, GeonamesGazetteer(aliases=aliases), aliases=tuple(aliases)
        )

    def resolve(
        self, locality: str, region: str | None, country: str
    ) -> tuple[Place, Flag | None]:
        """Find a place, with what a person should check about it."""
        found = self.gazetteer.resolve(locality, region, country)
        if found.code is None:
            return found.place, None
        flag = Flag(
            line=None, field="city", code=found.code, message=found.message or ""
        )
        return found.place, flag

    def source(self, name: str) -> Source:
        """Return a source of mailer.toml; raises NotFoundError."""
        if name not in self.settings.sources:
            raise NotFoundError(f"mailer.toml: there is no [sources.{name}]")
        return sources.from_settings(
            self.settings.sources[name],
            folder=self.folder,
            gazetteer=self.gazetteer,
            now=self.clock(),
        )

    def pull(self) -> None:
        """Read every source of mailer.toml; raises the first trouble at the end."""
        troubles: list[str] = []
        for name in self.settings.sources:
            try:
                ingest.ingest(
                    self.source(name).read(),
                    source=name,
                    store=self.actions,
                    at=self.clock(),
                    quarantine=True,
                )
            except MailerError as error:
                troubles.append(str(error))
        if troubles:
            raise InputError("; ".join(troubles))

    def prune(self) -> None:
        """Forget who got what in mailings that are long over."""
        now = self.clock()
        self.retention.prune(now - self.settings.keep, at=now)

    @cached_property
    def retention(self) -> Retention:
        """Lets old deliveries go."""
        return Retention(self.ready)

    def ticker(self, trouble: Callable[[str], None]) -> Ticker:
        """Return what the service does at every tick."""
        return Ticker(
            lists=list(self.lists.values()),
            ledger=self.ledger,
            composer=self.composer,
            sender=self.crew(trouble),
            clock=self.clock,
            pull=self.pull,
            prune=self.prune,
            track=self.tracker(trouble).apply,
            trouble=trouble,
        )

    def _derived(self, purpose: str) -> bytes:
        # The oldest key: hashes of addresses must outlive a rotation of link keys.
        oldest = self.settings.keys[min(self.settings.keys)]
        return derive(oldest, purpose)

    # --- the pipeline

    @cached_property
    def provider(self) -> Provider:
        """Who carries the mail."""
        main = self.settings.provider
        for mailing_list in self.lists.values():
            names = self.settings.route_of(mailing_list).names
            if names != (main,):
                raise ConfigError(
                    f"lists/{mailing_list.slug}.toml: provider: all mail goes through"
                    f' one provider, "{main}", and this list names'
                    f" {', '.join(names)}; name one, in mailer.toml alone"
                )
        return self.fleet[main]

    @cached_property
    def fleet(self) -> Fleet:
        """Everybody who could carry the mail, by name."""
        return Fleet(self.settings, clock=self.clock)

    @cached_property
    def composer(self) -> Composer:
        """Composes mailings."""
        return Composer(
            ledger=self.ledger,
            actions=self.actions,
            renderer=self.renderer,
            secret=self._derived("slots"),
            batch_size=self._batch_size(),
            domains={
                name: rate.together for name, rate in self.settings.domains.items()
            },
        )

    def _batch_size(self) -> int:
        size = self.provider.capabilities.batch_size
        return min(size, self.rate.together) if self.rate else size

    @property
    def rate(self) -> Rate | None:
        """How fast the provider takes messages, if that is limited."""
        settings = self.settings
        return settings.providers[settings.provider].rate or settings.rate

    def paces(self, batch: Batch) -> Sequence[Pace]:
        """Return how fast a batch may go: by provider, by mailing, by domain."""
        mailing = batch.mailing
        mailing_list = self.lists.get(mailing.list_slug)
        limits = {
            f"provider:{self.provider.name}": self.rate,
            f"mailing:{mailing.id}": mailing_list.pace if mailing_list else None,
        }
        if batch.domain:
            limits[f"domain:{batch.domain}"] = self.settings.domains.get(batch.domain)
        return [
            Pace(name=name, rate=rate.per_second)
            for name, rate in limits.items()
            if rate
        ]

    def sender(self, trouble: Callable[[str], None] = lambda _words: None) -> Sender:
        """Return a worker under a name of its own; a copied database is stopped."""
        self.instance.settle_in(at=self.clock())
        return Sender(
            ledger=self.ledger,
            provider=self.provider,
            writer=self.writer,
            clock=self.clock,
            monotonic=elapsed,
            owner=f"{os.uname().nodename}/{os.getpid()}/{secrets.token_hex(4)}",
            build=self.build,
            paces=self.paces,
            trouble=trouble,
            watch=self._watch,
        )

    def _watch(self, call: Called) -> None:
        for each in self.watchers:
            each(call)

    def metrics(self, port: int, address: str) -> None:
        """Count calls from now on, and serve the figures to Prometheus."""
        from mailer.adapters.metrics import Metrics

        counting = Metrics(self.ready)
        counting.serve(port, address)
        self.watchers.append(counting.called)

    def crew(
        self,
        trouble: Callable[[str], None] = lambda _words: None,
        threads: int | None = None,
    ) -> Crew:
        """Return so many workers, or as many as mailer.toml says."""
        count = threads or self.settings.threads
        return Crew([self.sender(trouble) for _ in range(count)])

    @cached_property
    def writer(self) -> Writer:
        """Writes the letters."""
        return Writer(
            renderer=self.renderer,
            keyring=self.keyring,
            base_url=self.settings.base_url,
            imprint=self.imprint,
        )

    @cached_property
    def build(self) -> bytes:
        """What stands for the program and the settings that make a call's bytes.

        Another version may write the same letter in other bytes.
        """
        chosen = self.settings.providers[self.settings.provider]
        options = sorted((name, repr(value)) for name, value in chosen.options.items())
        allowed = self.settings.allow_only
        fence = "" if allowed is None else f"only {sorted(allowed.entries)}"
        words = (version("coalition-mailer"), chosen.kind, str(options), fence)
        return blake2b("\x1e".join(words).encode(), digest_size=32).digest()

    def imprint(self, slug: str, edition: str) -> Imprint:
        """Return what every letter of a list carries."""
        mailing_list, sender = self.mailing_list(slug), self.settings.sender
        address = mailing_list.sender_address or sender.address
        domain = address.rpartition("@")[2]
        feedback = sender.feedback_id or domain.replace(".", "-")
        return Imprint(
            sender_name=mailing_list.sender_name or sender.name,
            sender_address=address,
            reply_to=sender.reply_to,
            headers=(
                ("List-Id", f"<{slug}.{domain}>"),
                # RFC 3834: no out-of-office replies to the coordinators
                ("Auto-Submitted", "auto-generated"),
                ("Feedback-ID", f"{edition}:{slug}:{mailing_list.kind}:{feedback}"),
            ),
        )

    def next_edition(self, list_number: int) -> date | None:
        """Return the date of a list's next edition, if it has a cadence."""
        numbers = self.ledger.register(list(self.lists), at=self.clock())
        for slug, number in numbers.items():
            cadence = self.lists[slug].cadence
            if number == list_number and cadence is not None:
                return editions.next_due(cadence, self.clock()).edition
        return None

    def close(self) -> None:
        """Let go of the database and finish what the provider buffers."""
        if "fleet" in self.__dict__:
            self.fleet.close()
        if "database" in self.__dict__:
            self.database.close()
