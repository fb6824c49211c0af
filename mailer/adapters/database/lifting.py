"""Who is suppressed, and taking one off that list because they asked for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from mailer.adapters.database import audit
from mailer.adapters.database.engine import Database
from mailer.adapters.database.forgetting import ERASED
from mailer.adapters.database.people import OWN_ACT
from mailer.adapters.database.schema import (
    consent_events,
    lists,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.core.errors import NotFoundError, RefusedError
from mailer.core.saying import says
from mailer.core.tokens import address_hash
from mailer.ports.lifting import Lifted


class Suppressed:
    """Reads the suppressions, and lifts one at a time."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        """Take the key under which addresses are hashed."""
        self._database = database
        self._pepper = pepper

    def counts(self) -> Mapping[str, int]:
        """Return how many there are, by reason."""
        query = select(suppressions.c.reason, func.count()).group_by(
            suppressions.c.reason
        )
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def of(self, address: str) -> Mapping[str, Any] | None:
        """Return why nobody may mail an address, known or not; None if that is free."""
        query = select(
            suppressions.c.reason.label("suppressed"),
            suppressions.c.since.label("suppressed_since"),
            suppressions.c.told_by.label("suppressed_by"),
        ).where(suppressions.c.address_hash == address_hash(self._pepper, address))
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return dict(row) if row else None

    def listed(self, most: int | None = None) -> Sequence[Mapping[str, Any]]:
        """Return them, the newest first; an address only where a subscriber has it."""
        query = (
            select(
                subscribers.c.address,
                suppressions.c.reason,
                suppressions.c.since,
                suppressions.c.told_by,
            )
            .outerjoin(
                subscribers, subscribers.c.address_hash == suppressions.c.address_hash
            )
            .order_by(suppressions.c.since.desc(), suppressions.c.address_hash)
            .limit(most)
        )
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def looked(self, count: int, *, actor: str, at: datetime) -> None:
        """Put on record that somebody looked at so many whole addresses."""
        with self._database.writing() as connection:
            audit.record(
                connection,
                at=at,
                actor=actor,
                verb="look",
                thing="suppressions",
                detail={"addresses": count},
            )

    def lift(self, address: str, *, asked: str, actor: str, at: datetime) -> Lifted:
        """Let an address be mailed again, with their consent and who saw to it on record.

        `asked` is what the person asked for, without an address in it. Ended
        subscriptions stay ended. Raises NotFoundError for an address that is not
        suppressed, RefusedError for one that was erased.
        """
        hashed = address_hash(self._pepper, address)
        mine = suppressions.c.address_hash == hashed
        with self._database.writing() as connection:
            # First, so that who suppresses them at this moment sees that they are back.
            subscriber = connection.scalar(
                select(subscribers.c.id)
                .where(subscribers.c.address_hash == hashed)
                .with_for_update(key_share=True)
            )
            row = connection.execute(
                select(suppressions).where(mine).with_for_update()
            ).one_or_none()
            if row is None:
                raise NotFoundError(says("this address is not suppressed"))
            if row.reason == ERASED:
                raise RefusedError(
                    says(
                        "this person had their data erased, so only they themselves can"
                        " come back: by signing up anew"
                    )
                )
            connection.execute(delete(suppressions).where(mine))
            held = _held(connection, subscriber)
            for number in held:
                _consent(connection, subscriber, number, asked, at)
            audit.record(
                connection,
                at=at,
                actor=actor,
                verb="lift",
                thing="suppression",
                detail={
                    "subscriber": subscriber,
                    "reason": row.reason,
                    "since": row.since.isoformat(),
                    "asked": asked,
                },
            )
        return Lifted(
            reason=row.reason,
            told_by=row.told_by,
            since=row.since,
            lists=list(held.values()),
            is_subscriber=subscriber is not None,
        )


def _held(connection: Connection, subscriber: int | None) -> Mapping[int, str]:
    """Return the lists that a subscription which has not ended is to."""
    query = (
        select(lists.c.number, lists.c.slug)
        .join(subscriptions, subscriptions.c.list_number == lists.c.number)
        .where(
            subscriptions.c.subscriber_id == subscriber,
            subscriptions.c.state == "active",
        )
        .order_by(lists.c.slug)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _consent(
    connection: Connection,
    subscriber: int | None,
    list_number: int,
    asked: str,
    at: datetime,
) -> None:
    # As their own act: what a provider told before that holds no more.
    connection.execute(
        insert(consent_events).values(
            subscriber_id=subscriber,
            list_number=list_number,
            kind="granted",
            basis=OWN_ACT,
            happened_at=at,
            source="a suppression lifted at their request",
            wording=asked,
            recorded_at=at,
        )
    )
