"""All of the ledger at one moment, and which changes of it are documented."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from mailer.adapters.database.engine import Database

_MAILINGS = text("SELECT id, state FROM mailings")
_BATCHES = text(
    "SELECT variant_id, seq, mailing_id, state, lease_epoch, lease_until, not_before,"
    " attempt, carrier, key, fingerprint FROM batches"
)
_DELIVERIES = text(
    "SELECT mailing_id, subscriber_id, state, variant_id, seq, address_hash, reason"
    " FROM deliveries"
)
OPEN_BATCHES = ("ready", "leased", "inflight", "unknown")
OPEN_DELIVERIES = ("pending", "inflight", "unknown")
# In which batches a delivery of a state may be; whoever is settled may be in any.
_REACH: Mapping[str, tuple[str, ...]] = {
    "pending": ("ready", "leased"),
    "inflight": ("inflight",),
    "unknown": ("unknown", "inflight"),  # inflight: the call is made again
    "parked": ("parked",),
}


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch."""

    mailing: int
    state: str
    epoch: int
    rest: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery."""

    state: str
    batch: tuple[int, int] | None
    address: bytes
    reason: str | None


@dataclass(frozen=True, slots=True)
class Picture:
    """The ledger at one moment."""

    mailings: Mapping[int, str]
    batches: Mapping[tuple[int, int], BatchRow]
    deliveries: Mapping[tuple[int, int], DeliveryRow]

    def audience(self, mailing: int) -> set[int]:
        """Return whom a mailing has a delivery for."""
        return {person for number, person in self.deliveries if number == mailing}

    def in_doubt(self) -> set[int]:
        """Return for whom a call is open."""
        return {
            who[1]
            for who, delivery in self.deliveries.items()
            if delivery.state in ("inflight", "unknown")
        }

    def open_batches(self) -> bool:
        """Whether anything is left to do."""
        return any(batch.state in OPEN_BATCHES for batch in self.batches.values())


NOTHING = Picture({}, {}, {})


def take(database: Database) -> Picture:
    """Read all of the ledger."""
    with database.reading() as connection:
        mailings = connection.execute(_MAILINGS).all()
        batches = connection.execute(_BATCHES).all()
        deliveries = connection.execute(_DELIVERIES).all()
    return Picture(
        mailings={row.id: row.state for row in mailings},
        batches={
            (row.variant_id, row.seq): BatchRow(
                row.mailing_id, row.state, row.lease_epoch, tuple(row[5:])
            )
            for row in batches
        },
        deliveries={
            (row.mailing_id, row.subscriber_id): DeliveryRow(
                row.state,
                None if row.seq is None else (row.variant_id, row.seq),
                bytes(row.address_hash),
                row.reason,
            )
            for row in deliveries
        },
    )


@dataclass(frozen=True, slots=True)
class Law:
    """What one act may do, as "before>after", and whether it makes batches."""

    batches: str = ""
    deliveries: str = ""
    mailings: str = ""
    makes: bool = False


_ENDS = "sending>finished sending>unresolved"
# As the diagrams in docs have it. Whoever adds to this adds there.
LAWS: Mapping[str, Law] = {
    "claim": Law("ready>leased inflight>unknown", "inflight>unknown", _ENDS),
    "begin": Law(
        "leased>inflight leased>ready leased>done",
        "pending>inflight pending>suppressed pending>skipped",
        _ENDS,
    ),
    "release": Law("leased>ready"),
    "begin_again": Law("unknown>inflight"),
    "record": Law(
        "inflight>done inflight>ready inflight>unknown unknown>done unknown>ready",
        "inflight>sent inflight>failed inflight>pending inflight>unknown"
        " unknown>sent unknown>failed unknown>pending"
        " inflight>skipped unknown>skipped",  # it was cancelled meanwhile
        _ENDS,
        makes=True,
    ),
    "put_back": Law(
        "inflight>ready inflight>done",
        "inflight>pending inflight>skipped",
        _ENDS,
    ),
    "split": Law(
        "inflight>ready inflight>done",
        "inflight>pending inflight>skipped unknown>pending unknown>skipped",
        _ENDS,
        makes=True,
    ),
    "alike": Law(),
    "wonder": Law("inflight>unknown"),
    "park": Law("unknown>parked", "unknown>parked", _ENDS),
    "hold_off": Law(),
    "bar": Law(),
    "barred": Law(),
    "pause": Law(mailings="sending>paused"),
    "resume": Law(mailings="paused>sending paused>finished paused>unresolved"),
    "cancel": Law(
        "ready>done leased>done",
        "pending>skipped",
        "sending>cancelled paused>cancelled",
    ),
    "resend": Law(
        "parked>done",
        "parked>pending",
        "unresolved>sending",
        makes=True,
    ),
    "mark sent": Law(
        "parked>done", "parked>sent", "unresolved>finished unresolved>sending"
    ),
}


def changes(verb: str, before: Picture, after: Picture) -> Iterator[str]:
    """Say what an act has changed that it may not: all of I6 and I8 that shows here."""
    law = LAWS[verb]
    yield from _moves("mailing", before.mailings, after.mailings, law.mailings)
    yield from _moves(
        "batch", _states(before.batches), _states(after.batches), law.batches
    )
    yield from _moves(
        "delivery",
        _states(before.deliveries),
        _states(after.deliveries),
        law.deliveries,
    )
    if before.deliveries.keys() != after.deliveries.keys():
        yield f"I1: {verb} made or lost deliveries"
    if before.batches.keys() != after.batches.keys() and not law.makes:
        yield f"I8: {verb} made or lost batches"
    for at, batch in before.batches.items():
        if at in after.batches and after.batches[at].epoch < batch.epoch:
            yield f"I6: {verb} took the epoch of batch {at} back"
    for who, delivery in before.deliveries.items():
        now = after.deliveries.get(who, delivery)
        moved = now.batch != delivery.batch and not law.makes
        if moved or now.address != delivery.address:
            yield f"I1: {verb} moved the {delivery.state} delivery {who}"


def disorder(picture: Picture) -> Iterator[str]:
    """Say who is in nobody's reach, or in reach of what will not settle them (I1)."""
    reached = set()
    for who, delivery in picture.deliveries.items():
        batch = picture.batches.get(delivery.batch) if delivery.batch else None
        expected = _REACH.get(delivery.state)
        if expected is None:
            continue
        reached.add(delivery.batch)
        if batch is None or batch.mailing != who[0] or batch.state not in expected:
            found = batch.state if batch else "no"
            yield f"I1: the {delivery.state} delivery {who} is in {found} batch"
    for number, state in picture.mailings.items():
        mine = [b.state for b in picture.batches.values() if b.mailing == number]
        over = state in ("finished", "unresolved")
        if over and any(batch in OPEN_BATCHES for batch in mine):
            yield f"I8: mailing {number} is {state} with open batches"
        if over and (state == "unresolved") != ("parked" in mine):
            yield f"I8: mailing {number} is {state}, and its batches are {mine}"


def _states(rows: Mapping[Any, BatchRow | DeliveryRow]) -> Mapping[Any, str]:
    return {key: row.state for key, row in rows.items()}


def _moves(
    what: str, before: Mapping[Any, str], after: Mapping[Any, str], law: str
) -> Iterable[str]:
    allowed = law.split()
    for key, state in before.items():
        now = after.get(key, "gone")
        if now != state and f"{state}>{now}" not in allowed:
            yield f"I8: {what} {key}: {state}>{now}"
