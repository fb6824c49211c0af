"""What became of a blast: counts by outcome, by receiving domain and by state."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from mailer.adapters.database.drafting import proposals
from mailer.adapters.database.engine import Database
from mailer.adapters.database.launching import SqlLaunching
from mailer.adapters.database.people import reader_place
from mailer.adapters.database.schema import (
    blasts,
    deliveries,
    mailings,
    places,
    subscribers,
    subscriptions,
)
from mailer.core.proposal import Proposal, Stage
from mailer.ports import Fared

_MOST_ROWS = 20  # domains, and states
_GOING_ON = ("planned", "sending", "paused")


class SqlBlasts(SqlLaunching):
    """The whole port Blasts."""

    def dangling(self) -> Sequence[Proposal]:
        """Return those that were ended, and whose mailings were not yet."""
        return self._read(
            proposals()
            .join(mailings, mailings.c.id == blasts.c.mailing_id)
            .where(
                blasts.c.stage.in_([Stage.CANCELLED.value, Stage.EXPIRED.value]),
                mailings.c.state.in_(_GOING_ON),
            )
        )

    def fared(self, proposal: Proposal) -> Fared:
        """Return what became of it."""
        return fared(self._database, proposal.mailing or 0)


def fared(database: Database, mailing_id: int) -> Fared:
    """Return what became of a mailing of any kind; one that was pruned is nobody."""
    mine = deliveries.c.mailing_id == mailing_id
    sent = and_(mine, deliveries.c.state == "sent")
    heard = func.coalesce(deliveries.c.heard, "sent")
    counted = select(heard.label("heard"), func.count()).where(sent)
    its_list = (
        select(mailings.c.list_number)
        .where(mailings.c.id == mailing_id)
        .scalar_subquery()
    )
    since = and_(
        subscriptions.c.subscriber_id == deliveries.c.subscriber_id,
        subscriptions.c.list_number == its_list,
        subscriptions.c.state == "ended",
        subscriptions.c.ended_reason == "left",
        subscriptions.c.changed_at >= deliveries.c.changed_at,
    )
    left = (
        select(func.count())
        .select_from(deliveries.join(subscriptions, since))
        .where(sent)
    )
    domain = _domain(is_sqlite=database.is_sqlite)
    with database.reading() as connection:
        outcomes = dict(
            tuple(row) for row in connection.execute(counted.group_by(heard))
        )
        domains = connection.execute(
            _by(domain, heard).where(sent).group_by("name", "heard")
        ).all()
        regions = connection.execute(
            _by(_region(), heard).where(sent).group_by("name", "heard")
        ).all()
        gone = connection.scalar(left)
    return Fared(
        sent=sum(outcomes.values()),
        heard={kind: n for kind, n in outcomes.items() if kind != "sent"},
        left=gone or 0,
        domains=_largest(domains),
        regions=_largest(regions),
    )


def _domain(*, is_sqlite: bool) -> ColumnElement[str]:
    address = subscribers.c.address
    return func.lower(
        func.substr(address, func.instr(address, "@") + 1)
        if is_sqlite
        else func.split_part(address, "@", 2)
    )


def _by(name: ColumnElement[str], heard: ColumnElement[str]) -> Any:
    return (
        select(name.label("name"), heard.label("heard"), func.count().label("n"))
        .select_from(deliveries)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
    )


def _region() -> ColumnElement[str]:
    where = (
        select(
            case(
                (places.c.country == "US", places.c.region),
                else_=places.c.country,
            )
        )
        .where(places.c.id == reader_place())
        .correlate(subscribers)
        .scalar_subquery()
    )
    return func.coalesce(where, "")


def _largest(rows: Iterable[Any]) -> Sequence[tuple[str, Mapping[str, int]]]:
    """Return counts by name, the largest first."""
    found: dict[str, dict[str, int]] = {}
    for name, heard, n in rows:
        found.setdefault(name, {})[heard] = n
    order = sorted(found, key=lambda name: (-sum(found[name].values()), name))
    return [(name, found[name]) for name in order[:_MOST_ROWS]]
