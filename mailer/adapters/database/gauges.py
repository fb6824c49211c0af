"""How the ledger stands at this moment, in a few numbers that cost little to read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, case, func, or_, select

from mailer.adapters.database.closing import OPEN, PARKED
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    instance,
    mailings,
    paces,
)
from mailer.core.allowing import KEPT
from mailer.core.events import EventKind
from mailer.ports import Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """Counts by state, and what waits."""

    mailings: Mapping[str, int]
    batches: Mapping[str, int]  # those that are open or parked
    parked: int  # deliveries that wait for a person
    oldest: datetime | None  # when the oldest mailing that is sending was planned
    stopped: bool


def gauges(database: Database) -> Gauges:
    """Read them in one moment; nothing but what is open or parked is looked at."""
    parked = (
        select(func.count())
        .select_from(
            batches.join(
                deliveries,
                and_(
                    deliveries.c.variant_id == batches.c.variant_id,
                    deliveries.c.seq == batches.c.seq,
                ),
            )
        )
        .where(PARKED, deliveries.c.state == "parked")
    )
    oldest = select(func.min(mailings.c.planned_at)).where(
        mailings.c.state == "sending"
    )
    stopped = select(func.count()).where(instance.c.stopped_at.is_not(None))
    with database.reading() as connection:
        return Gauges(
            mailings=_by_state(connection, _counted(mailings)),
            batches=_by_state(connection, _counted(batches).where(or_(OPEN, PARKED))),
            parked=int(connection.scalar(parked) or 0),
            oldest=connection.scalar(oldest),
            stopped=bool(connection.scalar(stopped)),
        )


def held(database: Database) -> Sequence[Held]:
    """Return what waits for its time, the longest first."""
    seconds = paces.c.free_at - database.seconds()
    query = (
        select(paces.c.name, seconds.label("seconds"), paces.c.detail)
        .where(seconds > 0)
        .order_by(seconds.desc())
    )
    with database.reading() as connection:
        return [
            Held(name=row.name, seconds=float(row.seconds), reason=row.detail)
            for row in connection.execute(query)
        ]


def kept(database: Database, mailing_id: int) -> int:
    """Count what counts as sent and went to the outbox: only some might be mailed."""
    query = select(func.count()).where(
        deliveries.c.mailing_id == mailing_id,
        deliveries.c.state == "sent",
        deliveries.c.provider_id.startswith(KEPT, autoescape=True),
    )
    with database.reading() as connection:
        return int(connection.scalar(query) or 0)


def told(
    database: Database, mailing_ids: Sequence[int]
) -> Mapping[int, Mapping[str, int]]:
    """Count, by mailing, what providers told of whom it did not please or reach.

    One statement over the index of what was heard, however many were delivered.
    """
    words = {
        EventKind.HARD.value: "bounced",
        EventKind.COMPLAINED.value: "complained",
        EventKind.BLOCK.value: "blocked",
    }
    query = (
        select(deliveries.c.mailing_id, deliveries.c.heard, func.count())
        .where(deliveries.c.mailing_id.in_(mailing_ids), deliveries.c.heard.in_(words))
        .group_by(deliveries.c.mailing_id, deliveries.c.heard)
    )
    found = {number: dict.fromkeys(words.values(), 0) for number in mailing_ids}
    with database.reading() as connection:
        for number, kind, count in connection.execute(query):
            found[number][words[kind]] = count
    return found


def looked_into(database: Database, mailing_id: int) -> float:
    """Return in how many seconds the first call in doubt can be looked into."""
    due = func.min(
        case(
            (batches.c.state == "inflight", batches.c.lease_until),
            else_=batches.c.not_before,
        )
    )
    query = select(due - database.seconds()).where(
        batches.c.mailing_id == mailing_id,
        batches.c.state.in_(("inflight", "unknown")),
    )
    with database.reading() as connection:
        return max(0.0, float(connection.scalar(query) or 0.0))


def _by_state(connection: Connection, query: Select[Any]) -> Mapping[str, int]:
    return {row[0]: row[1] for row in connection.execute(query)}


def _counted(table: Table) -> Select[Any]:
    return select(table.c.state, func.count()).group_by(table.c.state)
