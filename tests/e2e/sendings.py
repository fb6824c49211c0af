"""Mailings of a house's project, sent call by call by a scripted provider."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

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

MONDAY = datetime(2019, 10, 7, 15, 0, tzinfo=UTC)  # 8:00 in Los Angeles
ANA, BEN = "ana@example.org", "ben@example.org"
BATCH = 10  # people of one call


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

    def publish(self, *, day: int = 12) -> None:
        """Let the source say that one action takes place, on a day of October."""
        ingest(
            Reading(drafts=(draft(day=day, external_id="1"),)),
            source="page",
            store=self.house.project.actions,
            at=self.house.now,
        )

    def enlist(self, people: int, list_slug: str = "weekly") -> None:
        """Subscribe so many people to a list."""
        self.house.project.people.enlist(
            (contact(number) for number in range(1, people + 1)),
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
                address=f"reader{number}@example.org",
                provider_id=f"id-reader{number}@example.org",
                happened_at=self.house.now,
            )
            for number in numbers
        ]
        tracking.keep(self.provider.name, events, at=self.house.now)
        tracking.apply(most=1000, at=self.house.now)

    def now(self, mailing: Mailing) -> Mailing:
        """Return a mailing as it is now."""
        return self.house.project.console.following.mailing(mailing.id)
