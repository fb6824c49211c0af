"""Subscribers, their seats, subscriptions and consents."""

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    Connection,
    case,
    func,
    literal,
    literal_column,
    null,
    select,
)

from mailer.adapters.database import audit, bulk
from mailer.adapters.database.engine import Database
from mailer.adapters.database.enlist import SIZE, Enlistment
from mailer.adapters.database.schema import (
    lists,
    organizations as organizations_table,
    places,
    seats,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.adapters.database.types import Instant
from mailer.core.errors import NotFoundError
from mailer.core.tokens import address_hash
from mailer.ports import Contacted, Enlisted

_COUNTED = ("created", "updated", "unchanged", "pending", "suppressed", "left")
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_LOG = 16_000  # pages of 4 KB
OWN_ACT = "the person's own act"  # the basis of a consent that a page recorded
LEFT = "left"  # the person's own doing: no import brings them back


class SqlPeople:
    """The people store."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        """Take the secret under which addresses are hashed."""
        self._database = database
        self._pepper = pepper

    def enlist(
        self,
        contacts: Iterable[Contacted],
        *,
        list_slug: str,
        at: datetime,
        dry_run: bool = False,
    ) -> Enlisted:
        """Add or update these people and subscribe them to a list, lot by lot.

        A dry run does all of it and takes it back, lot by lot. Raises StoreError when
        the database gives up on a lot; those before it stay.
        """
        counts = Counter(dict.fromkeys(_COUNTED, 0))
        with self._database.reading() as connection:
            number = _list_number(connection, list_slug)
        for lot in self._lots(contacts):
            with self._database.writing() as connection:
                self._put_off_checkpoints(connection)
                enlistment = Enlistment(self._database, connection, number, at)
                counts.update(enlistment.keep(lot))
                if dry_run:
                    connection.rollback()
        if not dry_run:
            with self._database.writing() as connection:
                audit.record(
                    connection,
                    at=at,
                    actor="cli",
                    verb="import",
                    thing=f"subscribers of {list_slug}",
                    detail=dict(counts),
                )
        return Enlisted(**counts)

    def _put_off_checkpoints(self, connection: Connection) -> None:
        """Let SQLite's log grow to 64 MB before it is copied back into the file.

        The addresses of one lot are all over their index, so that the usual log of
        4 MB is full after each lot, and every page is copied a thousand times over.
        """
        if self._database.is_sqlite:
            connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint = {_LOG}")

    def _lots(
        self, contacts: Iterable[Contacted]
    ) -> Iterator[Mapping[bytes, Contacted]]:
        lot: dict[bytes, Contacted] = {}
        for contact in contacts:
            hashed = address_hash(self._pepper, contact.address)
            if hashed in lot or len(lot) == SIZE:
                yield lot
                lot = {}
            lot[hashed] = contact
        if lot:
            yield lot

    def suppress(
        self,
        addresses: Iterable[str],
        *,
        reason: str,
        at: datetime,
        by: str = "cli",
        why: str | None = None,
    ) -> int:
        """Never mail these again; returns how many were not suppressed before.

        `why` is for the audit log: words without an address.
        """
        hashes = (address_hash(self._pepper, address) for address in addresses)
        added = 0
        while lot := list(islice(hashes, SIZE)):
            with self._database.writing() as connection:
                added += bulk.insert(
                    self._database,
                    connection,
                    suppressions,
                    {"address_hash": lot, "reason": reason, "since": at},
                )
        with self._database.writing() as connection:
            audit.record(
                connection,
                at=at,
                actor=by,
                verb="suppress",
                thing="addresses",
                detail={"reason": reason, "added": added}
                | ({"why": why} if why else {}),
            )
        return added

    def known_as(self, address: str, *, language: str, at: datetime) -> bytes:
        """Return the random id of whoever has this address, new or not."""
        hashed = address_hash(self._pepper, address)
        with self._database.writing() as connection:
            return introduce(
                self._database, connection, address, hashed, language=language, at=at
            )[1]

    def find(self, address: str) -> int | None:
        """Return the number of the subscriber with this address."""
        hashed = address_hash(self._pepper, address)
        with self._database.reading() as connection:
            return connection.scalar(
                select(subscribers.c.id).where(subscribers.c.address_hash == hashed)
            )

    def listed(self, list_slug: str | None) -> Sequence[Mapping[str, Any]]:
        """Return subscribers with their organization, place and subscription."""
        query = (
            select(
                subscribers.c.address,
                subscribers.c.language,
                lists.c.slug.label("list"),
                subscriptions.c.state,
                subscriptions.c.consented_on,
                first_seat().label("organization"),
                places.c.label.label("place"),
            )
            .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
            .join(lists, lists.c.number == subscriptions.c.list_number)
            .outerjoin(places, places.c.id == reader_place())
            .order_by(lists.c.slug, subscribers.c.id)
        )
        if list_slug:
            query = query.where(lists.c.slug == list_slug)
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def count(self) -> Mapping[str, Mapping[str, int]]:
        """Return how many subscriptions each list has in each state."""
        query = (
            select(lists.c.slug, subscriptions.c.state, func.count().label("n"))
            .join(subscriptions, subscriptions.c.list_number == lists.c.number)
            .group_by(lists.c.slug, subscriptions.c.state)
        )
        counts: dict[str, dict[str, int]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query):
                counts.setdefault(row.slug, {})[row.state] = row.n
        return counts


def introduce(
    database: Database,
    connection: Connection,
    address: str,
    hashed: bytes,
    *,
    language: str,
    at: datetime,
) -> tuple[int, bytes]:
    """Return number and random id of whoever has an address, new or not."""
    connection.execute(
        database.insert(subscribers)
        .values(
            uid=secrets.token_bytes(16),
            address=address,
            address_hash=hashed,
            language=language,
            created_at=at,
        )
        .on_conflict_do_nothing()
    )
    person = connection.execute(
        select(subscribers.c.id, subscribers.c.uid).where(
            subscribers.c.address_hash == hashed
        )
    ).one()
    return person.id, bytes(person.uid)


def first_seat() -> Any:
    """Return, as a column, the name of the organization of a subscriber's first seat."""
    return (
        select(organizations_table.c.name)
        .join(seats, seats.c.organization_id == organizations_table.c.id)
        .where(seats.c.subscriber_id == subscribers.c.id)
        .order_by(seats.c.id)
        .limit(1)
        .scalar_subquery()
    )


def muted_until() -> Any:
    """Return, as a column, until when all organizations of a subscriber are muted.

    Null for whoever has no seat, and 1970 where one of theirs is not muted. Nobody is
    looked up while no organization is muted.
    """
    table = organizations_table
    until = (
        select(func.min(func.coalesce(table.c.muted_until, literal(_NEVER, Instant()))))
        .join(seats, seats.c.organization_id == table.c.id)
        .where(seats.c.subscriber_id == subscribers.c.id)
        .scalar_subquery()
    )
    any_muted = (
        select(table.c.id).where(literal_column("muted_until").is_not(None)).exists()
    )
    return case((any_muted, until), else_=null())


def reader_place() -> Any:
    """Return, as a column, where a subscriber is: their own place, else their seat's."""
    seat = (
        select(organizations_table.c.place_id)
        .join(seats, seats.c.organization_id == organizations_table.c.id)
        .where(seats.c.subscriber_id == subscribers.c.id)
        .order_by(seats.c.id)
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(subscribers.c.place_id, seat)


def _list_number(connection: Connection, slug: str) -> int:
    number = connection.scalar(select(lists.c.number).where(lists.c.slug == slug))
    if number is None:
        raise NotFoundError(f'there is no list "{slug}"; mailer lists shows them')
    return int(number)
