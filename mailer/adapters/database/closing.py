"""When a mailing is over."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    select,
    update,
)

from mailer.adapters.database.schema import (
    batches,
    mailings,
)


def finish(connection: Connection, mailing_id: int, at: datetime) -> None:
    """Close a mailing that has no open batch left; unresolved if any is unknown."""

    def having(*states: str) -> Any:
        return (
            select(batches.c.seq)
            .where(batches.c.mailing_id == mailing_id, batches.c.state.in_(states))
            .exists()
        )

    sending = (mailings.c.id == mailing_id) & (mailings.c.state == "sending")
    for state, guard in (
        ("unresolved", having("unknown")),
        ("finished", ~having("unknown")),
    ):
        connection.execute(
            update(mailings)
            .where(sending, guard, ~having("ready", "leased", "inflight"))
            .values(state=state, finished_at=at)
        )
