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
from mailer.adapters.database.statements import Statements
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
    UPDATE deliveries SET state = ?, reason = ?, provider_id = ?, changed_at = ?
    WHERE subscriber_id = ? AND mailing_id = ? AND variant_id = ? AND seq = ?
    AND state = ?
"""


class _Outcome(NamedTuple):
    state: str
    reason: str | None
    provider_id: str | None


def keep(
    connection: Connection,
    hot: Statements,
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
        state, reason, provider_id = first
        connection.execute(
            hot.settle,
            {
                "p_variant": batch.variant_id,
                "p_seq": batch.seq,
                "p_before": before,
                "p_state": state,
                "p_reason": reason,
                "p_provider_id": provider_id,
                "p_at": at,
            },
        )
    elif connection.dialect.name == "sqlite":
        here = (batch.mailing.id, batch.variant_id, batch.seq, before)
        when = _stored(connection, at)
        connection.exec_driver_sql(
            _ONE, [(*row[:-1], when, row[-1], *here) for row in rows]
        )
    else:
        _together(connection, mine, rows, at)


def _stored(connection: Connection, at: datetime) -> Any:
    """Write an instant as the statements that are not by hand do."""
    process = deliveries.c.changed_at.type.dialect_impl(
        connection.dialect
    ).bind_processor(connection.dialect)
    return process(at) if process else at


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
