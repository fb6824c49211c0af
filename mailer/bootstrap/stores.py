"""A project folder: what its database keeps."""

from functools import cached_property, partial
from threading import Thread
from typing import TYPE_CHECKING

from mailer.adapters import erasures, files
from mailer.adapters.database import keyed, migrate
from mailer.adapters.database.actions import SqlActions
from mailer.adapters.database.audiences import SqlAudiences
from mailer.adapters.database.dossier import SqlDossiers
from mailer.adapters.database.editions import SqlPublicEditions
from mailer.adapters.database.endorsing import SqlEndorsements
from mailer.adapters.database.engine import Database
from mailer.adapters.database.erasing import SqlErasures
from mailer.adapters.database.hosting import SqlHosts
from mailer.adapters.database.instance import Instance, Memory
from mailer.adapters.database.introducing import SqlIntroductions
from mailer.adapters.database.lifting import Suppressed
from mailer.adapters.database.organizations import OrganizationStore
from mailer.adapters.database.parked import Parked
from mailer.adapters.database.people import SqlPeople
from mailer.adapters.database.places import RememberingGazetteer
from mailer.adapters.database.publishing import SqlPublicActions
from mailer.adapters.database.readers import SqlReaders
from mailer.adapters.database.requests import SqlRequests
from mailer.adapters.database.retention import Retention
from mailer.adapters.database.rights import SqlRights
from mailer.adapters.database.seating import SqlSeats
from mailer.adapters.database.suppressing import SqlSuppressions
from mailer.adapters.database.trace import Tracer
from mailer.adapters.database.work import SqlLedger
from mailer.adapters.erasures import ErasureFile
from mailer.adapters.places import GeonamesGazetteer
from mailer.adapters.providers.outbox import forgetting as outbox
from mailer.bootstrap.definitions import Definitions
from mailer.core.errors import ConfigError
from mailer.core.model import Flag, Place
from mailer.pipeline.erase import Eraser
from mailer.ports import Gazetteer, Terms

if TYPE_CHECKING:
    from mailer.adapters.database.waking import ProcrastinateWaker

_WAKE = "mailer.toml: [delivery] wake"


class Stores(Definitions):
    """What is kept in the database."""

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
        keyed.require(self.database, self._derived("addresses"))
        # A backup knows people who were erased since: before anybody reads it.
        self.eraser.catch_up(at=self.clock())
        self.eraser.complete(at=self.clock())
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
    def memory(self) -> Memory:
        """What is remembered of the database outside it."""
        return Memory(self.folder / ".mailer-memory.json")

    @cached_property
    def instance(self) -> Instance:
        """The switch of the database: whether anything may be sent from here."""
        return Instance(self.ready, machine=files.machine(), memory=self.memory)

    @cached_property
    def ledger(self) -> SqlLedger:
        """Who gets what, and what became of it; every list has its number."""
        ledger = SqlLedger(self.ready, self._derived("mailings"), self.memory.remember)
        ledger.register(list(self.lists), at=self.clock())
        return ledger

    @cached_property
    def actions(self) -> SqlActions:
        """The actions."""
        return SqlActions(self.ready)

    @cached_property
    def public_actions(self) -> SqlPublicActions:
        """The actions as everybody may read them."""
        return SqlPublicActions(self.ready)

    @cached_property
    def public_editions(self) -> SqlPublicEditions:
        """What went out, as everybody may read it."""
        return SqlPublicEditions(self.ready)

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
    def audiences(self) -> SqlAudiences:
        """People by rule: whom a blast would reach."""
        _ = self.ledger  # which numbers the lists that rules name
        return SqlAudiences(self.ready)

    @cached_property
    def readers(self) -> SqlReaders:
        """Subscriptions as their readers reach them."""
        return SqlReaders(self.ready)

    @cached_property
    def hosts(self) -> SqlHosts:
        """Who answers for actions."""
        return SqlHosts(self.ready)

    @cached_property
    def introductions(self) -> SqlIntroductions:
        """Hosts who could meet."""
        return SqlIntroductions(self.ready)

    @cached_property
    def parked(self) -> Parked:
        """Deliveries whose outcome nobody knows."""
        return Parked(self.ready)

    @cached_property
    def suppressions(self) -> SqlSuppressions:
        """Our list of suppressed addresses, to be brought into line with others."""
        return SqlSuppressions(self.ready, self._derived("addresses"))

    @cached_property
    def eraser(self) -> Eraser:
        """Forgets people, and whoever a restored backup brought back."""
        outboxes = [
            self.folder / str(each.options.get("folder") or "outbox")
            for each in self.settings.providers.values()
            if each.kind == "outbox"
        ]
        return Eraser(
            erasures=SqlErasures(self.database, self._derived("addresses")),
            journal=ErasureFile(self.folder / erasures.NAME),
            elsewhere=[partial(outbox.forget, folder) for folder in outboxes],
        )

    @cached_property
    def dossiers(self) -> SqlDossiers:
        """All that is held of one person."""
        return SqlDossiers(self.ready, self._derived("addresses"))

    @cached_property
    def requests(self) -> SqlRequests:
        """What visitors asked for."""
        _ = self.ledger  # which numbers the lists that they ask for
        return SqlRequests(self.ready, self._derived("addresses"))

    @cached_property
    def rights(self) -> SqlRights:
        """What owners of an address ask about themselves."""
        return SqlRights(self.ready, self.requests)

    @cached_property
    def seats(self) -> SqlSeats:
        """Who sits where."""
        return SqlSeats(self.ready)

    @cached_property
    def endorsements(self) -> SqlEndorsements:
        """Calls, and who endorses them."""
        return SqlEndorsements(self.ready)

    @cached_property
    def suppressed(self) -> Suppressed:
        """Who is suppressed, for a person who looks or lifts one."""
        return Suppressed(self.ready, self._derived("addresses"))

    @cached_property
    def tracer(self) -> Tracer:
        """Why somebody did or did not get something."""
        return Tracer(self.ready)

    @cached_property
    def retention(self) -> Retention:
        """Lets old deliveries go."""
        return Retention(self.ready)

    @cached_property
    def gazetteer(self) -> Gazetteer:
        """Where places are; slow only for names it has never met."""
        return RememberingGazetteer(
            self.ready, self._cities, aliases=tuple(self.settings.places)
        )

    @cached_property
    def _cities(self) -> GeonamesGazetteer:
        return GeonamesGazetteer(aliases=self.settings.places)

    def warm(self) -> Thread:
        """Read the gazetteer beside all else; who asks before it is done waits."""
        reading = Thread(target=self._cities.warm, name="gazetteer", daemon=True)
        reading.start()
        return reading

    def locate(self, words: str) -> tuple[Place, Flag | None]:
        """Find a place as people write it, "San Diego, CA", with what is doubtful."""
        from mailer.adapters.placenames import parse_place

        return self.resolve(*parse_place(words))

    def terms(self, list_slug: str, *, urgent: bool) -> Terms:
        """Return under which a blast to a list would go out now."""
        return Terms(
            list_slug=list_slug,
            at=self.clock(),
            urgent=urgent,
            caps=self.settings.caps,
            zone=self.mailing_list(list_slug).zone.key,
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
