"""One tick: pull the sources, make what is due, compose it, send what is open.

Each part that fails is told to `trouble` and does not keep the others from running;
what it left undone is found again by the next tick.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from mailer.core import editions
from mailer.core.editions import Timing
from mailer.core.errors import MailerError
from mailer.core.lists import Kind, MailingList
from mailer.pipeline import plan
from mailer.pipeline.compose import Composer
from mailer.pipeline.conclude import Clock
from mailer.pipeline.crew import Crew
from mailer.pipeline.plan import Planned
from mailer.ports import Ledger, Mailing


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """What a tick needs; the same for the service and for tests."""

    lists: Sequence[MailingList]
    ledger: Ledger
    composer: Composer
    sender: Crew
    clock: Clock
    pull: Callable[[], None]  # reads every source; raises MailerError
    track: Callable[[Callable[[], bool]], object]  # applies what providers told
    admit: Callable[[Callable[[], bool]], object]  # writes what requests ask for
    recheck: Callable[[Callable[[], bool]], object]  # asks hosts before editions
    seat: Callable[[], object]  # asks the colleagues of whom nothing reaches any more
    introduce: Callable[[Callable[[], bool]], object]  # hosts who wish to meet
    release: Callable[[Callable[[], bool]], object]  # moves approved blasts on
    prune: Callable[[], None]  # lets go of what is old; quick when nothing is
    trouble: Callable[[str], None]

    def tick(self, stopping: Callable[[], bool] = lambda: False) -> Sequence[Planned]:
        """Do everything that is due now; returns the editions it made."""
        made: list[Planned] = []
        self._try("events", partial(self.track, stopping))
        self._try("requests", partial(self.admit, stopping))
        self._try("seats", self.seat)
        self._try("sources", self._pull_if_due)
        self._try("hosts", partial(self.recheck, stopping))
        self._try("introductions", partial(self.introduce, stopping))
        self._try("planning", lambda: made.extend(self._plan()))
        self._try("composing", partial(self._compose_planned, stopping))
        self._try("blasts", partial(self.release, stopping))
        self._try("sending", partial(self._drain, stopping))
        if not stopping():
            self._try("pruning", self.prune)
        return made

    def _plan(self) -> Sequence[Planned]:
        made = plan.due(self.lists, self.ledger, now=self.clock())
        for planned in made:
            if planned.timing is Timing.MISSED:
                self.trouble(f"{_name(planned.mailing)} was missed: {planned.reason}")
        return made

    def _compose_planned(self, stopping: Callable[[], bool]) -> None:
        by_slug = {each.slug: each for each in self.lists}
        for mailing in self.ledger.planned():
            if stopping():
                return
            name = _name(mailing)
            if mailing.list_slug not in by_slug:
                self.trouble(f"{name}: its list is no longer in lists/")
                continue
            self._try(name, partial(self._compose, mailing, by_slug[mailing.list_slug]))

    def _drain(self, stopping: Callable[[], bool]) -> None:
        sent: list[bool] = []
        try:
            self.sender.drain(
                sleep=_never,
                stopping=stopping,
                wait=False,
                progress=lambda: sent.append(True),
            )
        finally:
            if sent:  # a service runs for months: its outbox is read today
                self._try("sending", self.sender.flush)

    def _compose(self, mailing: Mailing, definition: MailingList) -> None:
        now = self.clock()
        current = plan.current(mailing, definition, self.ledger, now=now)
        if current is None:
            self.trouble(
                f"{_name(mailing)} has waited too long: mailer status says more"
            )
        else:
            self.composer.compose(current, definition, at=now)

    def _pull_if_due(self) -> None:
        """Read the sources only if a list's current edition is not made yet."""
        if any(
            self.ledger.mailing(each.slug, occurrence.edition.isoformat()) is None
            and occurrence.due_at >= self.ledger.first_seen(each.slug)
            for each, occurrence in _current(self.lists, self.clock())
        ):
            self.pull()

    def _try(self, name: str, act: Callable[[], object]) -> None:
        try:
            act()
        except MailerError as error:
            self.trouble(f"{name}: {error}")


def _never(_seconds: float) -> None:
    raise AssertionError("what is due later is found by a later tick")


def _name(mailing: Mailing) -> str:
    return f"{mailing.list_slug}/{mailing.edition}"


def _current(
    lists: Iterable[MailingList], now: datetime
) -> Iterable[tuple[MailingList, editions.Occurrence]]:
    for each in lists:
        if each.kind is Kind.DIGEST and each.cadence is not None:
            yield each, editions.last_due(each.cadence, now)
