"""Which delivery an event is about, where no message id of the provider tells.

An event may come before its message's outcome is recorded, or when nobody knows it yet.
Then the mark tells: the key of its call, which the message carries. Without one it is
whatever was handed to that provider for this reader last before, unless something
speaks against it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, select, tuple_

from mailer.adapters.database.schema import (
    batches,
    deliveries,
    provider_events,
    subscribers,
)
from mailer.core.events import call_mark, marks

Call = tuple[int, int]  # a batch: its variant and number
OPEN = ("inflight", "unknown", "parked")  # states of deliveries without an outcome
_TOLD_OF = ("sent", *OPEN, "pending")  # pending: a person sends it once more
_CLOCKS = timedelta(minutes=1)  # by which a provider's may be behind ours


class About(NamedTuple):
    """The delivery that an event is about."""

    mailing: int
    subscriber: int
    state: str
    call: Call | None  # the batch that it is in
    proven: bool  # by the key of that batch's own call


# All that was handed to the event's provider for the event's reader.
_HANDED = (
    select(
        provider_events.c.id,
        provider_events.c.provider_id.label("told_id"),
        provider_events.c.mark,
        provider_events.c.happened_at,
        subscribers.c.uid,
        deliveries.c.mailing_id,
        deliveries.c.subscriber_id,
        deliveries.c.variant_id,
        deliveries.c.seq,
        deliveries.c.state,
        deliveries.c.provider_id,
        deliveries.c.changed_at,
        batches.c.key,
        batches.c.sent_at,
    )
    .select_from(provider_events)
    .join(subscribers, subscribers.c.address_hash == provider_events.c.address_hash)
    .join(
        deliveries,
        and_(
            deliveries.c.subscriber_id == subscribers.c.id,
            deliveries.c.provider == provider_events.c.provider,
            deliveries.c.state.in_(_TOLD_OF),
        ),
    )
    .outerjoin(
        batches,
        and_(
            batches.c.variant_id == deliveries.c.variant_id,
            batches.c.seq == deliveries.c.seq,
        ),
    )
    .where(provider_events.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(provider_events.c.id)
)


def attribute(connection: Connection, events: Sequence[int]) -> Mapping[int, About]:
    """Return by event which delivery it is about; none where nothing can be told."""
    if not events:
        return {}
    rows = connection.execute(_HANDED, {"ids": events}).all()
    handed = {event: list(those) for event, those in groupby(rows, attrgetter("id"))}
    found: dict[int, About] = {}
    open_yet: dict[int, list[Any]] = {}
    for event, those in handed.items():
        certain = [row for row in those if _named(row) or _marked(row)]
        if certain:
            found[event] = _about(_latest(certain))
        else:
            open_yet[event] = those
    earlier = _earlier_calls(connection, open_yet.values())
    for event, those in open_yet.items():
        again = [row for row in those if _carried(row, earlier)]
        guessed = again or [row for row in those if _possible(row)]
        if guessed:
            found[event] = _about(_latest(guessed))
    return found


def lock(connection: Connection, calls: Collection[Call]) -> None:
    """Keep everybody from recording an outcome of these until the transaction ends."""
    here = (batches.c.variant_id, batches.c.seq)
    if calls:
        connection.execute(
            select(*here)
            .where(tuple_(*here).in_(sorted(calls)))
            .order_by(*here)
            .with_for_update()
        ).all()


def _named(row: Any) -> bool:
    return row.told_id is not None and row.told_id == row.provider_id


def _marked(row: Any) -> bool:
    return row.mark is not None and _is_of(row.mark, row.key, row.uid)


def _is_of(mark: str, key: str | None, uid: bytes) -> bool:
    return call_mark(key) is not None and mark in marks(str(key), bytes(uid))


def _possible(row: Any) -> bool:
    """Whether nothing says that the event is about something else."""
    other_id = row.told_id is not None and row.provider_id is not None
    other_call = row.mark is not None and row.key is not None
    # Of who waits to be sent it again, the call was earlier than anything shows.
    before = row.state == "pending" or _handed_over(row) <= row.happened_at + _CLOCKS
    return before and not (other_id or other_call)


def _handed_over(row: Any) -> Any:
    return row.sent_at or row.changed_at


def _latest(rows: Iterable[Any]) -> Any:
    return max(rows, key=lambda row: (_handed_over(row), row.mailing_id))


def _about(row: Any) -> About:
    return About(
        mailing=row.mailing_id,
        subscriber=row.subscriber_id,
        state=row.state,
        call=None if row.variant_id is None else (row.variant_id, row.seq),
        proven=_marked(row),
    )


def _earlier_calls(
    connection: Connection, handed: Iterable[Sequence[Any]]
) -> Mapping[int, Sequence[str]]:
    """Return by variant the keys of calls that nobody is in doubt about any more.

    Who was in one of them and was sent the same again by a person is in another batch.
    """
    variants = {row.variant_id for row in _flat(handed) if row.mark is not None}
    keys: dict[int, list[str]] = defaultdict(list)
    if variants - {None}:
        query = select(batches.c.variant_id, batches.c.key).where(
            batches.c.variant_id.in_(variants - {None}),
            batches.c.state == "done",
            batches.c.key.is_not(None),
        )
        for variant, key in connection.execute(query):
            keys[variant].append(key)
    return keys


def _carried(row: Any, earlier: Mapping[int, Sequence[str]]) -> bool:
    return row.mark is not None and any(
        _is_of(row.mark, key, row.uid) for key in earlier.get(row.variant_id, ())
    )


def _flat(handed: Iterable[Sequence[Any]]) -> Iterator[Any]:
    for rows in handed:
        yield from rows
