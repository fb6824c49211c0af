"""How a mailing fares, by what providers told of it."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, or_, select

from mailer.adapters.database import audience
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import deliveries, provider_events, subscribers
from mailer.core.breaker import Tally
from mailer.core.events import EventKind

# Also whom something was told of before their outcome was recorded.
_TAKEN = or_(deliveries.c.state == "sent", deliveries.c.heard.is_not(None))


def counted(database: Database, connection: Connection, mailing_id: int) -> Tally:
    """Return how a mailing fares in all."""
    mine = deliveries.c.mailing_id == mailing_id
    heard: dict[str, int] = {
        row[0]: row[1]
        for row in connection.execute(
            select(deliveries.c.heard, func.count())
            .where(mine, deliveries.c.heard.is_not(None))
            .group_by(deliveries.c.heard)
        )
    }
    sent = select(func.count()).where(mine, _TAKEN)
    return Tally(
        attempts=connection.scalar(sent) or 0,
        hard=heard.get(EventKind.HARD, 0),
        complained=heard.get(EventKind.COMPLAINED, 0),
        domains=_domains(database, connection, mailing_id),
    )


def _domains(
    database: Database, connection: Connection, mailing_id: int
) -> dict[str, Sequence[int]]:
    """Return, of each domain that blocks, how many were sent and blocked."""
    blocks = connection.execute(
        select(
            provider_events.c.domain,
            func.count(provider_events.c.address_hash.distinct()),
        )
        .where(
            provider_events.c.mailing_id == mailing_id,
            provider_events.c.kind == EventKind.BLOCK.value,
        )
        .group_by(provider_events.c.domain)
    )
    blocked: dict[str, int] = {row[0]: row[1] for row in blocks}
    if not blocked:
        return {}
    domain = audience.domain(blocked, is_sqlite=database.is_sqlite)
    sent = connection.execute(
        select(domain.label("domain"), func.count())
        .select_from(deliveries)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(deliveries.c.mailing_id == mailing_id, _TAKEN)
        .group_by("domain")
    )
    tried: dict[str, int] = {row[0]: row[1] for row in sent}
    return {name: (tried.get(name, 0), count) for name, count in blocked.items()}
