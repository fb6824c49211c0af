"""What became of a batch, told to the ledger in one statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
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
    "new_subscriber": BigInteger(),
    "new_state": String(),
    "new_reason": String(),
    "new_provider_id": String(),
}


def keep(
    connection: Connection,
    intent: Intent,
    results: Sequence[Result],
    *,
    provider: str,
    at: datetime,
) -> None:
    """Record one result per addressee; whoever is not in flight stays as they are."""
    rows = [
        (addressee.subscriber_id, *_columns(result))
        for addressee, result in zip(intent.addressees, results, strict=True)
    ]
    if not rows:
        return
    mine = and_(
        deliveries.c.mailing_id == intent.batch.mailing.id,
        deliveries.c.variant_id == intent.batch.variant_id,
        deliveries.c.seq == intent.batch.seq,
        deliveries.c.state == "inflight",
    )
    shared = {"provider": provider, "changed_at": at}
    if connection.dialect.name == "sqlite":
        connection.execute(
            update(deliveries)
            .where(mine, deliveries.c.subscriber_id == bindparam("new_subscriber"))
            .values(**_named(bindparam), **shared),
            [dict(zip(_TYPES, row, strict=True)) for row in rows],
        )
        return
    # A server is a round trip and a plan away: one statement takes the whole batch.
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
        .values(**_named(lambda name: new.c[name]), **shared),
        {
            name: list(values)
            for name, values in zip(_TYPES, zip(*rows, strict=True), strict=True)
        },
    )


def _named(find: Any) -> dict[str, Any]:
    return {name: find(f"new_{name}") for name in ("state", "reason", "provider_id")}


def _columns(result: Result) -> tuple[str, str | None, str | None]:
    """Return state, reason and the provider's name for it."""
    match result:
        case Accepted(provider_id=provider_id):
            return "sent", None, provider_id
        case Refused(code=code, detail=detail):
            return "failed", f"{code}: {detail}"[:300], None
        case Deferred(detail=detail):
            return "pending", detail[:300], None
        case Unsure(detail=detail):
            return "unknown", detail[:300], None
