"""The ledger at a glance: what comes next, what is under way, what needs a person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from mailer.core import editions
from mailer.core.lists import MailingList
from mailer.ports import Mailing, Standing

_UNDER_WAY = ("planned", "sending", "paused")
_STUCK = ("missed", "unresolved")
_LATEST = 200  # mailings that are looked through, the newest


class Mailings(Protocol):
    """The part of a ledger that is only read."""

    def every(self) -> Sequence[Mailing]:
        """Return all mailings but the notes to single persons, newest first."""
        ...

    def standing(self, mailing_id: int) -> Standing:
        """Count a mailing's deliveries by state."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """The next edition of a list."""

    mailing_list: MailingList
    edition: date
    due_at: datetime  # in the list's own zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """How things stand at one moment."""

    at: datetime
    coming: Sequence[Coming]
    running: Sequence[tuple[Mailing, Standing]]
    stuck: Sequence[tuple[Mailing, Standing]]  # a person must say how they go on
    stopped: str | None  # why nothing is sent at all

    @property
    def parked(self) -> int:
        """Return how many deliveries nobody knows the outcome of."""
        every = (*self.running, *self.stuck)
        return sum(standing.deliveries.get("parked", 0) for _, standing in every)


def survey(
    ledger: Mailings,
    lists: Iterable[MailingList],
    *,
    stopped: str | None,
    at: datetime,
) -> Survey:
    """Look at everything once."""
    coming = []
    for each in lists:
        if each.cadence is not None:
            found = editions.next_due(each.cadence, at)
            due_at = found.due_at.astimezone(each.cadence.zone)
            coming.append(
                Coming(mailing_list=each, edition=found.edition, due_at=due_at)
            )
    latest = ledger.every()[:_LATEST]
    return Survey(
        at=at,
        coming=sorted(coming, key=lambda one: one.due_at),
        running=_standing(ledger, latest, _UNDER_WAY),
        stuck=_standing(ledger, latest, _STUCK),
        stopped=stopped,
    )


def _standing(
    ledger: Mailings, mailings: Sequence[Mailing], states: Sequence[str]
) -> Sequence[tuple[Mailing, Standing]]:
    chosen = [mailing for mailing in mailings if mailing.state in states]
    return [(mailing, ledger.standing(mailing.id)) for mailing in chosen]
