"""What a reader behind a signed link may see and change."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, insert, select, update

from mailer.adapters.database import audit
from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import LEFT, OWN_ACT, first_seat
from mailer.adapters.database.schema import (
    consent_events,
    lists,
    subscribers,
    subscriptions,
)
from mailer.ports import Reader


class SqlReaders:
    """Subscriptions as their readers reach them; every change leaves a consent row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reader(self, uid: bytes, list_number: int) -> Reader | None:
        """Return whose link this is, or None."""
        query = (
            select(
                subscribers.c.address,
                subscribers.c.language,
                subscriptions.c.state,
                subscriptions.c.quiet_weeks,
                lists.c.slug,
                first_seat().label("organization"),
            )
            .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
            .join(lists, lists.c.number == subscriptions.c.list_number)
            .where(subscribers.c.uid == uid, lists.c.number == list_number)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        return Reader(
            uid=uid,
            masked_address=masked(row["address"]),
            language=row["language"],
            organization=row["organization"],
            list_number=list_number,
            list_slug=row["slug"],
            active=row["state"] == "active",
            quiet_weeks=row["quiet_weeks"],
        )

    def leave(self, uid: bytes, list_number: int, *, at: datetime, how: str) -> bool:
        """End the subscription; True if that changed something, twice is fine."""
        return self._move(
            uid,
            list_number,
            guard=subscriptions.c.state != "ended",
            values={"state": "ended", "ended_reason": LEFT},
            kind="withdrawn",
            how=how,
            at=at,
        )

    def rejoin(self, uid: bytes, list_number: int, *, at: datetime) -> bool:
        """Undo a leave, if it was this person's own; who never confirmed waits again."""
        return self._move(
            uid,
            list_number,
            guard=(subscriptions.c.state == "ended")
            & (subscriptions.c.ended_reason == LEFT),
            values={"state": _as_before(), "ended_reason": None},
            kind="granted",
            how="undo",
            at=at,
        )

    def prefer(
        self,
        uid: bytes,
        list_number: int,
        *,
        language: str,
        quiet_weeks: bool,
        at: datetime,
    ) -> bool:
        """Keep the reader's language and whether they want a note in quiet weeks."""
        with self._database.writing() as connection:
            mine = _subscription(uid, list_number)
            changed = connection.execute(
                update(subscriptions)
                .where(mine, subscriptions.c.quiet_weeks != quiet_weeks)
                .values(quiet_weeks=quiet_weeks, changed_at=at)
            ).rowcount
            holds = select(subscriptions.c.list_number).where(mine).exists()
            changed += connection.execute(
                update(subscribers)
                .where(
                    subscribers.c.uid == uid,
                    subscribers.c.language != language,
                    holds,
                )
                .values(language=language)
            ).rowcount
            if changed:
                detail = {"language": language, "quiet_weeks": quiet_weeks}
                _note(connection, "prefer", list_number, detail, at)
        return bool(changed)

    def _move(
        self,
        uid: bytes,
        list_number: int,
        *,
        guard: ColumnElement[bool],
        values: dict[str, Any],
        kind: str,
        how: str,
        at: datetime,
    ) -> bool:
        with self._database.writing() as connection:
            subscriber = connection.scalar(
                update(subscriptions)
                .where(_subscription(uid, list_number), guard)
                .values(changed_at=at, **values)
                .returning(subscriptions.c.subscriber_id)
            )
            if subscriber is None:
                return False
            connection.execute(
                insert(consent_events).values(
                    subscriber_id=subscriber,
                    list_number=list_number,
                    kind=kind,
                    basis=OWN_ACT,
                    happened_at=at,
                    source=how,
                    recorded_at=at,
                )
            )
            _note(connection, kind, list_number, {"how": how}, at)
        return True


def _as_before() -> ColumnElement[str]:
    return case((subscriptions.c.consented_on.is_not(None), "active"), else_="pending")


def _subscription(uid: bytes, list_number: int) -> ColumnElement[bool]:
    person = select(subscribers.c.id).where(subscribers.c.uid == uid)
    return (subscriptions.c.list_number == list_number) & (
        subscriptions.c.subscriber_id == person.scalar_subquery()
    )


def _note(
    connection: Connection,
    verb: str,
    list_number: int,
    detail: dict[str, Any],
    at: datetime,
) -> None:
    audit.record(
        connection,
        at=at,
        actor="reader",
        verb=verb,
        thing=f"subscription to list {list_number}",
        detail=detail,
    )


def masked(address: str) -> str:
    """Return the address as a stranger may see it: "o…@aftguild.example"."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
