"""Which deliveries a lot of events is about, noted there in a few statements.

Nearly all events say that something arrived, and change nothing but a word at its
delivery. Only what has consequences for a person is returned, to be heeded one by one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import OWN_ACT
from mailer.adapters.database.schema import (
    consent_events,
    deliveries,
    provider_events,
    subscribers,
    suppressions,
)
from mailer.core.events import RANKS, EventKind, rank

_SILENT = (EventKind.SENT, EventKind.DEFERRED)  # of no consequence to anybody
_ALARMING = (EventKind.HARD, EventKind.COMPLAINED, EventKind.BLOCK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What a lot of events is about."""

    subscribers: Mapping[int, int]  # by event; without those we do not know
    mailings: Mapping[int, int]  # by event; without those about none of ours
    heeded: Sequence[int]  # events with consequences, in the order they came
    alarmed: AbstractSet[int]  # mailings that may have to pause


# By address, and by the message where the provider names it; else of what was sent
# last before. An event that could be about several is about the first row.
_ABOUT = (
    select(
        provider_events.c.id,
        provider_events.c.kind,
        subscribers.c.id.label("subscriber"),
        deliveries.c.mailing_id.label("mailing"),
        suppressions.c.reason.label("suppressed"),
    )
    .select_from(provider_events)
    .outerjoin(
        subscribers, subscribers.c.address_hash == provider_events.c.address_hash
    )
    .outerjoin(
        deliveries,
        and_(
            deliveries.c.subscriber_id == subscribers.c.id,
            deliveries.c.provider == provider_events.c.provider,
            deliveries.c.state == "sent",
            or_(
                deliveries.c.provider_id == provider_events.c.provider_id,
                and_(
                    provider_events.c.provider_id.is_(None),
                    deliveries.c.changed_at <= provider_events.c.happened_at,
                ),
            ),
        ),
    )
    .outerjoin(
        suppressions, suppressions.c.address_hash == provider_events.c.address_hash
    )
    .where(
        provider_events.c.id.in_(bindparam("ids", expanding=True)),
        provider_events.c.kind != EventKind.SENT.value,  # `settling` alone needs them
    )
    .order_by(
        provider_events.c.id,
        deliveries.c.changed_at.desc(),
        deliveries.c.mailing_id.desc(),
    )
)
# The person agreed anew, by their own act, after this happened.
_RETURNED = (
    select(provider_events.c.id)
    .join(subscribers, subscribers.c.address_hash == provider_events.c.address_hash)
    .join(
        consent_events,
        and_(
            consent_events.c.subscriber_id == subscribers.c.id,
            consent_events.c.kind == "granted",
            consent_events.c.basis == OWN_ACT,
            consent_events.c.happened_at > provider_events.c.happened_at,
        ),
    )
    .where(provider_events.c.id.in_(bindparam("ids", expanding=True)))
)


def note(
    database: Database,
    connection: Connection,
    lot: Sequence[int],
    *,
    unreachable: str,
    at: datetime,
) -> Noted:
    """Note events at their deliveries, and mark them as applied.

    `unreachable` is the reason of a suppression that a delivery takes back.
    """
    found: Sequence[Any] = connection.execute(_ABOUT, {"ids": lot}).all()
    rows = [next(several) for _, several in groupby(found, key=attrgetter("id"))]
    _say(database, connection, rows)
    mailings = {row.id: row.mailing for row in rows if row.mailing is not None}
    _apply(connection, lot, mailings, at)
    heeded = [row.id for row in rows if _matters(row, unreachable)]
    if heeded:
        heeded = _without(heeded, connection.scalars(_RETURNED, {"ids": heeded}))
    return Noted(
        subscribers={row.id: row.subscriber for row in rows if row.subscriber},
        mailings=mailings,
        heeded=heeded,
        alarmed={
            row.mailing
            for row in rows
            if row.kind in _ALARMING and row.mailing is not None
        },
    )


def _matters(row: Any, unreachable: str) -> bool:
    if row.kind == EventKind.DELIVERED:
        return bool(row.suppressed == unreachable)
    return row.kind not in _SILENT


def _without(events: Iterable[int], others: Iterable[int]) -> list[int]:
    left_out = set(others)
    return [event for event in events if event not in left_out]


def _say(database: Database, connection: Connection, rows: Iterable[Any]) -> None:
    """Write the weightiest kind at each delivery, unless a weightier one is there."""
    weightiest: dict[tuple[int, int], str] = {}
    for row in rows:
        if row.mailing is not None:
            about, kind = (row.mailing, row.subscriber), row.kind
            before = weightiest.get(about, kind)
            weightiest[about] = kind if _WEIGHT[kind] >= _WEIGHT[before] else before
    people: dict[tuple[int, str], list[int]] = defaultdict(list)
    for (mailing, subscriber), kind in sorted(weightiest.items()):
        people[mailing, kind].append(subscriber)
    if not database.is_sqlite:  # in one order for all, so that no two wait for another
        for mailing, several in groupby(sorted(weightiest), key=itemgetter(0)):
            mine = [subscriber for _, subscriber in several]
            connection.execute(_LOCK, {"mailing": mailing, "people": mine})
    for (mailing, kind), mine in people.items():
        connection.execute(
            _SAY,
            {
                "mailing": mailing,
                "people": mine,
                "said": kind,
                "lighter": [each for each in _WEIGHT if _WEIGHT[each] < _WEIGHT[kind]],
            },
        )


_WEIGHT = {kind.value: rank(kind) for kind in RANKS}
_THEIRS = and_(
    deliveries.c.mailing_id == bindparam("mailing"),
    deliveries.c.subscriber_id.in_(bindparam("people", expanding=True)),
)
_LOCK = (
    select(deliveries.c.subscriber_id)
    .where(_THEIRS)
    .order_by(deliveries.c.subscriber_id)
    .with_for_update(key_share=True)
)
_SAY = (
    update(deliveries)
    .where(
        _THEIRS,
        or_(
            deliveries.c.heard.is_(None),
            deliveries.c.heard.in_(bindparam("lighter", expanding=True)),
        ),
    )
    .values(heard=bindparam("said"))
)


def _apply(
    connection: Connection,
    lot: Sequence[int],
    mailings: Mapping[int, int],
    at: datetime,
) -> None:
    events: dict[int | None, list[int]] = defaultdict(list)
    for event in lot:
        events[mailings.get(event)].append(event)
    for mailing, mine in events.items():
        connection.execute(_APPLIED, {"events": mine, "about": mailing, "at": at})


_APPLIED = (
    update(provider_events)
    .where(provider_events.c.id.in_(bindparam("events", expanding=True)))
    .values(applied_at=bindparam("at"), mailing_id=bindparam("about"))
)
