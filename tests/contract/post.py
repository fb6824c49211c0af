"""A whole mailer over one database, its provider scripted and its mail plain."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select, text, update

from mailer.adapters.database.actions import SqlActions
from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import SqlPeople
from mailer.adapters.database.readers import SqlReaders
from mailer.adapters.database.schema import batches, paces, subscribers
from mailer.adapters.database.work import SqlLedger
from mailer.core.lists import MailingList, parse
from mailer.core.model import Reading
from mailer.core.routes import Route, Routing
from mailer.core.tokens import Keyring
from mailer.pipeline import plan
from mailer.pipeline.compose import Composer, Composition
from mailer.pipeline.crew import Crew
from mailer.pipeline.gone import Gone
from mailer.pipeline.ingest import ingest
from mailer.pipeline.letters import Imprint, Writer, fingerprint
from mailer.pipeline.roster import Roster
from mailer.pipeline.send import Sender
from mailer.ports import (
    Batch,
    Contacted,
    Enlisted,
    Intent,
    Mailing,
    Outgoing,
    Pace,
    Provider,
    Standing,
)
from tests.factories import MONDAY, contact
from tests.fakes.provider import ScriptedProvider
from tests.fakes.renderer import PlainRenderer

WEEKLY = parse(
    {
        "title": {"en": "Weekly", "es": "Semanal"},
        "cadence": {"on": "monday", "at": "08:00", "timezone": "America/Los_Angeles"},
    },
    file="lists/weekly.toml",
    slug="weekly",
)
SCRIPTED = Route(shares={"scripted": 1})
PEPPER, SECRET = b"p" * 32, b"s" * 32


@dataclass
class Post:
    """A whole mailer over one database."""

    database: Database
    now: datetime = MONDAY
    paces: list[Pace] = field(default_factory=list)
    build: bytes = b"this version"
    domains: dict[str, int] = field(default_factory=dict)
    route: Route = SCRIPTED

    def __post_init__(self) -> None:
        self.ledger = SqlLedger(self.database, SECRET)
        self.actions = SqlActions(self.database)
        self.people = SqlPeople(self.database, PEPPER)
        self.readers = SqlReaders(self.database)
        self.renderer = PlainRenderer()
        self.composer = Composer(
            ledger=self.ledger,
            actions=self.actions,
            renderer=self.renderer,
            secret=SECRET,
            route_of=lambda _list: self.route,
            batch_size=lambda _list: 10,
            domains=self.domains,
        )
        numbers = self.ledger.register(["weekly"], at=self.now - timedelta(days=30))
        self.number = numbers["weekly"]

    def publish(self, *drafts: Any) -> None:
        ingest(Reading(drafts=drafts), source="page", store=self.actions, at=self.now)

    def enlist(self, *contacts: Contacted) -> Enlisted:
        return self.people.enlist(contacts, list_slug="weekly", at=self.now)

    def make(self, mailing_list: MailingList = WEEKLY) -> Mailing:
        return plan.now(mailing_list, self.ledger, edition=None, now=self.now)

    def compose(self, mailing: Mailing) -> Composition:
        return self.composer.compose(mailing, WEEKLY, at=self.now)

    def sender(self, provider: Provider) -> Sender:
        if provider.name not in self.route.names:  # the settings were changed
            self.reroute(Route(shares={provider.name: 1}))
        return self._sender(provider)

    def reroute(self, route: Route) -> None:
        """Change who carries the mail, as a person does in mailer.toml."""
        self.route = route
        self.ledger.route(self.routing)

    def crew(
        self,
        *providers: Provider,
        trouble: Callable[[str], None] = print,
        takes_over: bool = True,
    ) -> Crew:
        """Return a sender for each of these that is needed; mailer.toml has them all."""
        described = {provider.name: provider for provider in providers}
        roster = Roster(
            ledger=self.ledger,
            routing=self.routing,
            described=described,
            asked=described,
            takes_over=takes_over,
            employ=lambda name: [
                replace(
                    self._sender(described.get(name) or Gone(name)), trouble=trouble
                )
            ],
        )
        return Crew(roster.muster)

    def drain_by(self, mailing: Mailing, crew: Crew) -> None:
        """Send all of a mailing; whoever waits for a time finds that it has come."""
        crew.drain(mailing.id, sleep=self._no_sleep)

    def _sender(self, provider: Provider) -> Sender:
        return Sender(
            ledger=self.ledger,
            provider=provider,
            writer=self.writer,
            clock=lambda: self.now,
            monotonic=time.monotonic,
            owner="test",
            build=self.build,
            relieves=self.routing.relieves(provider.name),
            paces=lambda _batch: self.paces,
        )

    @property
    def routing(self) -> Routing:
        return Routing(usual=self.route, lists={})

    @property
    def writer(self) -> Writer:
        return Writer(
            renderer=self.renderer,
            keyring=Keyring({1: b"k" * 32}),
            base_url="https://mail.example.org",
            imprint=lambda _slug, _edition: Imprint(
                sender_name="Coalition",
                sender_address="actions@example.org",
                reply_to=None,
                headers=(),
            ),
        )

    def send(self, provider: Provider | None = None) -> Standing:
        mailing = self.make()
        self.compose(mailing)
        self.drain(mailing, provider or ScriptedProvider())
        return self.ledger.standing(mailing.id)

    def drain(self, mailing: Mailing, provider: Provider) -> None:
        self.sender(provider).drain(mailing.id, sleep=self._no_sleep)

    def _no_sleep(self, _seconds: float) -> None:
        with self.database.writing() as connection:
            connection.execute(update(batches).values(not_before=0))
            connection.execute(update(paces).values(free_at=0))

    def composed(self, readers: int) -> Mailing:
        """Return a mailing to so many readers, ready to be sent."""
        self.enlist(*people(readers))
        mailing = self.make()
        self.compose(mailing)
        return mailing

    def claim(self, owner: str = "test", *, lease: float = 300) -> Batch | None:
        return self.ledger.claim(
            owner, lease=lease, mailing_id=None, provider="scripted", settle=0.0
        )

    def begin(
        self, batch: Batch | None, *, lease: float = 300, key: str = "key"
    ) -> Intent | None:
        assert batch is not None
        return self.ledger.begin(
            batch,
            lease=lease,
            provider="scripted",
            key=key,
            paces=self.paces,
            seal=lambda _intent: b"sealed",
            at=self.now,
        )

    def begin_as(self, sender: Sender) -> Outgoing:
        """Commit an intent as a sender does, and return the call that it would make."""
        batch = self.claim()
        assert batch is not None
        intent = self.ledger.begin(
            batch,
            lease=300,
            provider="scripted",
            key=str(uuid4()),
            paces=[],
            seal=lambda intent: fingerprint(
                sender.writer.outgoing(intent), sender.build
            ),
            at=self.now,
        )
        assert intent is not None
        return sender.writer.outgoing(intent)

    def lose_the_lease(self) -> None:
        with self.database.writing() as connection:
            connection.execute(update(batches).values(lease_until=0))

    def age_calls(self, seconds: float) -> None:
        """Let every call have been made so much earlier."""
        with self.database.writing() as connection:
            earlier = batches.c.first_call - seconds
            connection.execute(update(batches).values(first_call=earlier))

    def counts(self, mailing: Mailing) -> dict[str, int]:
        return dict(self.ledger.standing(mailing.id).deliveries)

    def query(self, words: str) -> list[Any]:
        with self.database.reading() as connection:
            return list(connection.execute(text(words)).scalars())

    def uid(self, number: int) -> bytes:
        query = select(subscribers.c.uid).where(
            subscribers.c.address == f"reader{number}@example.org"
        )
        with self.database.reading() as connection:
            return bytes(connection.execute(query).scalar_one())


def people(n: int, **changes: Any) -> list[Contacted]:
    return [contact(number, **changes) for number in range(1, n + 1)]
