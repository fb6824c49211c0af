"""The audit log as people read it; and looking, which it tells of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from mailer.adapters.database import audit
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import audit as log, requests, subscribers
from mailer.ports import Record


class SqlRecords:
    """The port Records over a table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self, *, most: int, before: int | None = None) -> Sequence[Record]:
        """Return the newest records, or those older than one."""
        query = audit.rows().order_by(log.c.id.desc()).limit(most)
        if before is not None:
            query = query.where(log.c.id < before)
        with self._database.reading() as connection:
            return [to_record(row) for row in connection.execute(query)]

    def note(
        self,
        *,
        at: datetime,
        actor: str,
        verb: str,
        thing: str,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a record of something that changes nothing else."""
        with self._database.writing() as connection:
            audit.record(
                connection, at=at, actor=actor, verb=verb, thing=thing, detail=detail
            )

    def address_of(self, request: int, *, by: str, at: datetime) -> str | None:
        """Return the whole address behind a request, and record who looked."""
        query = (
            select(func.coalesce(subscribers.c.address, requests.c.address))
            .select_from(requests)
            .outerjoin(subscribers, subscribers.c.id == requests.c.subscriber_id)
            .where(requests.c.id == request)
        )
        with self._database.writing() as connection:
            found: str | None = connection.scalar(query)
            if found is not None:
                audit.record(
                    connection,
                    at=at,
                    actor=by,
                    verb="look at address",
                    thing=f"request {request}",
                )
        return found


def to_record(row: Row[Any]) -> Record:
    """Return the record in one of `audit.rows`."""
    return Record(
        number=row.id,
        at=row.happened_at,
        actor=row.actor,
        verb=row.verb,
        thing=row.object,
        detail=audit.told(row.detail),
    )
