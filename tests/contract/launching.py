"""A coalition with coordinators, readers of urgent calls and a scripted provider."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text, update

from mailer.adapters.database.accounts import SqlAccounts
from mailer.adapters.database.audiences import SqlAudiences
from mailer.adapters.database.engine import Database
from mailer.adapters.database.faring import SqlBlasts
from mailer.adapters.database.notes import SqlNotes
from mailer.adapters.database.publishing import SqlPublicActions
from mailer.adapters.database.schema import accounts, batches
from mailer.adapters.database.tracking import SqlTracking
from mailer.adapters.markdown import CommonMark
from mailer.adapters.renderer.specimens import specimens
from mailer.core.accounts import Account, State
from mailer.core.caps import Cap
from mailer.core.draft import Draft, parse as parse_draft
from mailer.core.errors import NotFoundError
from mailer.core.events import Event, EventKind
from mailer.core.findings import Finding
from mailer.core.lists import MailingList, parse
from mailer.core.proposal import Proposal, Stage
from mailer.core.quiet import QuietHours
from mailer.core.roles import Role
from mailer.pipeline.entitle import Entitlement
from mailer.pipeline.notify import Notifier
from mailer.pipeline.propose import Proposer
from mailer.pipeline.release import Releaser
from mailer.pipeline.tell import Teller
from mailer.pipeline.typeset import Typesetter
from mailer.ports import Mailing, Provider, Terms
from tests.contract.post import PEPPER, SECRET, Post
from tests.factories import contact
from tests.fakes.provider import ScriptedProvider
from tests.fakes.renderer import KeptMail

ANA, BEN, CY = "ana@example.org", "ben@example.org", "cy@example.org"
COORDINATORS = (ANA, BEN, CY)
BASE = "https://mail.example.org"
TEMPLATES = Path(__file__).parents[2] / "templates"
URGENT = parse(
    {"kind": "blast", "title": {"en": "Urgent calls", "es": "Llamados urgentes"}},
    file="lists/urgent.toml",
    slug="urgent",
)
NAME = "urgent/otay"
MAIL = KeptMail(TEMPLATES, specimens(TEMPLATES)["digest"].sample.brand, BASE)


def draft(**changes: Any) -> Draft:
    """Return an urgent call to everybody, with these keys of its file changed."""
    data: dict[str, Any] = {
        "list": "urgent",
        "edition": "otay",
        "en": {
            "headline": ["Come to Otay Mesa", "tonight at 6"],
            "reason": "People held at the detention center are being moved tonight.",
            "body": "Bring **water** and your [banner](https://example.org/banner).",
        },
        "es": {
            "headline": ["Vengan a Otay Mesa", "hoy a las 6"],
            "reason": "Esta noche trasladan a personas detenidas en el centro.",
        },
        "audience": {"include": [{"language": ["en", "es"]}]},
    }
    return parse_draft({**data, **changes}, file="otay.toml")


@dataclass
class Coalition:
    """Whoever writes, approves and gets blasts, over one database."""

    database: Database
    quiet_hours: QuietHours | None = None
    findings: Sequence[Finding] = ()
    troubles: list[str] = field(default_factory=list)
    domains: dict[str, int] = field(default_factory=dict)
    counted_from: int = 200
    has_its_list: bool = True
    caps: tuple[Cap, ...] = ()
    list_zone: str = "UTC"
    named: tuple[str, ...] = COORDINATORS  # in mailer.toml

    def __post_init__(self) -> None:
        self.post = Post(self.database)
        numbers = self.post.ledger.register(
            ["urgent"], at=self.now - timedelta(days=30)
        )
        self.number = numbers["urgent"]
        self.blasts = SqlBlasts(self.database, SECRET)

    @property
    def now(self) -> datetime:
        return self.post.now

    def later(self, **spans: float) -> None:
        """Let time go by: for the program, and for what waits on the database's clock."""
        span = timedelta(**spans)
        self.post.now += span
        with self.database.writing() as connection:
            waiting = batches.c.not_before > 0
            connection.execute(
                update(batches)
                .where(waiting, batches.c.not_before < 1e11)
                .values(not_before=batches.c.not_before - span.total_seconds())
            )

    def enlist(self, number: int, first: int = 1, **changes: Any) -> None:
        """Subscribe so many readers of urgent calls."""
        readers = (contact(n, **changes) for n in range(first, first + number))
        self.post.people.enlist(readers, list_slug="urgent", at=self.now)

    @property
    def coordinators(self) -> Entitlement:
        return Entitlement(
            accounts=SqlAccounts(self.database, PEPPER), named=self.named
        )

    def employ(
        self, address: str, *roles: Role, name: str = "", language: str = "en"
    ) -> Account:
        """Open an account that has set its password."""
        kept = SqlAccounts(self.database, PEPPER)
        made = kept.create(
            address, language=language, roles=roles, by="test", at=self.now
        )
        kept.describe(made, name=name, language=language)
        with self.database.writing() as connection:
            connection.execute(
                update(accounts)
                .where(accounts.c.id == made.number)
                .values(state=State.ACTIVE.value)
            )
        return kept.account(made.public_id)

    def dismiss(self, account: Account) -> None:
        """Let somebody have no role any more."""
        kept = SqlAccounts(self.database, PEPPER)
        kept.give(account, (), by="test", at=self.now)

    @property
    def teller(self) -> Teller:
        return Teller(
            blasts=self.blasts,
            letters=SqlNotes(self.database, SECRET),
            people=self.post.people,
            notifier=Notifier(
                notes=SqlNotes(self.database, SECRET),
                renderer=MAIL,
                secret=SECRET,
                base_url=BASE,
                route_of=lambda _list: self.post.route,
            ),
            list_of=self.list_of,
            coordinators=self.coordinators,
            language="en",
            zone=ZoneInfo("America/Los_Angeles"),
            clock=lambda: self.now,
        )

    @property
    def proposer(self) -> Proposer:
        return Proposer(
            blasts=self.blasts,
            ledger=self.post.ledger,
            lists={"urgent": URGENT},
            coordinators=self.coordinators,
            check=lambda _proposal: self.findings,
            audiences=SqlAudiences(self.database),
            terms=self.terms,
            words=self.words,
            located=lambda written: written,
            teller=self.teller,
            clock=lambda: self.now,
            counted_from=self.counted_from,
        )

    def list_of(self, slug: str) -> MailingList:
        """Return the list, as long as its file is there."""
        if not self.has_its_list:
            raise NotFoundError(f'there is no list "{slug}"')
        return URGENT

    def terms(self, draft: Draft) -> Terms:
        return Terms(
            list_slug="urgent",
            at=self.now,
            urgent=draft.is_urgent,
            caps=self.caps,
            zone=self.list_zone,
        )

    @property
    def typesetter(self) -> Typesetter:
        return Typesetter(
            renderer=MAIL,
            markdown=CommonMark(),
            actions=SqlPublicActions(self.database),
            secret=SECRET,
            base_url=BASE,
            zone=ZoneInfo("UTC"),
        )

    def words(self, written: Draft) -> bytes:
        key = self.blasts.key(written.name)
        return self.typesetter.typeset(written, URGENT, key).words

    @property
    def tracking(self) -> SqlTracking:
        return SqlTracking(self.database, PEPPER)

    @property
    def releaser(self) -> Releaser:
        return Releaser(
            blasts=self.blasts,
            ledger=self.post.ledger,
            tracking=self.tracking,
            typesetter=self.typesetter,
            teller=self.teller,
            coordinators=self.coordinators,
            list_of=self.list_of,
            route_of=lambda _list: self.post.route,
            batch_size=lambda _list: 10,
            domains=self.domains,
            quiet_hours=self.quiet_hours,
            terms=self.terms,
            clock=lambda: self.now,
            trouble=self.troubles.append,
        )

    def approved(self, written: Draft | None = None) -> Proposal:
        """Write, submit and approve a blast."""
        self.proposer.new(written or draft(), by=ANA)
        self.proposer.submit(NAME, by=ANA)
        expected = self.blasts.find(NAME).expected
        return self.proposer.approve(NAME, by=BEN, count=expected)

    def launched(self, written: Draft | None = None) -> Proposal:
        """Return a blast whose first few are on their way."""
        self.approved(written)
        self.later(minutes=10)
        return self.tick()

    def tick(self) -> Proposal:
        """Do what the clock does, and return the blast."""
        self.releaser.release()
        return self.blasts.find(NAME)

    def drain(self, provider: Provider) -> None:
        """Send all that may go out now."""
        sender = self.post.sender(provider)
        sender.drain(sleep=_never, wait=False)

    def heard(self, kind: EventKind, *addresses: str) -> None:
        """Let the provider tell something of what was sent to these."""
        events = [
            Event(
                event_id=f"{kind}-{address}",
                kind=kind,
                address=address,
                provider_id=f"id-{address}",
                happened_at=self.now,
                detail="told",
            )
            for address in addresses
        ]
        self.tracking.keep("scripted", events, at=self.now)
        self.tracking.apply(most=1000, at=self.now)

    @property
    def mailing(self) -> Mailing:
        found = self.post.ledger.mailing("urgent", "otay")
        assert found is not None
        return found

    def counts(self) -> dict[str, int]:
        return self.post.counts(self.mailing)

    def query(self, words: str) -> list[Any]:
        with self.database.reading() as connection:
            return list(connection.execute(text(words)).scalars())

    def active(self) -> int:
        counted = "SELECT count(*) FROM subscriptions WHERE state = 'active'"
        return int(self.query(counted)[0])

    def suppress(self, *numbers: int) -> None:
        addresses = [f"reader{number}@example.org" for number in numbers]
        self.post.people.suppress(addresses, reason="bounced", at=self.now)

    def leave(self, *numbers: int) -> None:
        for number in numbers:
            self.post.readers.leave(
                self.post.uid(number), self.number, at=self.now, how="page"
            )


def _never(_seconds: float) -> None:
    raise AssertionError("what is due later is found by a later tick")


def finish(coalition: Coalition, provider: ScriptedProvider) -> None:
    """Let the clock and the senders take turns until it is over."""
    for _ in range(12):
        coalition.tick()
        coalition.drain(provider)
        coalition.later(minutes=10)
    assert coalition.tick().stage is Stage.DONE


def launch(coalition: Coalition, written: Draft) -> ScriptedProvider:
    """Send a blast to its end."""
    coalition.proposer.new(written, by=ANA)
    coalition.proposer.submit(written.name, by=ANA)
    coalition.proposer.approve(written.name, by=BEN)
    provider = ScriptedProvider()
    for _ in range(4):
        coalition.later(minutes=10)
        coalition.releaser.release()
        coalition.drain(provider)
    return provider
