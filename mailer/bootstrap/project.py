"""A project folder as a whole: what is done with all of it."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property, partial
from itertools import chain

from mailer.adapters.database.correcting import SqlCorrections
from mailer.adapters.database.tracking import SqlTracking
from mailer.adapters.sources import registry as sources
from mailer.bootstrap.blasting import Blasting
from mailer.bootstrap.calls import Calls
from mailer.bootstrap.console import Console
from mailer.core import editions
from mailer.core.errors import InputError, MailerError, NotFoundError
from mailer.core.lists import MailingList
from mailer.core.requests import Kind
from mailer.core.roles import Permission
from mailer.pipeline import ingest
from mailer.pipeline.admit import Clerk
from mailer.pipeline.correct import Corrector
from mailer.pipeline.hosting import Herald, Submitting
from mailer.pipeline.introduce import Introducer
from mailer.pipeline.moderate import Endorsing, Moderator
from mailer.pipeline.recheck import Rechecker
from mailer.pipeline.reconcile import Reconciled, Reconciler
from mailer.pipeline.tick import Ticker
from mailer.pipeline.track import Tracker
from mailer.pipeline.vacant import Usher
from mailer.ports import Source


class Project(Blasting):
    """Everything of one project folder, made when first asked for."""

    @cached_property
    def console(self) -> Console:
        """Who coordinates, and what lets them in."""
        return Console(self, derived=self._derived, numbered=self.numbered)

    @cached_property
    def calls(self) -> Calls:
        """Its blasts, as coordinators work on them in the console."""
        return Calls(self)

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
        """Forget who got what long ago, and whoever is erased as soon as may be."""
        now = self.clock()
        self.eraser.complete(at=now)
        self.retention.prune(now - self.settings.keep, at=now)
        self.requests.expire(at=now)
        self.console.attempts.sweep(at=now)
        self.console.answers.sweep(at=now)

    def tracker(self, trouble: Callable[[str], None]) -> Tracker:
        """Return what keeps and applies what providers tell."""
        return Tracker(
            tracking=SqlTracking(self.ready, self._derived("addresses")),
            ledger=self.ledger,
            clock=self.clock,
            limits=self.settings.breaker,
            trouble=trouble,
        )

    @property
    def carriers(self) -> Sequence[str]:
        """The providers that carry mail of some list, by name."""
        routes = [self.settings.route_of(each).names for each in self.lists.values()]
        return list(
            dict.fromkeys([*chain.from_iterable(routes), *self.settings.route.names])
        )

    def may_push(self) -> bool:
        """Whether providers may be told of addresses from here.

        Not while something is tried out, and not from a copy: both know other people.
        """
        return self.settings.allow_only is None and self.instance.stopped() is None

    def synchronize(
        self,
        name: str,
        *,
        dry_run: bool = False,
        again: bool = False,
        due: bool = False,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Reconciled | None:
        """Bring a provider's list of suppressed addresses and ours into line.

        None: it has none, or with `due` it is not its time. Raises ProviderError and
        ConfigError.
        """
        from mailer.adapters.suppressions import registry

        theirs = registry.build(
            self.settings.providers[name],
            folder=self.folder,
            clock=self.clock,
            sleep=time.sleep,
        )
        if theirs is None:
            return None
        _ = self.ledger  # which numbers the lists that people leave
        try:
            return Reconciler(
                ours=self.suppressions,
                clock=self.clock,
                push=self.may_push(),
                dry_run=dry_run,
                stopping=stopping,
            ).run(theirs, again=again, due=due)
        finally:
            theirs.close()

    def synchronize_all(
        self, trouble: Callable[[str], None], stopping: Callable[[], bool]
    ) -> None:
        """Do so for every list that is due, where providers may be told anything."""
        if not self.may_push():
            return
        for name in self.carriers:
            try:
                done = self.synchronize(name, due=True, stopping=stopping)
            except MailerError as error:
                trouble(str(error))
                continue
            if done and done.stuck:
                trouble(
                    f"{name} does not let go of {len(done.stuck)} who came back, and"
                    " carries no mail to them: mailer suppressions sync says who"
                )

    def clerk(self, trouble: Callable[[str], None]) -> Clerk:
        """Return what writes the letters that visitors' requests ask for."""
        coalition = self.settings.coalition
        return Clerk(
            requests=self.requests,
            people=self.people,
            rights=self.rights,
            notifier=self.notifier,
            lists=self.numbered,
            coordinators=coalition.coordinators,
            moderators=lambda: [
                each.address
                for each in self.coordinators.entitled(Permission.MODERATE)
                if each.has_account
            ],
            languages=coalition.languages,
            clock=self.clock,
            trouble=trouble,
        )

    @property
    def herald(self) -> Herald:
        """What tells hosts and coordinators of actions."""
        coalition = self.settings.coalition
        return Herald(
            notifier=self.notifier,
            person=lambda address, language, at: self.people.known_as(
                address, language=language, at=at
            ),
            lists=self.numbered,
            coordinators=coalition.coordinators,
            languages=coalition.languages,
        )

    def rechecker(self, trouble: Callable[[str], None]) -> Rechecker:
        """Return what asks hosts before editions."""
        return Rechecker(
            hosts=self.hosts,
            notifier=self.notifier,
            lists=self.numbered,
            languages=self.settings.coalition.languages,
            clock=self.clock,
            trouble=trouble,
        )

    def introducer(self, trouble: Callable[[str], None]) -> Introducer:
        """Return what introduces hosts to each other."""
        return Introducer(
            introductions=self.introductions,
            notifier=self.notifier,
            lists=self.numbered,
            languages=self.settings.coalition.languages,
            clock=self.clock,
            trouble=trouble,
        )

    def corrector(self) -> Corrector:
        """Return what tells those who were mailed something wrong."""
        return Corrector(
            corrections=SqlCorrections(self.ready, self._derived("mailings")),
            renderer=self.renderer,
            lists=self.lists,
            secret=self._derived("slots"),
            route_of=self.settings.route_of,
            batch_size=self._batch_size,
            domains={
                name: rate.together for name, rate in self.settings.domains.items()
            },
        )

    def moderator(self, by: str) -> Moderator:
        """Return what decides on requests in somebody's name."""
        return Moderator(
            requests=self.requests,
            decided={
                Kind.ENDORSE: Endorsing(
                    endorsements=self.endorsements,
                    share_url=f"{self.settings.base_url}/share"
                    if self.settings.coalition.coordinators
                    else None,
                ),
                Kind.SUBMIT: Submitting(hosts=self.hosts),
            },
            notifier=self.notifier,
            lists=self.numbered,
            clock=self.clock,
            by=by,
        )

    def _answer(self, clerk: Clerk, stopping: Callable[[], bool]) -> None:
        """Write to those who asked for something, and to those who were decided on."""
        clerk.admit(stopping)
        if not stopping():
            self.moderator("mailer").tell_the_rest()

    def usher(self, trouble: Callable[[str], None]) -> Usher:
        """Return what asks the colleagues of those whom nothing reaches any more."""
        return Usher(
            seats=self.seats,
            notifier=self.notifier,
            lists=self.numbered,
            languages=self.settings.coalition.languages,
            clock=self.clock,
            trouble=trouble,
        )

    def numbered(self) -> Mapping[int, MailingList]:
        """Return the lists by number."""
        numbers = self.ledger.register(list(self.lists), at=self.clock())
        return {
            n: self.lists[slug] for slug, n in numbers.items() if slug in self.lists
        }

    def ticker(self, trouble: Callable[[str], None]) -> Ticker:
        """Return what the service does at every tick."""
        return Ticker(
            lists=list(self.lists.values()),
            ledger=self.ledger,
            composer=self.composer,
            sender=self.crew(trouble),
            clock=self.clock,
            pull=self.pull,
            recheck=self.rechecker(trouble).recheck,
            introduce=self.introducer(trouble).introduce,
            prune=self.prune,
            track=self.tracker(trouble).apply,
            admit=partial(self._answer, self.clerk(trouble)),
            seat=self.usher(trouble).ask,
            release=self.releaser(trouble).release,
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
