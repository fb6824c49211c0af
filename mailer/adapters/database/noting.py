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

from sqlalchemy import Connection, and_, bindparam, delete, or_, select, update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.erasing import ERASED
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
    subscribers: dict[int, int] = {}
    mailings: dict[int, int] = {}
    alarmed: set[int] = set()
    heeded: list[int] = []
    erased: list[int] = []
    said: dict[tuple[int, int], str] = {}  # the weightiest of each delivery
    before = None
    for event, kind, subscriber, mailing, suppressed in connection.execute(
        _ABOUT, {"ids": lot}
    ):
        if event == before:  # about the first row alone
            continue
        before = event
        if suppressed == ERASED:
            erased.append(event)
        if subscriber is not None:
            subscribers[event] = subscriber
        if mailing is not None:
            mailings[event] = mailing
            other = said.get((mailing, subscriber), kind)
            weightier = _WEIGHT[kind] >= _WEIGHT[other]
            said[mailing, subscriber] = kind if weightier else other
            if kind in _ALARMING:
                alarmed.add(mailing)
        if kind not in _SILENT and (kind != _ARRIVED or suppressed == unreachable):
            heeded.append(event)
    _say(database, connection, said)
    _apply(connection, lot, mailings, at)
    if erased:
        connection.execute(_OF_NOBODY, {"events": erased})
    if heeded:
        returned = set(connection.scalars(_RETURNED, {"ids": heeded}))
        heeded = [event for event in heeded if event not in returned]
    return Noted(
        subscribers=subscribers, mailings=mailings, heeded=heeded, alarmed=alarmed
    )


def _say(
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
