"""Messages in doubt that a provider's event shows to have been taken.

Each message carries the key of its call, and events give it back. Whether the event
came before the doubt or after it does not matter: what was told is looked up anew
for whoever is in doubt. What a person has decided meanwhile is in doubt no more.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, or_, select, tuple_, update

from mailer.adapters.database import audit, bulk
from mailer.adapters.database.closing import OPEN, PARKED
from mailer.adapters.database.engine import Database
from mailer.adapters.database.parked import settled
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    provider_events,
    subscribers,
)
from mailer.core.events import EventKind, call_mark, marks, rank

_DOUBT = ("unknown", "parked")
_LOT = 50  # batches looked at together


class _Proof(NamedTuple):
    """What was told of one message."""

    events: list[int]
    provider_id: str | None
    heard: str | None  # the weightiest


def settle(database: Database, *, at: datetime) -> int:
    """Count as sent whatever is proven; returns how many messages that were.

    Each batch is a transaction of its own.
    """
    count = 0
    doubtful = _open(database)
    for start in range(0, len(doubtful), _LOT):
        lot = doubtful[start : start + _LOT]
        proofs = _proofs(database, lot)
        for batch in lot:
            if proven := proofs.get((batch.variant_id, batch.seq)):
                with database.writing() as connection:
                    count += _close(connection, batch, proven, at)
    return count


def _open(database: Database) -> list[Any]:
    """Return the batches with somebody in doubt whose call has a key."""
    query = select(
        batches.c.variant_id,
        batches.c.seq,
        batches.c.mailing_id,
        batches.c.carrier,
        batches.c.key,
    ).where(
        or_(PARKED, and_(OPEN, batches.c.state == "unknown")),
        batches.c.key.is_not(None),
    )
    with database.reading() as connection:
        found = connection.execute(query).all()
    return [batch for batch in found if call_mark(batch.key)]


def _proofs(
    database: Database, lot: Sequence[Any]
) -> Mapping[tuple[int, int], Mapping[int, _Proof]]:
    """Return by batch and subscriber what events tell of whoever is in doubt."""
    by_batch = {(batch.variant_id, batch.seq): batch for batch in lot}
    people = (
        select(
            deliveries.c.variant_id,
            deliveries.c.seq,
            deliveries.c.subscriber_id,
            deliveries.c.address_hash,
            subscribers.c.uid,
        )
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(
            tuple_(deliveries.c.variant_id, deliveries.c.seq).in_(list(by_batch)),
            deliveries.c.state.in_(_DOUBT),
        )
    )
    found: dict[tuple[int, int], dict[int, _Proof]] = {}
    with database.reading() as connection:
        doubted = connection.execute(people).all()
        mine = {
            person: marks(by_batch[person.variant_id, person.seq].key, person.uid)
            for person in doubted
        }
        told = _told(database, connection, {m for both in mine.values() for m in both})
    for person, both in mine.items():
        batch = by_batch[person.variant_id, person.seq]
        about = (batch.carrier, bytes(person.address_hash))
        events = [event for mark in both for event in told.get((mark, *about), ())]
        if events:
            here = found.setdefault((person.variant_id, person.seq), {})
            here[person.subscriber_id] = _weighed(events)
    return found


def _told(
    database: Database, connection: Connection, wanted: set[str]
) -> Mapping[tuple[str, str, bytes], list[tuple[Any, ...]]]:
    """Return the events with these marks: id, provider's id and kind, by whom."""
    rows = bulk.select(
        database,
        connection,
        provider_events,
        chosen=["mark", "provider", "address_hash", "id", "provider_id", "kind"],
        column="mark",
        values=sorted(wanted),
    )
    told: dict[tuple[str, str, bytes], list[tuple[Any, ...]]] = {}
    for mark, provider, hashed, *event in rows:
        told.setdefault((mark, provider, bytes(hashed)), []).append(tuple(event))
    return told


def _weighed(events: Sequence[tuple[Any, ...]]) -> _Proof:
    kinds = sorted((EventKind(kind) for _, _, kind in events), key=rank)
    return _Proof(
        events=[number for number, _, _ in events],
        provider_id=next((known for _, known, _ in events if known), None),
        heard=None if kinds[-1] is EventKind.SENT else kinds[-1].value,
    )


def _close(
    connection: Connection,
    batch: Any,
    proven: Mapping[int, _Proof],
    at: datetime,
) -> int:
    """Write down what is proven of a batch; returns of how many messages."""
    here = and_(batches.c.variant_id == batch.variant_id, batches.c.seq == batch.seq)
    # Locked first, as whoever records an outcome does: no two wait for each other.
    state = connection.scalar(
        select(batches.c.state)
        .where(here, batches.c.key == batch.key, batches.c.state.in_(_DOUBT))
        .with_for_update()
    )
    doubted = [*_doubted(connection, batch)] if state else []
    sent = [number for number in doubted if number in proven]
    whole = len(sent) == len(doubted)
    # What is asked for or called again as a whole must not lose some of its readers.
    if not sent or (state == "unknown" and not whole):
        return 0
    for number in sent:
        _mark_sent(connection, batch, number, proven[number], at)
    if whole:  # the epoch: a worker who looks into it has nothing more to say
        connection.execute(
            update(batches)
            .where(here)
            .values(state="done", key=None, lease_epoch=batches.c.lease_epoch + 1)
        )
    settled(connection, batch.mailing_id, at)
    audit.record(
        connection,
        at=at,
        actor=f"provider {batch.carrier}",
        verb="settle",
        thing=f"mailing {batch.mailing_id}",
        detail={"deliveries": len(sent)},
    )
    return len(sent)


def _doubted(connection: Connection, batch: Any) -> Iterator[int]:
    query = select(deliveries.c.subscriber_id).where(
        deliveries.c.variant_id == batch.variant_id,
        deliveries.c.seq == batch.seq,
        deliveries.c.state.in_(_DOUBT),
    )
    yield from connection.scalars(query)


def _mark_sent(
    connection: Connection,
    batch: Any,
    subscriber: int,
    proof: _Proof,
    at: datetime,
) -> None:
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.mailing_id == batch.mailing_id,
            deliveries.c.subscriber_id == subscriber,
            deliveries.c.state.in_(_DOUBT),
        )
        .values(
            state="sent",
            reason="the provider told so later",
            provider_id=proof.provider_id,
            heard=proof.heard,
            changed_at=at,
        )
    )
    connection.execute(
        update(provider_events)
        .where(provider_events.c.id.in_(proof.events))
        .values(mailing_id=batch.mailing_id)
    )
