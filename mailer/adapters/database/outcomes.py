"""What became of a batch, told to the ledger in one statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    column,
    func,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from mailer.adapters.database.schema import deliveries
from mailer.ports import Accepted, Deferred, Intent, Refused, Result, Unsure

_TYPES: Mapping[str, BigInteger | String] = {
    "new_state": String(),
    "new_reason": String(),
    "new_provider_id": String(),
    "new_subscriber": BigInteger(),
}
# By hand: the driver takes a list of tuples at a third of what a compiled statement
# costs per row.
_ONE = """
    UPDATE deliveries SET state = ?, reason = ?, provider_id = ?
    WHERE subscriber_id = ? AND mailing_id = ? AND variant_id = ? AND seq = ?
    AND state = ?
"""


class _Outcome(NamedTuple):
    state: str
    reason: str | None
    provider_id: str | None


def keep(
    connection: Connection,
    intent: Intent,
    results: Sequence[Result],
    *,
    at: datetime,
) -> None:
    """Record one result per addressee; whoever is not in this call stays as they are."""
    pairs = zip(intent.addressees, map(_outcome, results), strict=True)
    rows = [(*outcome, person.subscriber_id) for person, outcome in pairs]
    if not rows:
        return
    batch = intent.batch
    before = "unknown" if batch.unknown else "inflight"
    mine = and_(
        deliveries.c.mailing_id == batch.mailing.id,
        deliveries.c.variant_id == batch.variant_id,
        deliveries.c.seq == batch.seq,
        deliveries.c.state == before,
    )
    first = rows[0][:-1]
    if all(row[:-1] == first for row in rows):
        shared = dict(zip(_Outcome._fields, first, strict=True))
        connection.execute(
            update(deliveries).where(mine).values(changed_at=at, **shared)
        )
    elif connection.dialect.name == "sqlite":
        connection.execute(update(deliveries).where(mine).values(changed_at=at))
        here = (batch.mailing.id, batch.variant_id, batch.seq, before)
        connection.exec_driver_sql(_ONE, [(*row, *here) for row in rows])
    else:
        _together(connection, mine, rows, at)


def _together(
    connection: Connection,
    mine: ColumnElement[bool],
    rows: Sequence[tuple[Any, ...]],
    at: datetime,
) -> None:
    """Tell a server all of it at once: it is a round trip and a plan away."""
    new = (
        func.unnest(
            *(bindparam(name, type_=ARRAY(kind)) for name, kind in _TYPES.items())
        )
        .table_valued(
            *(column(name, kind) for name, kind in _TYPES.items()), name="new"
        )
        .render_derived()
    )
    connection.execute(
        update(deliveries)
        .where(mine, deliveries.c.subscriber_id == new.c.new_subscriber)
        .values(
            changed_at=at,
            **{name: new.c[f"new_{name}"] for name in _Outcome._fields},
        ),
        {
            name: list(values)
            for name, values in zip(_TYPES, zip(*rows, strict=True), strict=True)
        },
    )


def _outcome(result: Result) -> _Outcome:
    match result:
        case Accepted(provider_id=provider_id):
            return _Outcome("sent", None, provider_id)
        case Refused(code=code, detail=detail):
            return _Outcome("failed", f"{code}: {detail}"[:300], None)
        case Deferred(detail=detail):
            return _Outcome("pending", detail[:300], None)
        case Unsure(detail=detail):
            return _Outcome("unknown", detail[:300], None)
