"""Applies what providers told of deliveries: to suppressions, subscriptions, mailings.

What an event changes depends only on which events there are: of one message the
weightiest stays, suppressions are never taken back by an event but one (`UNREACHABLE`,
which is reckoned anew), and whoever returned by their own act after an event is not
touched by it.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from mailer.adapters.database import audit, noting, settling
from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import LEFT
from mailer.adapters.database.schema import (
    consent_events,
    deliveries,
    mailings,
    provider_events,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.core.events import EventKind
from mailer.core.suppressions import Held
from mailer.ports import Applied

UNREACHABLE = "unreachable"  # suppressed after soft bounces alone
_SENDS, _SPAN = 5, timedelta(days=14)  # soft bounces, and over how long
_JUDGED = (EventKind.SOFT, EventKind.DELIVERED)  # may show whether mail arrives


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

    def apply(self, lot: Sequence[int]) -> None:
        """Change what some events change, and mark them as applied."""
        noted = noting.note(
            self._database, self._connection, lot, unreachable=UNREACHABLE, at=self._at
        )
        self._mailings |= noted.alarmed
        proven = settling.settle(
            self._database, self._connection, noted.proven, at=self._at
        )
        if noted.heeded:
            self._heed_all(noted)
        # Last, as the order of locks has it.
        settling.close(self._connection, proven, at=self._at)

    def _heed_all(self, noted: noting.Noted) -> None:
        whose = {noted.subscribers.get(event) for event in noted.heeded}
        self.hold([each for each in whose if each is not None])
        # Only now: who is just coming back has come back.
        returned = noting.returned(self._connection, noted.heeded)
        heeded = (
            select(provider_events)
            .where(provider_events.c.id.in_({*noted.heeded} - returned))
            .order_by(provider_events.c.id)
        )
        told: list[tuple[_Row, str]] = []
        judged: dict[int, bytes] = {}
        for event in self._connection.execute(heeded).mappings().all():
            subscriber = noted.subscribers.get(event["id"])
            if reason := _reason(event["kind"], known=subscriber is not None):
                told.append((event, reason))
            if subscriber is not None and event["kind"] in _JUDGED:
                judged[subscriber] = event["address_hash"]
            self._heed(event, subscriber, noted.mailings.get(event["id"]))
        self._judge(judged)
        self._suppress(told)

    def hold(self, people: Collection[int]) -> None:
        """Keep others from changing whether these are written to, until this ends.

        One by one, in the order of events, two would wait for each other for ever.
        """
        if people and not self._database.is_sqlite:
            self._connection.execute(_HOLD, {"people": sorted(people)}).all()

    def _heed(
        self, event: RowMapping, subscriber: int | None, mailing: int | None
    ) -> None:
        match EventKind(event["kind"]):
            case EventKind.COMPLAINED if subscriber is not None:
                self._end(subscriber, None, "complained", event)
            case EventKind.UNSUBSCRIBED if subscriber is not None:
                self._end(subscriber, mailing, LEFT, event)
            case EventKind.BLOCK:
                self._blocked.add(event["domain"])

    def listed(self, entry: _Row, held: Held) -> None:
        """Change what an entry of a provider's own list changes.

        It is of no message, so that who unsubscribed there has left every list:
        nothing of ours would reach them through it.
        """
        subscriber = self._subscriber(entry["address_hash"])
        match held:
            case Held.BOUNCED:
                self._suppress([(entry, "bounced")])
            case Held.MANUAL:
                self._suppress([(entry, "manual")])
            case Held.COMPLAINED:
                self._suppress([(entry, "complained")])
                if subscriber is not None:
                    self._end(subscriber, None, "complained", entry)
            case Held.UNSUBSCRIBED if subscriber is not None:
                self._end(subscriber, None, LEFT, entry)
            case Held.UNSUBSCRIBED:
                self._suppress([(entry, "manual")])

    def _subscriber(self, hashed: bytes) -> int | None:
        return self._connection.scalar(
            select(subscribers.c.id).where(subscribers.c.address_hash == hashed)
        )

    def _suppress(self, told: Collection[tuple[_Row, str]]) -> None:
        """Suppress addresses for these reasons, each once and in one order for all."""
        lightest_first = sorted(told, key=lambda each: _WEIGHTS.index(each[1]))
        rows = {
            entry["address_hash"]: {
                "address_hash": entry["address_hash"],
                "reason": reason,
                "since": self._at,
                "told_by": entry["provider"],
            }
            for entry, reason in lightest_first
        }
        if not rows:
            return
        done = self._connection.execute(
            _suppressing(self._database), [row for _, row in sorted(rows.items())]
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
                insert(consent_events),
                {
                    "subscriber_id": subscriber,
                    "list_number": list_number,
                    "kind": "withdrawn",
                    "basis": _basis(event["kind"]),
                    "happened_at": event["happened_at"],
                    "source": event["provider"],
                    "recorded_at": self._at,
                },
            )
            audit.record(
                self._connection,
                at=self._at,
                actor=f"provider {event['provider']}",
                verb=reason,
                thing=f"subscription to list {list_number}",
                detail={"event": event["id"]},
            )
        if reason == "complained":
            self._connection.execute(_LEFT_AS_WELL, {"subscriber": subscriber})

    def _judge(self, people: Mapping[int, bytes]) -> None:
        """Suppress whom nothing reached for too long; take it back if something did."""
        if not people:
            return
        often = self._connection.scalars(_BOUNCED_OFTEN, {"people": sorted(people)})
        lost = {people[each] for each in often.all() if self._is_lost(each)}
        for hashed in sorted(lost):
            added = self._connection.execute(
                self._database.insert(suppressions)
                .values(address_hash=hashed, reason=UNREACHABLE, since=self._at)
                .on_conflict_do_nothing()
                .returning(suppressions.c.reason)
            )
            self._counts["suppressed"] += len(added.all())
        reached = sorted({*people.values()} - lost)
        self._connection.execute(_REACHED_AGAIN, {"reached": reached})

    def _is_lost(self, subscriber: int) -> bool:
        count, first, last = self._connection.execute(
            _BOUNCED_SINCE, {"subscriber": subscriber}
        ).one()
        return bool(count >= _SENDS and last - first >= _SPAN)


def _suppressing(database: Database) -> Any:
    """Return the INSERT of a suppression; a weaker one that is there gives way."""
    new = database.insert(suppressions)
    stronger = case(
        (suppressions.c.reason == "complained", "complained"),
        else_=new.excluded.reason,
    )
    return new.on_conflict_do_update(
        index_elements=["address_hash"],
        set_={
            "reason": stronger,
            "told_by": new.excluded.told_by,
            # From now on others are to know what they were not told before.
            "since": case(
                (suppressions.c.reason == UNREACHABLE, new.excluded.since),
                else_=suppressions.c.since,
            ),
        },
        where=or_(
            suppressions.c.reason == UNREACHABLE,
            suppressions.c.reason == "bounced",
            and_(  # whoever comes first: a complaint outweighs what no person decided
                new.excluded.reason == "complained",
                suppressions.c.told_by.is_not(None),
            ),
        ),
    ).returning(suppressions.c.reason)


_WEIGHTS = ("bounced", "manual", "complained")  # reasons of suppressions


def _reason(kind: str, *, known: bool) -> str | None:
    """Return for which an event suppresses; of who is known, who left has only left."""
    match EventKind(kind):
        case EventKind.HARD:
            return "bounced"
        case EventKind.COMPLAINED:
            return "complained"
        case EventKind.UNSUBSCRIBED if not known:
            return "manual"
    return None


_HOLD = (
    select(subscribers.c.id)
    .where(subscribers.c.id.in_(bindparam("people", expanding=True)))
    .order_by(subscribers.c.id)
    .with_for_update(key_share=True)
)


def _basis(kind: str) -> str:
    return f"{kind} through the provider"


# Whoever unsubscribed through the provider and complained has complained, whichever was
# told first. What they left by an act of their own with us stays as it is.
_LEFT_AS_WELL = (
    update(subscriptions)
    .where(
        subscriptions.c.subscriber_id == bindparam("subscriber"),
        subscriptions.c.ended_reason == LEFT,
        exists().where(
            consent_events.c.subscriber_id == subscriptions.c.subscriber_id,
            consent_events.c.list_number == subscriptions.c.list_number,
            consent_events.c.kind == "withdrawn",
            consent_events.c.basis == _basis(EventKind.UNSUBSCRIBED.value),
        ),
    )
    .values(ended_reason="complained")
)
_REACHED_AGAIN = delete(suppressions).where(
    suppressions.c.address_hash.in_(bindparam("reached", expanding=True)),
    suppressions.c.reason == UNREACHABLE,
)
# Of nearly everybody: not so often, whatever arrived in between.
_BOUNCED_OFTEN = (
    select(deliveries.c.subscriber_id)
    .where(
        deliveries.c.subscriber_id.in_(bindparam("people", expanding=True)),
        deliveries.c.heard == EventKind.SOFT.value,
    )
    .group_by(deliveries.c.subscriber_id)
    .having(func.count() >= _SENDS)
)
# Soft bounces since something last arrived: how many, the first and the last.
_REACHED = (
    select(func.max(deliveries.c.changed_at))
    .where(
        deliveries.c.subscriber_id == bindparam("subscriber"),
        deliveries.c.heard == EventKind.DELIVERED.value,
    )
    .scalar_subquery()
)
_BOUNCED_SINCE = select(
    func.count(),
    func.min(deliveries.c.changed_at),
    func.max(deliveries.c.changed_at),
).where(
    deliveries.c.subscriber_id == bindparam("subscriber"),
    deliveries.c.heard == EventKind.SOFT.value,
    or_(_REACHED.is_(None), deliveries.c.changed_at > _REACHED),
)
