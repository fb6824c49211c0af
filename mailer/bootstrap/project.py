"""A project folder as a whole: what is done with all of it."""

from collections.abc import Callable
from datetime import date

from mailer.adapters.database.tracking import SqlTracking
from mailer.adapters.sources import registry as sources
from mailer.bootstrap.sending import Sending
from mailer.core import editions
from mailer.core.errors import InputError, MailerError, NotFoundError
from mailer.pipeline import ingest
from mailer.pipeline.tick import Ticker
from mailer.pipeline.track import Tracker
from mailer.ports import Source


class Project(Sending):
    """Everything of one project folder, made when first asked for."""

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

    def tracker(self, trouble: Callable[[str], None]) -> Tracker:
        """Return what keeps and applies what providers tell."""
        return Tracker(
            tracking=SqlTracking(self.ready, self._derived("addresses")),
            ledger=self.ledger,
            clock=self.clock,
            limits=self.settings.breaker,
            trouble=trouble,
        )

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
