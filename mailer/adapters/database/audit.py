"""Who did what, when: append-only, never an address."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from mailer.adapters.database.schema import audit


def record(
    connection: Connection,
    *,
    at: datetime,
    actor: str,
    verb: str,
    thing: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add a row, in the transaction of what it tells of."""
    connection.execute(
        insert(audit).values(
            happened_at=at,
            actor=actor,
            verb=verb,
            object=thing,
            detail=dict(detail or {}),
        )
    )
