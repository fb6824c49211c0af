"""Messages in doubt that a provider's event shows to have been taken.

Each message carries the key of its call, and events give it back. Whether the event
came before the doubt or after it does not matter: what was told is looked up anew
for whoever is in doubt. What a person has decided meanwhile is in doubt no more.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    String,
    and_,
    bindparam,
    or_,
    select,
    tuple_,
    update,
)

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
from mailer.adapters.database.types import Instant
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

    Some batches at a time are a transaction of their own.
    """
    count = 0
    doubtful = _open(database)
    for start in range(0, len(doubtful), _LOT):
        lot = doubtful[start : start + _LOT]
        if proofs := _proofs(database, lot):
            with database.writing() as connection:
                count += _settle(connection, lot, proofs, at)
    return count


def _settle(
    connection: Connection,
    lot: Sequence[Any],
    proofs: Mapping[tuple[int, int], Mapping[int, _Proof]],
    at: datetime,
) -> int:
    counts: Counter[tuple[int, str]] = Counter()
    for batch in lot:
        if proven := proofs.get((batch.variant_id, batch.seq)):
            sent = _close(connection, batch, proven, at)
            counts[batch.mailing_id, batch.carrier] += sent
    for (mailing, provider), sent in counts.items():
        if not sent:
            continue
        settled(connection, mailing, at)
        audit.record(
            connection,
            at=at,
            actor=f"provider {provider}",
            verb="settle",
            thing=f"mailing {mailing}",
            detail={"deliveries": sent},
        )
    return counts.total()


def _open(database: Database) -> list[Any]:
    """Return the batches with somebody in doubt whose call has a key."""
    query = (
        select(
            batches.c.variant_id,
            batches.c.seq,
            batches.c.mailing_id,
            batches.c.carrier,
            batches.c.key,
        )
        .where(
            or_(PARKED, and_(OPEN, batches.c.state == "unknown")),
            batches.c.key.is_not(None),
        )
        .order_by(batches.c.variant_id, batches.c.seq)
    )  # locked in one order by all
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
    mine = {number: proven[number] for number in sent}
    _mark_sent(connection, batch.mailing_id, mine, at)
    if whole:  # the epoch: a worker who looks into it has nothing more to say
        connection.execute(
            update(batches)
            .where(here)
            .values(state="done", key=None, lease_epoch=batches.c.lease_epoch + 1)
        )
    return len(sent)


def _doubted(connection: Connection, batch: Any) -> Iterator[int]:
    query = select(deliveries.c.subscriber_id).where(
        deliveries.c.variant_id == batch.variant_id,
        deliveries.c.seq == batch.seq,
        deliveries.c.state.in_(_DOUBT),
    )
    yield from connection.scalars(query)


# Built once: there may be one for each message of a mailing.
_SENT = (
    update(deliveries)
    .where(
        deliveries.c.mailing_id == bindparam("p_mailing", type_=BigInteger()),
        deliveries.c.subscriber_id == bindparam("p_subscriber", type_=BigInteger()),
        or_(deliveries.c.state == "unknown", deliveries.c.state == "parked"),
    )
    .values(
        state="sent",
        reason="the provider told so later",
        provider_id=bindparam("p_provider_id", type_=String()),
        heard=bindparam("p_heard", type_=String()),
        changed_at=bindparam("p_at", type_=Instant()),
    )
)
_ABOUT = (
    update(provider_events)
    .where(provider_events.c.id == bindparam("p_event", type_=BigInteger()))
    .values(mailing_id=bindparam("p_mailing", type_=BigInteger()))
)


def _mark_sent(
    connection: Connection,
    mailing_id: int,
    proofs: Mapping[int, _Proof],
    at: datetime,
) -> None:
    connection.execute(
        _SENT,
        [
            {
                "p_mailing": mailing_id,
                "p_subscriber": subscriber,
                "p_provider_id": proof.provider_id,
                "p_heard": proof.heard,
                "p_at": at,
            }
            for subscriber, proof in proofs.items()
        ],
    )
    connection.execute(
        _ABOUT,
        [
            {"p_event": event, "p_mailing": mailing_id}
            for proof in proofs.values()
            for event in proof.events
        ],
    )
