"""Messages in doubt that a provider's event shows to have been taken.

Each message carries the key of its call, and events give it back. Whether the event
came before the doubt or after it does not matter: when something is told, those it is
about are looked at, and when a doubt begins, what was told of it before. What a person
has decided meanwhile is in doubt no more.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    or_,
    select,
    tuple_,
    update,
)

from mailer.adapters.database import audit, bulk, noting
from mailer.adapters.database.attributing import Call
from mailer.adapters.database.engine import Database
from mailer.adapters.database.parked import nobody_left, settled
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    provider_events,
    subscribers,
)
from mailer.adapters.database.types import Instant
from mailer.core.events import EventKind, call_mark, marks, rank

_DOUBT = ("unknown", "parked")
_LOT = 200  # batches looked at together

Told = Mapping[Call, Collection[int] | None]  # of whom in a batch; None: of anybody
Settled = Counter[tuple[int, str]]  # messages by mailing and provider


class _Proof(NamedTuple):
    """What was told of one message."""

    events: list[int]
    provider_id: str | None
    heard: str | None  # the weightiest


def look_back(
    database: Database, connection: Connection, calls: Iterable[Call], *, at: datetime
) -> None:
    """Count as sent what was told of these calls before anybody was in doubt."""
    close(connection, settle(database, connection, dict.fromkeys(calls), at=at), at=at)


def settle(
    database: Database, connection: Connection, told: Told, *, at: datetime
) -> Settled:
    """Count as sent whatever is proven of these batches; returns what that was.

    What becomes of their mailings is for `close`, later in the same transaction.
    """
    counts: Settled = Counter()
    calls = sorted(told)
    for start in range(0, len(calls), _LOT):
        lot = _locked(connection, calls[start : start + _LOT])
        if not lot:
            continue
        proofs = _proofs(database, connection, lot, told)
        for call, batch in lot.items():
            people = proofs.get(call, {})
            proven = {who: proof for who, proof in people.items() if proof}
            # What is asked for or called again as a whole must not lose some of its
            # readers.
            if not proven or (batch.state == "unknown" and len(proven) < len(people)):
                continue
            _mark_sent(database, connection, batch.mailing_id, proven, at)
            counts[batch.mailing_id, batch.carrier] += len(proven)
            if batch.state == "unknown":
                _end(connection, batch)
        nobody_left(connection, _these(lot))
    return counts


def close(connection: Connection, counts: Settled, *, at: datetime) -> None:
    """Close mailings in which nobody is left in doubt, and write down who said so."""
    for (mailing, provider), sent in sorted(counts.items()):
        settled(connection, mailing, at)
        audit.record(
            connection,
            at=at,
            actor=f"provider {provider}",
            verb="settle",
            thing=f"mailing {mailing}",
            detail={"deliveries": sent},
        )


def _these(calls: Iterable[Call]) -> ColumnElement[bool]:
    return tuple_(batches.c.variant_id, batches.c.seq).in_(list(calls))


def _locked(connection: Connection, calls: Sequence[Call]) -> Mapping[Call, Any]:
    """Return those of these batches that are in doubt and whose call has a key.

    Locked in one order by all, and before the deliveries, as whoever records an outcome
    does: no two wait for each other.
    """
    query = (
        select(
            batches.c.variant_id,
            batches.c.seq,
            batches.c.mailing_id,
            batches.c.carrier,
            batches.c.key,
            batches.c.state,
        )
        .where(_these(calls), batches.c.state.in_(_DOUBT), batches.c.key.is_not(None))
        .order_by(batches.c.variant_id, batches.c.seq)
        .with_for_update()
    )
    return {
        (row.variant_id, row.seq): row
        for row in connection.execute(query)
        if call_mark(row.key)
    }


def _doubted(
    connection: Connection, lot: Mapping[Call, Any], told: Told
) -> Iterator[Any]:
    """Yield who is in doubt: of a parked batch, whom something was told of."""
    whole: list[Call] = []
    some: list[Call] = []
    for call, batch in lot.items():
        one_by_one = batch.state == "parked" and told[call] is not None
        (some if one_by_one else whole).append(call)
    here = tuple_(deliveries.c.variant_id, deliveries.c.seq)
    people = sorted({who for call in some for who in told[call] or ()})
    query = (
        select(
            deliveries.c.variant_id,
            deliveries.c.seq,
            deliveries.c.subscriber_id,
            deliveries.c.address_hash,
            subscribers.c.uid,
        )
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(
            or_(
                here.in_(whole),
                and_(here.in_(some), deliveries.c.subscriber_id.in_(people)),
            ),
            deliveries.c.state.in_(_DOUBT),
        )
    )
    yield from connection.execute(query)


def _proofs(
    database: Database, connection: Connection, lot: Mapping[Call, Any], told: Told
) -> Mapping[Call, Mapping[int, _Proof | None]]:
    """Return by batch and subscriber what events tell of whoever is in doubt."""
    mine = [
        (person, marks(lot[person.variant_id, person.seq].key, bytes(person.uid)))
        for person in _doubted(connection, lot, told)
    ]
    events = _told(database, connection, {mark for _, both in mine for mark in both})
    found: dict[Call, dict[int, _Proof | None]] = {}
    for person, both in mine:
        call = (person.variant_id, person.seq)
        about = (lot[call].carrier, bytes(person.address_hash))
        those = [event for mark in both for event in events.get((mark, *about), ())]
        proof = _weighed(those) if those else None
        found.setdefault(call, {})[person.subscriber_id] = proof
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


def _end(connection: Connection, batch: Any) -> None:
    """Close a batch; the epoch: a worker who looks into it has nothing more to say."""
    connection.execute(
        update(batches)
        .where(_these([(batch.variant_id, batch.seq)]))
        .values(state="done", lease_epoch=batches.c.lease_epoch + 1)
    )


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
        changed_at=bindparam("p_at", type_=Instant()),
    )
)
# What is being applied by somebody else at this moment finds its mailing by itself: to
# wait for it while they wait for the batch would be for ever.
_ABOUT = (
    update(provider_events)
    .where(
        provider_events.c.id == bindparam("p_event", type_=BigInteger()),
        provider_events.c.mailing_id.is_(None),
        provider_events.c.applied_at.is_not(None),
    )
    .values(mailing_id=bindparam("p_mailing", type_=BigInteger()))
)


def _mark_sent(
    database: Database,
    connection: Connection,
    mailing_id: int,
    proofs: Mapping[int, _Proof],
    at: datetime,
) -> None:
    """Write down what is proven. Nobody decides in between: the batch is locked."""
    connection.execute(
        _SENT,
        [
            {
                "p_mailing": mailing_id,
                "p_subscriber": subscriber,
                "p_provider_id": proof.provider_id,
                "p_at": at,
            }
            for subscriber, proof in sorted(proofs.items())
        ],
    )
    noting.say(
        database,
        connection,
        {
            (mailing_id, subscriber): proof.heard
            for subscriber, proof in proofs.items()
            if proof.heard
        },
    )
    connection.execute(
        _ABOUT,
        [
            {"p_event": event, "p_mailing": mailing_id}
            for proof in proofs.values()
            for event in proof.events
        ],
    )
