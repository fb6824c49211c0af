"""Events of providers: kept once, applied in any order, to the same end."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any

from sqlalchemy import select

from mailer.adapters.database import bulk, tallying
from mailer.adapters.database.engine import Database
from mailer.adapters.database.heeding import Applying
from mailer.adapters.database.schema import mailings, provider_events
from mailer.core.breaker import Tally
from mailer.core.events import Event
from mailer.core.tokens import address_hash
from mailer.ports import Applied

_ID, _DETAIL, _DOMAIN, _STATUS = 200, 500, 255, 12  # characters that are kept


class SqlTracking:
    """What was told of deliveries, in SQL."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        """Take the key under which addresses are hashed."""
        self._database = database
        self._pepper = pepper

    def keep(self, provider: str, events: Sequence[Event], *, at: datetime) -> int:
        """Write down what was told; returns how much of it was not known yet."""
        if not events:
            return 0
        # In one order, so that no two who hear the same wait for each other.
        events = sorted(events, key=attrgetter("event_id"))
        hashed = partial(address_hash, self._pepper)
        columns = {
            "provider": provider,
            "event_id": [event.event_id[:_ID] for event in events],
            "kind": [event.kind.value for event in events],
            "address_hash": [hashed(event.address) for event in events],
            "domain": [_domain(event.address) for event in events],
            "provider_id": [
                event.provider_id and event.provider_id[:_ID] for event in events
            ],
            "status": [event.status and event.status[:_STATUS] for event in events],
            "detail": [event.detail[:_DETAIL] for event in events],
            "happened_at": [event.happened_at for event in events],
            "received_at": at,
            "mark": [event.mark for event in events],
        }
        with self._database.writing() as connection:
            return bulk.insert(self._database, connection, provider_events, columns)

    def apply(self, *, most: int, at: datetime) -> Applied:
        """Apply what waits, up to `most` events, in any order to the same end."""
        waiting = (
            select(provider_events.c.id)
            .where(provider_events.c.applied_at.is_(None))
            .order_by(provider_events.c.id)
            .limit(most)
        )
        if not self._database.is_sqlite:  # two who apply take different ones
            waiting = waiting.with_for_update(skip_locked=True)
        with self._database.writing() as connection:
            lot = connection.scalars(waiting).all()
            applying = Applying(self._database, connection, at)
            if lot:
                applying.apply(lot)
        return applying.applied(len(lot))

    def tally(self, mailing_id: int) -> Tally:
        """Return how a mailing fares since a person last let it go on."""
        with self._database.reading() as connection:
            found = tallying.counted(self._database, connection, mailing_id)
            heeded: dict[str, Any] | None = connection.scalar(
                select(mailings.c.heeded).where(mailings.c.id == mailing_id)
            )
        return found.since(Tally(**heeded)) if heeded else found


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()[:_DOMAIN]
