"""Mailings of a house's project, sent call by call by a scripted provider."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text

from mailer.adapters.clocks import elapsed
from mailer.adapters.database.tracking import SqlTracking
from mailer.core.draft import parse as parse_draft
from mailer.core.events import Event, EventKind
from mailer.core.model import Reading
from mailer.pipeline import plan
from mailer.pipeline.ingest import ingest
from mailer.pipeline.send import Sender
from mailer.ports import Mailing
from tests.e2e.conftest import Shell
from tests.e2e.coordinators import House
from tests.factories import contact, draft
from tests.fakes.provider import ScriptedProvider

MONDAY = datetime(
    2019, 10, 7, 17, 0, tzinfo=UTC
)  # 10:00 in Los Angeles, 9:00 in winter
ANA, BEN = "ana@example.org", "ben@example.org"
BATCH = 10  # people of one call
_OVER = (
    "UPDATE subscriptions SET state = 'ended', ended_reason = 'left'",
    "UPDATE mailings SET state = 'cancelled' WHERE state <> 'finished'",
    "UPDATE batches SET state = 'done'",
    "UPDATE deliveries SET state = 'failed' WHERE state = 'parked'",
)


def prepared(shell: Shell) -> Shell:
    """Say who coordinates and where mail comes from, so that it may be sent."""
    shell.edit("mailer.toml", "# coordinators", f'coordinators = ["{ANA}", "{BEN}"] #')
    shell.edit("mailer.toml", "# postal_address", "postal_address")
    return shell


@dataclass
class Sendings:
    """Makes mailings and sends them, so many calls at a time."""

    house: House
    provider: ScriptedProvider = field(default_factory=ScriptedProvider)

    def __post_init__(self) -> None:
        project = self.house.project
        self.provider.name = project.settings.provider
        composer = replace(project.composer, batch_size=lambda _list: BATCH)
        project.__dict__["composer"] = composer
        self.told = 0
        # Other people in other weeks: nobody knows anything yet.
        self.first = 1000 * (self.house.now - MONDAY).days

    @property
    def day(self) -> date:
        """Return the Saturday of this week."""
        return self.house.now.date() + timedelta(days=5)

    def publish(self, day: date | None = None) -> None:
        """Let the source say that one action takes place: on Saturday, or another day."""
        when = day or self.day
        said = draft(external_id=f"{self.day}", start_date=when)
        ingest(
            Reading(drafts=(said,)),
            source="page",
            store=self.house.project.actions,
            at=self.house.now,
        )

    def enlist(self, people: int, list_slug: str = "weekly") -> None:
        """Subscribe so many people to a list."""
        self.house.project.people.enlist(
            (contact(self.first + number) for number in range(1, people + 1)),
            list_slug=list_slug,
            at=self.house.now - timedelta(days=1),
        )

    def digest(self, people: int) -> Mailing:
        """Make this week's digest for so many people; nothing has left."""
        project = self.house.project
        self.publish()
        self.enlist(people)
        weekly = project.mailing_list("weekly")
        made = plan.now(weekly, project.ledger, edition=None, now=self.house.now)
        project.composer.compose(made, weekly, at=self.house.now)
        return self.now(made)

    def call(self, people: int, edition: str = "otay") -> Mailing:
        """Write an urgent call, approve it and let its hold pass; nothing has left."""
        project = self.house.project
        self.enlist(people, "urgent")
        said = {
            "headline": ["Come to Otay Mesa", "tonight at 6"],
            "reason": "People held at the detention center are being moved tonight;"
            " their families ask us to come and stand with them.",
            "where": "Main gate, Otay Mesa",
            "body": "Bring **water**, a light, and everybody whom you can reach.",
        }
        written = {
            "list": "urgent",
            "edition": edition,
            "audience": {"include": [{"language": "en"}]},
            "en": said,
        }
        proposer = project.proposer()
        proposer.new(parse_draft(written, file="otay.toml"), by=ANA)
        found = proposer.check(project.blasts.find(f"urgent/{edition}"))
        warnings = {each.name for each in found}
        name = f"urgent/{edition}"
        asked, _ = proposer.submit(name, by=ANA, acknowledged=warnings)
        proposer.approve(name, by=BEN, count=asked.expected)
        self.house.now += timedelta(minutes=10)
        self.release()
        mailing = project.ledger.mailing("urgent", edition)
        assert mailing is not None
        return mailing

    def release(self) -> None:
        """Do what the clock does for blasts."""
        troubles: list[str] = []
        self.house.project.releaser(troubles.append).release()
        assert troubles == []

    def send(self, mailing: Mailing, calls: int) -> None:
        """Make so many calls to the provider, if there are so many to make."""
        project = self.house.project
        sender = Sender(
            ledger=project.ledger,
            provider=self.provider,
            writer=project.writer,
            clock=project.clock,
            monotonic=elapsed,
            owner="test",
        )
        for _ in range(calls):
            sender.step(mailing.id)
        sender.close()

    def hear(self, kind: EventKind, *numbers: int) -> None:
        """Let the provider tell something of what these people were sent."""
        project = self.house.project
        tracking = SqlTracking(project.ready, project._derived("addresses"))
        self.told += 1
        events = [
            Event(
                event_id=f"{self.told}-{number}",
                kind=kind,
                address=self.address(number),
                provider_id=f"id-{self.address(number)}",
                happened_at=self.house.now,
            )
            for number in numbers
        ]
        tracking.keep(self.provider.name, events, at=self.house.now)
        tracking.apply(most=1000, at=self.house.now)

    def leave(self, mailing: Mailing, number: int) -> None:
        """Let somebody leave the list through the link in what they were sent."""
        project = self.house.project
        asked = text("SELECT uid FROM subscribers WHERE address = :address")
        with project.database.reading() as connection:
            uid = connection.scalar(asked, {"address": self.address(number)})
        assert project.readers.leave(
            bytes(uid), mailing.list_number, at=self.house.now, how="page"
        )

    def has(self, number: int) -> bool:
        """Whether the provider took something for this person."""
        return self.provider.accepted[self.address(number)] > 0

    def address(self, number: int) -> str:
        """Return a reader's address, from 1."""
        return f"reader{self.first + number}@example.org"

    def end(self) -> None:
        """Let a week go by after which nobody is subscribed, and nothing is open."""
        house = self.house
        house.now += timedelta(days=7)
        house.project.instance.start(actor="test", at=house.now)
        with house.project.database.writing() as connection:
            for statement in _OVER:
                connection.execute(text(statement))

    def now(self, mailing: Mailing) -> Mailing:
        """Return a mailing as it is now."""
        return self.house.project.console.following.mailing(mailing.id)
