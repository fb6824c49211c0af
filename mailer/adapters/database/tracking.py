"""Events of providers: kept once, applied in any order, to the same end.

What an event changes depends only on which events there are: of one message the
weightiest stays, suppressions are never taken back by an event but one (`UNREACHABLE`,
which is reckoned anew), and whoever returned by their own act after an event is not
touched by it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    and_,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from mailer.adapters.database import audit, settling, tallying
from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import LEFT, OWN_ACT
from mailer.adapters.database.schema import (
    consent_events,
    deliveries,
    mailings,
    provider_events,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.core.breaker import Tally
from mailer.core.events import RANKS, Event, EventKind, rank
from mailer.core.suppressions import Held
from mailer.core.tokens import address_hash
from mailer.ports import Applied

UNREACHABLE = "unreachable"  # suppressed after soft bounces alone
_SENDS, _SPAN = 5, timedelta(days=14)  # soft bounces, and over how long
_LOT = 500  # rows of one statement; a server takes 65,535 values in one
_ID, _DETAIL, _DOMAIN = 200, 500, 255  # characters that are kept


class SqlTracking:
    """What was told of deliveries, in SQL."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        """Take the key under which addresses are hashed."""
        self._database = database
        self._pepper = pepper

    def keep(self, provider: str, events: Sequence[Event], *, at: datetime) -> int:
        """Write down what was told; returns how much of it was not known yet."""
        rows = [
            {
                "provider": provider,
                "event_id": event.event_id[:_ID],
                "kind": event.kind,
                "address_hash": address_hash(self._pepper, event.address),
                "domain": event.address.rpartition("@")[2].lower()[:_DOMAIN],
                "provider_id": event.provider_id[:_ID] if event.provider_id else None,
                "status": event.status[:12] if event.status else None,
                "detail": event.detail[:_DETAIL],
                "happened_at": event.happened_at,
                "received_at": at,
                "mark": event.mark,
            }
            for event in events
        ]
        if not rows:
            return 0
        fresh = 0
        with self._database.writing() as connection:
            for start in range(0, len(rows), _LOT):
                kept = connection.execute(
                    self._database.insert(provider_events)
                    .values(rows[start : start + _LOT])
                    .on_conflict_do_nothing()
                    .returning(provider_events.c.id)
                )
                fresh += len(kept.all())
        return fresh

    def apply(self, *, most: int, at: datetime) -> Applied:
        """Apply what waits, up to `most` events, in any order to the same end."""
        waiting = (
            select(provider_events)
            .where(provider_events.c.applied_at.is_(None))
            .order_by(provider_events.c.id)
            .limit(most)
        )
        if not self._database.is_sqlite:  # two who apply take different ones
            waiting = waiting.with_for_update(skip_locked=True)
        with self._database.writing() as connection:
            rows = connection.execute(waiting).mappings().all()
            applying = Applying(self._database, connection, at)
            for row in rows:
                applying.apply(row)
        return applying.applied(len(rows))

    def settle(self, *, at: datetime) -> int:
        """Count as sent what was in doubt and an event shows to have been taken."""
        return settling.settle(self._database, at=at)

    def tally(self, mailing_id: int) -> Tally:
        """Return how a mailing fares since a person last let it go on."""
        with self._database.reading() as connection:
            found = tallying.counted(self._database, connection, mailing_id)
            heeded: dict[str, Any] | None = connection.scalar(
                select(mailings.c.heeded).where(mailings.c.id == mailing_id)
            )
        return found.since(Tally(**heeded)) if heeded else found


_Row = RowMapping | Mapping[str, Any]


class Applying:
    """Applies events within one transaction."""

    def __init__(
        self, database: Database, connection: Connection, at: datetime
    ) -> None:
        self._database = database
        self._connection = connection
        self._at = at
        self._counts: Counter[str] = Counter()
        self._blocked: set[str] = set()
        self._mailings: set[int] = set()

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many were suppressed, and how many subscriptions ended."""
        return self._counts

    def applied(self, events: int) -> Applied:
        """Return what so many events did."""
        return Applied(
            events=events,
            suppressed=self._counts["suppressed"],
            left=self._counts["left"],
            blocked=sorted(self._blocked),
            mailings=sorted(self._mailings),
        )

    def apply(self, event: RowMapping) -> None:
        """Change what one event changes, and mark it as applied."""
        if event["kind"] == EventKind.SENT:  # kept for `settling`, which needs it alone
            self._done(event, None)
            return
        subscriber = self._subscriber(event["address_hash"])
        mailing = None if subscriber is None else self._mark(event, subscriber)
        if not self._returned(subscriber, event["happened_at"]):
            self._heed(event, subscriber, mailing)
        if mailing is not None and event["kind"] in _ALARMING:
            self._mailings.add(mailing)
        self._done(event, mailing)

    def _done(self, event: RowMapping, mailing: int | None) -> None:
        self._connection.execute(
            update(provider_events)
            .where(provider_events.c.id == event["id"])
            .values(applied_at=self._at, mailing_id=mailing)
        )

    def _mark(self, event: RowMapping, subscriber: int) -> int | None:
        """Note it at the delivery it is about; returns the mailing's number."""
        mine = and_(
            deliveries.c.subscriber_id == subscriber,
            deliveries.c.provider == event["provider"],
            deliveries.c.state == "sent",
        )
        if event["provider_id"] is not None:
            mine = and_(mine, deliveries.c.provider_id == event["provider_id"])
        else:  # it tells of an address alone: of what was sent last before
            mine = and_(mine, deliveries.c.changed_at <= event["happened_at"])
        mailing: int | None = self._connection.scalar(
            select(deliveries.c.mailing_id)
            .where(mine)
            .order_by(deliveries.c.changed_at.desc(), deliveries.c.mailing_id.desc())
            .limit(1)
        )
        if mailing is None:
            return None
        lighter = [kind.value for kind in RANKS[: rank(EventKind(event["kind"])) - 1]]
        self._connection.execute(
            update(deliveries)
            .where(
                deliveries.c.mailing_id == mailing,
                deliveries.c.subscriber_id == subscriber,
                or_(deliveries.c.heard.is_(None), deliveries.c.heard.in_(lighter)),
            )
            .values(heard=event["kind"])
        )
        return mailing

    def _returned(self, subscriber: int | None, happened_at: datetime) -> bool:
        """Whether the person agreed anew, by their own act, after this happened."""
        if subscriber is None:
            return False
        found = self._connection.scalar(
            select(consent_events.c.id)
            .where(
                consent_events.c.subscriber_id == subscriber,
                consent_events.c.kind == "granted",
                consent_events.c.basis == OWN_ACT,
                consent_events.c.happened_at > happened_at,
            )
            .limit(1)
        )
        return found is not None

    def _heed(
        self, event: RowMapping, subscriber: int | None, mailing: int | None
    ) -> None:
        match EventKind(event["kind"]):
            case EventKind.HARD:
                self._suppress(event, "bounced")
            case EventKind.COMPLAINED:
                self._suppress(event, "complained")
                if subscriber is not None:
                    self._end(subscriber, None, "complained", event)
            case EventKind.UNSUBSCRIBED if subscriber is not None:
                self._end(subscriber, mailing, LEFT, event)
            case EventKind.UNSUBSCRIBED:
                self._suppress(event, "manual")
            case EventKind.BLOCK:
                self._blocked.add(event["domain"])
            case EventKind.SOFT | EventKind.DELIVERED if subscriber is not None:
                self._judge(event["address_hash"], subscriber)

    def listed(self, entry: _Row, held: Held) -> None:
        """Change what an entry of a provider's own list changes.

        It is of no message, so that who unsubscribed there has left every list:
        nothing of ours would reach them through it.
        """
        subscriber = self._subscriber(entry["address_hash"])
        match held:
            case Held.BOUNCED:
                self._suppress(entry, "bounced")
            case Held.MANUAL:
                self._suppress(entry, "manual")
            case Held.COMPLAINED:
                self._suppress(entry, "complained")
                if subscriber is not None:
                    self._end(subscriber, None, "complained", entry)
            case Held.UNSUBSCRIBED if subscriber is not None:
                self._end(subscriber, None, LEFT, entry)
            case Held.UNSUBSCRIBED:
                self._suppress(entry, "manual")

    def _subscriber(self, hashed: bytes) -> int | None:
        return self._connection.scalar(
            select(subscribers.c.id).where(subscribers.c.address_hash == hashed)
        )

    def _suppress(self, event: _Row, reason: str) -> None:
        stronger = case((suppressions.c.reason == "complained", "complained"),
                        else_=reason)  # fmt: skip
        done = self._connection.execute(
            self._database.insert(suppressions)
            .values(
                address_hash=event["address_hash"],
                reason=reason,
                since=self._at,
                told_by=event["provider"],
            )
            .on_conflict_do_update(
                index_elements=["address_hash"],
                set_={"reason": stronger, "told_by": event["provider"]},
                where=suppressions.c.reason.in_((UNREACHABLE, "bounced")),
            )
            .returning(suppressions.c.reason)
        )
        self._counts["suppressed"] += len(done.all())  # a server tells no rowcount

    def _end(
        self,
        subscriber: int,
        mailing: int | None,
        reason: str,
        event: _Row,
    ) -> None:
        """End the subscription to the mailing's list; without one, all of them."""
        mine = [
            subscriptions.c.subscriber_id == subscriber,
            subscriptions.c.state != "ended",
        ]
        if mailing is not None:
            its_list = select(mailings.c.list_number).where(mailings.c.id == mailing)
            mine.append(subscriptions.c.list_number == its_list.scalar_subquery())
        ended = self._connection.execute(
            update(subscriptions)
            .where(*mine)
            .values(state="ended", ended_reason=reason, changed_at=self._at)
            .returning(subscriptions.c.list_number)
        ).scalars()
        for list_number in list(ended):
            self._counts["left"] += 1
            self._connection.execute(
                insert(consent_events).values(
                    subscriber_id=subscriber,
                    list_number=list_number,
                    kind="withdrawn",
                    basis=f"{event['kind']} through the provider",
                    happened_at=event["happened_at"],
                    source=event["provider"],
                    recorded_at=self._at,
                )
            )
            audit.record(
                self._connection,
                at=self._at,
                actor=f"provider {event['provider']}",
                verb=reason,
                thing=f"subscription to list {list_number}",
                detail={"event": event["id"]},
            )

    def _judge(self, hashed: bytes, subscriber: int) -> None:
        """Suppress whom nothing reached for too long; take it back if something did."""
        reached = (
            select(func.max(deliveries.c.changed_at))
            .where(
                deliveries.c.subscriber_id == subscriber,
                deliveries.c.heard == EventKind.DELIVERED.value,
            )
            .scalar_subquery()
        )
        count, first, last = self._connection.execute(
            select(
                func.count(),
                func.min(deliveries.c.changed_at),
                func.max(deliveries.c.changed_at),
            ).where(
                deliveries.c.subscriber_id == subscriber,
                deliveries.c.heard == EventKind.SOFT.value,
                or_(reached.is_(None), deliveries.c.changed_at > reached),
            )
        ).one()
        if count >= _SENDS and last - first >= _SPAN:
            added = self._connection.execute(
                self._database.insert(suppressions)
                .values(address_hash=hashed, reason=UNREACHABLE, since=self._at)
                .on_conflict_do_nothing()
                .returning(suppressions.c.reason)
            )
            self._counts["suppressed"] += len(added.all())
        else:
            self._connection.execute(
                delete(suppressions).where(
                    suppressions.c.address_hash == hashed,
                    suppressions.c.reason == UNREACHABLE,
                )
            )


_ALARMING = (EventKind.HARD, EventKind.COMPLAINED, EventKind.BLOCK)
