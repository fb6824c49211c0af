"""What a reader behind a signed link may see and change."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select, type_coerce

from mailer.adapters.database import choosing, leaving
from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import first_seat, muted_until, reader_place
from mailer.adapters.database.places import to_place
from mailer.adapters.database.schema import (
    deliveries,
    lists,
    mailings,
    places,
    preference_changes,
    subscribers,
    subscriptions,
    variants,
)
from mailer.adapters.database.types import Instant
from mailer.core.lists import Kind
from mailer.core.preferences import Choices
from mailer.ports import Reader


class SqlReaders:
    """Subscriptions as their readers reach them; every change leaves a consent row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reader(self, uid: bytes, list_number: int) -> Reader | None:
        """Return whose link this is, or None, with the same work for everybody."""
        with self._database.reading() as connection:
            row = connection.execute(_subscription(uid, list_number)).mappings().first()
            place = connection.execute(_place(uid)).mappings().first()
            told_at = connection.scalar(_told_at(uid, list_number))
            on = connection.scalars(_lists(uid)).all()
            change = connection.execute(_change(uid, list_number)).mappings().first()
        if row is None:
            return None
        return Reader(
            uid=uid,
            masked_address=masked(row["address"]),
            organization=row["organization"],
            place=to_place(place) if place else None,
            time_zone=row["time_zone"],
            list_number=list_number,
            list_slug=row["slug"],
            active=row["state"] == "active",
            choices=choosing.choices(row),
            told_at=told_at,
            also_on=tuple(number for number in on if number != list_number),
            last_change=choosing.to_change(change) if change else None,
            muted_until=row["muted_until"],
        )

    def leave(self, uid: bytes, list_number: int, *, at: datetime, how: str) -> bool:
        """End the subscription; True if that changed something, twice is fine."""
        with self._database.writing() as connection:
            mine = leaving.to(uid, list_number)
            return bool(leaving.end(connection, mine, how=how, at=at))

    def leave_all(self, uid: bytes, list_number: int, *, at: datetime) -> Sequence[int]:
        """End every subscription of whoever has one to this list; returns which."""
        with self._database.writing() as connection:
            person = connection.scalar(
                select(subscriptions.c.subscriber_id).where(
                    leaving.to(uid, list_number)
                )
            )
            mine = subscriptions.c.subscriber_id == person
            left = leaving.end(connection, mine, how="page", at=at)
            if left:
                choosing.remember(
                    connection,
                    int(person or 0),
                    list_number,
                    before={},
                    after={},
                    left=left,
                    at=at,
                )
        return left

    def rejoin(self, uid: bytes, list_number: int, *, at: datetime) -> bool:
        """Undo a leave, if it was this person's own; who never confirmed waits again."""
        with self._database.writing() as connection:
            mine = leaving.to(uid, list_number)
            return bool(leaving.resume(connection, mine, how="undo", at=at))

    def choose(
        self, uid: bytes, list_number: int, choices: Choices, *, at: datetime
    ) -> bool:
        """Keep the reader's choices; False if that changes nothing."""
        with self._database.writing() as connection:
            return choosing.choose(
                connection, uid, list_number, choices, how="page", at=at
            )

    def undo(self, uid: bytes, list_number: int, number: int, *, at: datetime) -> bool:
        """Take back one change, but for what was chosen anew since then."""
        with self._database.writing() as connection:
            return choosing.undo(connection, uid, list_number, number, at=at)


def _subscription(uid: bytes, list_number: int) -> Select[Any]:
    return (
        select(
            subscribers.c.address,
            subscribers.c.language,
            subscribers.c.time_zone,
            subscriptions.c.state,
            subscriptions.c.frequency,
            subscriptions.c.scope,
            subscriptions.c.quiet_weeks,
            subscriptions.c.paused_until,
            lists.c.slug,
            first_seat().label("organization"),
            type_coerce(muted_until(), Instant()).label("muted_until"),
        )
        .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
        .join(lists, lists.c.number == subscriptions.c.list_number)
        .where(subscribers.c.uid == uid, lists.c.number == list_number)
    )


def _place(uid: bytes) -> Select[Any]:
    return (
        select(places)
        .select_from(subscribers)
        .join(places, places.c.id == reader_place())
        .where(subscribers.c.uid == uid)
    )


def _lists(uid: bytes) -> Select[Any]:
    return (
        select(subscriptions.c.list_number)
        .where(leaving.of(uid), subscriptions.c.state == "active")
        .order_by(subscriptions.c.list_number)
    )


def _told_at(uid: bytes, list_number: int) -> Select[Any]:
    """Ask for their last digest: what they know may not be written down yet."""
    known = (
        select(variants.c.mailing_id)
        .join(subscriptions, subscriptions.c.known_variant == variants.c.id)
        .where(leaving.to(uid, list_number))
    )
    sent = (
        select(deliveries.c.mailing_id)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(subscribers.c.uid == uid, deliveries.c.state == "sent")
    )
    return select(func.max(mailings.c.as_of)).where(
        mailings.c.list_number == list_number,
        mailings.c.kind == Kind.DIGEST,
        or_(mailings.c.id.in_(known), mailings.c.id.in_(sent)),
    )


def _change(uid: bytes, list_number: int) -> Select[Any]:
    return (
        select(preference_changes)
        .join(subscribers, subscribers.c.id == preference_changes.c.subscriber_id)
        .where(
            subscribers.c.uid == uid,
            preference_changes.c.list_number == list_number,
            preference_changes.c.undone_at.is_(None),
        )
        .order_by(preference_changes.c.id.desc())
        .limit(1)
    )


def masked(address: str) -> str:
    """Return the address as a stranger may see it: "o…@aftguild.example"."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
