"""Which deliveries a lot of events is about, noted there in a few statements.

Nearly all events say that something arrived, and change nothing but a word at its
delivery. Only what has consequences for a person is returned, to be heeded one by one.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, or_, select, update

from mailer.adapters.database.attributing import OPEN, About, Call, attribute, lock
from mailer.adapters.database.engine import Database
from mailer.adapters.database.forgetting import ERASED
from mailer.adapters.database.people import OWN_ACT
from mailer.adapters.database.schema import (
    consent_events,
    deliveries,
    erasures,
    provider_events,
    subscribers,
    suppressions,
)
from mailer.core.events import RANKS, EventKind, rank

_SILENT = (EventKind.SENT, EventKind.DEFERRED)  # of no consequence to anybody
_ARRIVED = EventKind.DELIVERED  # takes back that somebody was given up
_ALARMING = (EventKind.HARD, EventKind.COMPLAINED, EventKind.BLOCK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What a lot of events is about."""

    subscribers: Mapping[int, int]  # by event; without those we do not know
    mailings: Mapping[int, int]  # by event; without those about none of ours
    heeded: Sequence[int]  # events with consequences, in the order they came
    alarmed: AbstractSet[int]  # mailings that may have to pause
    proven: Mapping[Call, AbstractSet[int]]  # who is shown to have been written to


# By address, and by the message where the provider names one that we know.
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
            deliveries.c.provider_id == provider_events.c.provider_id,
        ),
    )
    .outerjoin(
        suppressions, suppressions.c.address_hash == provider_events.c.address_hash
    )
    .where(provider_events.c.id.in_(bindparam("ids", expanding=True)))
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
    rows = {row.id: row for row in reversed(_read(connection, lot))}  # the first stays
    subscribers = {
        event: row.subscriber
        for event, row in rows.items()
        if row.subscriber is not None
    }
    mailings = {
        event: row.mailing for event, row in rows.items() if row.mailing is not None
    }
    others = attribute(connection, sorted(subscribers.keys() - mailings.keys()))
    # As whoever records an outcome does: first the batch, then its deliveries.
    calls = {a.call for a in others.values() if a.call and a.state in OPEN}
    if calls and not database.is_sqlite:
        lock(connection, calls)
        # While we waited a person may have sent them again: then they are elsewhere.
        others = attribute(connection, sorted(others))
        open_ones = {e: a.call for e, a in others.items() if a.call and a.state in OPEN}
        late = {event for event, call in open_ones.items() if call not in calls}
        lot = [event for event in lot if event not in late]  # the others wait
        rows, subscribers, others = (
            {event: it for event, it in each.items() if event not in late}
            for each in (rows, subscribers, others)
        )
    mailings |= {event: about.mailing for event, about in others.items()}
    kinds = {event: row.kind for event, row in rows.items()}
    waiting = {event for event, about in others.items() if about.state == "pending"}
    say(database, connection, _weightiest(kinds, subscribers, mailings, waiting))
    _apply(connection, lot, mailings, at)
    erased = [event for event, row in rows.items() if row.suppressed == ERASED]
    if erased:
        connection.execute(_OF_NOBODY, {"events": erased})
    return Noted(
        subscribers=subscribers,
        mailings=mailings,
        heeded=[
            event
            for event, row in sorted(rows.items())
            if row.kind not in _SILENT
            and (row.kind != _ARRIVED or row.suppressed == unreachable)
        ],
        alarmed={mailings[e] for e in mailings if kinds[e] in _ALARMING},
        proven=_proven(others),
    )


def returned(connection: Connection, events: Sequence[int]) -> AbstractSet[int]:
    """Return those of these events after which the person agreed anew."""
    return set(connection.scalars(_RETURNED, {"ids": events}))


def _read(connection: Connection, lot: Sequence[int]) -> Sequence[Any]:
    return connection.execute(_ABOUT, {"ids": lot}).all()


def _weightiest(
    kinds: Mapping[int, str],
    subscribers: Mapping[int, int],
    mailings: Mapping[int, int],
    waiting: AbstractSet[int],
) -> Mapping[tuple[int, int], str]:
    """Return by mailing and subscriber what weighs most of what was told now.

    Of who `waiting` is about, another message is on its way, of which nothing is told.
    """
    said: dict[tuple[int, int], str] = {}
    for event, mailing in mailings.items():
        kind, one = kinds[event], (mailing, subscribers[event])
        if kind == EventKind.SENT or event in waiting:
            continue
        if _WEIGHT[kind] >= _WEIGHT[said.get(one, kind)]:
            said[one] = kind
    return said


def _proven(others: Mapping[int, About]) -> Mapping[Call, AbstractSet[int]]:
    found: dict[Call, set[int]] = defaultdict(set)
    for about in others.values():
        if about.proven and about.call and about.state in OPEN:
            found[about.call].add(about.subscriber)
    return found


def say(
    database: Database, connection: Connection, said: Mapping[tuple[int, int], str]
) -> None:
    """Write each kind at its delivery, by mailing and subscriber; a weightier stays."""
    people: dict[tuple[int, str], list[int]] = defaultdict(list)
    for (mailing, subscriber), kind in sorted(said.items()):
        people[mailing, kind].append(subscriber)
    if not database.is_sqlite:  # in one order for all, so that no two wait for another
        for mailing, several in groupby(sorted(said), key=itemgetter(0)):
            mine = [subscriber for _, subscriber in several]
            connection.execute(_LOCK, {"mailing": mailing, "people": mine})
    for (mailing, kind), mine in people.items():
        lighter = [each for each in _WEIGHT if _WEIGHT[each] < _WEIGHT[kind]]
        values = {"mailing": mailing, "people": mine, "said": kind, "lighter": lighter}
        connection.execute(_SAY, values)


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


# Of somebody who is erased nothing is kept, once no call of theirs is open.
_OF_NOBODY = delete(provider_events).where(
    provider_events.c.id.in_(bindparam("events", expanding=True)),
    provider_events.c.address_hash.in_(
        select(erasures.c.address_hash).where(erasures.c.completed_at.is_not(None))
    ),
)
_APPLIED = (
    update(provider_events)
    .where(provider_events.c.id.in_(bindparam("events", expanding=True)))
    .values(applied_at=bindparam("at"), mailing_id=bindparam("about"))
)
