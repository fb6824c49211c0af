"""Who did what, when: append-only, never an address."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Text, cast, insert, select

from mailer.adapters.database.schema import audit

UNREADABLE = "unreadable"  # the key of a detail that is no object of JSON
_SHOWN = 200  # characters of it


def rows() -> Select[Any]:
    """Select the log; `told` reads the detail, which another version may have written."""
    # As text: of one that is damaged the others would not be fetched either.
    return select(
        *(each for each in audit.c if each is not audit.c.detail),
        cast(audit.c.detail, Text).label(audit.c.detail.name),
    )


def told(written: str | None) -> Mapping[str, Any]:
    """Return the detail of a row; what cannot be read under a key of its own."""
    try:
        found = json.loads(written or "")
        if isinstance(found, dict):
            json.dumps(found, ensure_ascii=False).encode()  # half a character is none
            return found
    except (ValueError, RecursionError):
        pass
    return {UNREADABLE: (written or "")[:_SHOWN]}


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
