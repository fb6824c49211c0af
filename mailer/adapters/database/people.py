"""Subscribers, their seats, subscriptions and consents."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from mailer.adapters.database import audit, organizations
from mailer.adapters.database.engine import Database
from mailer.adapters.database.places import place_id
from mailer.adapters.database.schema import (
    consent_events,
    lists,
    organizations as organizations_table,
    places,
    seats,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.core.errors import NotFoundError
from mailer.core.tokens import address_hash
from mailer.ports import Contacted, Enlisted

_CHUNK = 500
LEFT = "left"  # the person's own doing: no import brings them back


class SqlPeople:
    """The people store."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        """Take the secret under which addresses are hashed."""
        self._database = database
        self._pepper = pepper

    def enlist(
        self,
        contacts: Sequence[Contacted],
        *,
        list_slug: str,
        at: datetime,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> Enlisted:
        """Add or update these people and subscribe them to a list."""
        counts = dict.fromkeys(
            ("created", "updated", "unchanged", "pending", "suppressed", "left"), 0
        )
        with self._database.writing() as connection:
            number = _list_number(connection, list_slug)
            for start in range(0, len(contacts), _CHUNK):
                chunk = contacts[start : start + _CHUNK]
                self._enlist_chunk(connection, chunk, number, at, counts)
                progress(start + len(chunk), len(contacts))
            audit.record(
                connection,
                at=at,
                actor="cli",
                verb="import",
                thing=f"subscribers of {list_slug}",
                detail=counts,
            )
        return Enlisted(**counts)

    def _enlist_chunk(
        self,
        connection: Connection,
        chunk: Sequence[Contacted],
        number: int,
        at: datetime,
        counts: dict[str, int],
    ) -> None:
        hashes = {c.line: address_hash(self._pepper, c.address) for c in chunk}
        known = _by_hash(connection, list(hashes.values()))
        suppressed = set(
            connection.scalars(
                select(suppressions.c.address_hash).where(
                    suppressions.c.address_hash.in_(list(hashes.values()))
                )
            )
        )
        names = [c.organization for c in chunk if c.organization]
        numbers = organizations.ensure(self._database, connection, names, at=at)
        for contact in chunk:
            hashed = hashes[contact.line]
            stored = known.get(hashed)
            if stored is None:
                stored = self._add(connection, contact, hashed, at)
                known[hashed] = stored
                outcome = "created"
            else:
                outcome = self._describe(connection, contact, stored)
            if contact.organization and self._seat(
                connection, stored["id"], numbers[contact.organization], contact.role
            ):
                outcome = "updated" if outcome == "unchanged" else outcome
            state = self._subscribe(connection, contact, stored["id"], number, at)
            if state.changed and outcome == "unchanged":
                outcome = "updated"
            counts[outcome] += 1
            counts["pending"] += state.name == "pending"
            counts["left"] += state.name == "ended"
            counts["suppressed"] += hashed in suppressed

    def _add(
        self, connection: Connection, contact: Contacted, hashed: bytes, at: datetime
    ) -> RowMapping:
        return (
            connection.execute(
                insert(subscribers)
                .values(
                    uid=secrets.token_bytes(16),
                    address=contact.address,
                    address_hash=hashed,
                    created_at=at,
                    **self._columns(connection, contact),
                )
                .returning(subscribers)
            )
            .mappings()
            .one()
        )

    def _columns(self, connection: Connection, contact: Contacted) -> dict[str, Any]:
        columns: dict[str, Any] = {
            "given_name": contact.given_name,
            "family_name": contact.family_name,
            "language": contact.language,
            "time_zone": contact.time_zone,
        }
        if contact.place:
            columns["place_id"] = place_id(self._database, connection, contact.place)
        return columns

    def _describe(
        self, connection: Connection, contact: Contacted, stored: RowMapping
    ) -> str:
        columns = self._columns(connection, contact)
        changed = {k: v for k, v in columns.items() if v is not None and stored[k] != v}
        if not changed:
            return "unchanged"
        connection.execute(
            update(subscribers).where(subscribers.c.id == stored["id"]).values(changed)
        )
        return "updated"

    def _seat(
        self, connection: Connection, subscriber: int, organization: int, role: str
    ) -> bool:
        added = connection.execute(
            self._database.insert(seats)
            .values(subscriber_id=subscriber, organization_id=organization, role=role)
            .on_conflict_do_nothing()
        )
        return bool(added.rowcount > 0)

    def _subscribe(
        self,
        connection: Connection,
        contact: Contacted,
        subscriber: int,
        number: int,
        at: datetime,
    ) -> "_State":
        key = (subscriptions.c.subscriber_id == subscriber) & (
            subscriptions.c.list_number == number
        )
        stored = connection.execute(
            select(subscriptions.c.state, subscriptions.c.ended_reason).where(key)
        ).first()
        wanted = "active" if contact.consent_basis else "pending"
        if stored is not None and (stored.state != "pending" or wanted == "pending"):
            return _State(stored.state, changed=False)
        consented_on = contact.consent_at.date() if contact.consent_at else None
        values = {"state": wanted, "consented_on": consented_on, "changed_at": at}
        if stored is None:
            connection.execute(
                insert(subscriptions).values(
                    subscriber_id=subscriber, list_number=number, **values
                )
            )
        else:
            connection.execute(update(subscriptions).where(key).values(values))
        if contact.consent_basis:
            connection.execute(
                insert(consent_events).values(
                    subscriber_id=subscriber,
                    list_number=number,
                    kind="granted",
                    basis=contact.consent_basis,
                    happened_at=contact.consent_at or at,
                    source=contact.consent_source,
                    wording=contact.consent_wording,
                    recorded_at=at,
                )
            )
        return _State(wanted, changed=True)

    def suppress(self, addresses: Sequence[str], *, reason: str, at: datetime) -> int:
        """Never mail these again; returns how many were not suppressed before."""
        rows = [
            {
                "address_hash": address_hash(self._pepper, address),
                "reason": reason,
                "since": at,
            }
            for address in addresses
        ]
        with self._database.writing() as connection:
            before = connection.scalar(select(func.count()).select_from(suppressions))
            for start in range(0, len(rows), _CHUNK):
                connection.execute(
                    self._database.insert(suppressions)
                    .values(rows[start : start + _CHUNK])
                    .on_conflict_do_nothing()
                )
            after = connection.scalar(select(func.count()).select_from(suppressions))
            added = int(after or 0) - int(before or 0)
            audit.record(
                connection,
                at=at,
                actor="cli",
                verb="suppress",
                thing="addresses",
                detail={"reason": reason, "added": added},
            )
        return added

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


class _State:
    __slots__ = ("changed", "name")

    def __init__(self, name: str, *, changed: bool) -> None:
        self.name, self.changed = name, changed


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


def _by_hash(
    connection: Connection, hashes: Sequence[bytes]
) -> dict[bytes, RowMapping]:
    query = select(subscribers).where(subscribers.c.address_hash.in_(hashes))
    return {row["address_hash"]: row for row in connection.execute(query).mappings()}


def _list_number(connection: Connection, slug: str) -> int:
    number = connection.scalar(select(lists.c.number).where(lists.c.slug == slug))
    if number is None:
        raise NotFoundError(f'there is no list "{slug}"; mailer lists shows them')
    return int(number)
