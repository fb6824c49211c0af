"""All that is held of one person, as they may ask for it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import (
    action_versions,
    actions,
    consent_events,
    deliveries,
    erasures,
    hosts,
    lists,
    mailings,
    organizations,
    places,
    preference_changes,
    provider_events,
    requests,
    seats,
    subscribers,
    subscriptions,
    suppressions,
    variants,
)
from mailer.core.tokens import address_hash

Rows = Sequence[Mapping[str, Any]]


class SqlDossiers:
    """The port Dossiers, in SQL: one moment of the database."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        """Take the key under which addresses are hashed."""
        self._database = database
        self._pepper = pepper

    def of(self, address: str) -> Mapping[str, object] | None:
        """Return it as JSON values; None when nothing at all is held."""
        hashed = address_hash(self._pepper, address)
        with self._database.reading() as connection:
            person = _first(connection, _person(hashed))
            found = {
                "person": person and {k: v for k, v in person.items() if k != "id"},
                **_theirs(connection, int(person["id"]) if person else 0),
                "requests": _rows(connection, _requests(hashed)),
                "events": _rows(connection, _events(hashed)),
                "actions": self._actions(connection, hashed),
                "suppression": _first(connection, _suppression(hashed)),
                "erased_at": connection.scalar(
                    select(erasures.c.erased_at).where(
                        erasures.c.address_hash == hashed
                    )
                ),
            }
        if not any(found.values()):
            return None
        plain: Mapping[str, object] = _plain({"address": address, **found})
        return plain

    def of_whom(self, uid: bytes) -> Mapping[str, object] | None:
        """Return all that is held of whoever has this random id."""
        query = select(subscribers.c.address).where(subscribers.c.uid == uid)
        with self._database.reading() as connection:
            address: str | None = connection.scalar(query)
        return self.of(address) if address else None

    def _actions(self, connection: Connection, hashed: bytes) -> Rows:
        """Return the actions that they are the contact of."""
        query = (
            select(
                actions.c.public_id,
                actions.c.source,
                actions.c.contact,
                action_versions.c.facts,
            )
            .join(action_versions, action_versions.c.action_id == actions.c.id)
            .where(action_versions.c.version == actions.c.version)
            .order_by(actions.c.id)
        )
        return [
            {
                "action": row.public_id,
                "source": row.source,
                "starts_on": row.facts.get("start_date"),
                "contact": row.contact,
            }
            for row in connection.execute(query)
            if row.contact.get("email")
            and address_hash(self._pepper, row.contact["email"]) == hashed
        ]


def _theirs(connection: Connection, person: int) -> Mapping[str, Rows]:
    return {
        name: _rows(connection, query)
        for name, query in {
            "seats": _seats(person),
            "subscriptions": _subscriptions(person),
            "consents": _consents(person),
            "changes": _changes(person),
            "mailings": _mailings(person),
            "hosting": _hosting(person),
        }.items()
    }


def _person(hashed: bytes) -> Select[Any]:
    return (
        select(
            subscribers.c.id,
            subscribers.c.address,
            subscribers.c.given_name,
            subscribers.c.family_name,
            subscribers.c.language,
            subscribers.c.time_zone,
            places.c.label.label("place"),
            subscribers.c.created_at.label("known_since"),
            subscribers.c.uid.label("link_id"),
            subscribers.c.address_hash,
        )
        .outerjoin(places, places.c.id == subscribers.c.place_id)
        .where(subscribers.c.address_hash == hashed)
    )


def _seats(person: int) -> Select[Any]:
    return (
        select(organizations.c.name.label("organization"), seats.c.role)
        .join(organizations, organizations.c.id == seats.c.organization_id)
        .where(seats.c.subscriber_id == person)
        .order_by(seats.c.id)
    )


def _subscriptions(person: int) -> Select[Any]:
    table = subscriptions
    return _of_lists(
        table,
        table.c.state,
        table.c.ended_reason,
        table.c.consented_on,
        table.c.frequency,
        table.c.scope,
        table.c.quiet_weeks,
        table.c.paused_until,
        table.c.changed_at,
    ).where(table.c.subscriber_id == person)


def _consents(person: int) -> Select[Any]:
    table = consent_events
    return (
        _of_lists(
            table,
            table.c.kind,
            table.c.basis,
            table.c.source,
            table.c.wording,
            table.c.happened_at,
            table.c.recorded_at,
        )
        .where(table.c.subscriber_id == person)
        .order_by(table.c.id)
    )


def _changes(person: int) -> Select[Any]:
    table = preference_changes
    return (
        _of_lists(
            table,
            table.c.before,
            table.c.after,
            table.c.lists_left,
            table.c.changed_at,
            table.c.undone_at,
        )
        .where(table.c.subscriber_id == person)
        .order_by(table.c.id)
    )


def _of_lists(table: Any, *columns: ColumnElement[Any]) -> Select[Any]:
    return select(lists.c.slug.label("list"), *columns).join(
        table, table.c.list_number == lists.c.number
    )


def _mailings(person: int) -> Select[Any]:
    return (
        select(
            lists.c.slug.label("list"),
            mailings.c.edition,
            mailings.c.kind,
            variants.c.subject,
            deliveries.c.state,
            deliveries.c.reason,
            deliveries.c.changed_at,
            deliveries.c.provider,
            deliveries.c.provider_id,
            deliveries.c.heard,
        )
        .select_from(deliveries)
        .join(mailings, mailings.c.id == deliveries.c.mailing_id)
        .join(lists, lists.c.number == mailings.c.list_number)
        .outerjoin(variants, variants.c.id == deliveries.c.variant_id)
        .where(deliveries.c.subscriber_id == person)
        .order_by(mailings.c.id)
    )


def _hosting(person: int) -> Select[Any]:
    table = hosts
    return (
        select(
            actions.c.public_id.label("action"),
            table.c.shown_to,
            table.c.connect,
            table.c.since,
            table.c.looked_at,
            table.c.asked_for,
            table.c.asked_at,
            table.c.before,
            actions.c.contact,
        )
        .join(actions, actions.c.id == table.c.action_id)
        .where(table.c.subscriber_id == person)
        .order_by(actions.c.id)
    )


def _events(hashed: bytes) -> Select[Any]:
    table = provider_events
    return (
        select(
            table.c.provider,
            table.c.kind,
            table.c.status,
            table.c.detail,
            table.c.happened_at,
            table.c.received_at,
            table.c.provider_id,
        )
        .where(table.c.address_hash == hashed)
        .order_by(table.c.id)
    )


def _requests(hashed: bytes) -> Select[Any]:
    table = requests
    return (
        _of_lists(
            table,
            table.c.kind,
            table.c.state,
            table.c.facts,
            table.c.asked_at,
            table.c.written_at,
            table.c.confirmed_at,
            table.c.settled_at,
            table.c.reason,
        )
        .where(table.c.address_hash == hashed)
        .order_by(table.c.id)
    )


def _suppression(hashed: bytes) -> Select[Any]:
    table = suppressions
    return select(table.c.reason, table.c.since, table.c.told_by).where(
        table.c.address_hash == hashed
    )


def _first(connection: Connection, query: Select[Any]) -> Mapping[str, Any] | None:
    row = connection.execute(query).mappings().first()
    return dict(row) if row else None


def _rows(connection: Connection, query: Select[Any]) -> Rows:
    return [dict(row) for row in connection.execute(query).mappings()]


def _plain(value: Any) -> Any:
    """Return JSON values: moments in ISO 8601, bytes in hexadecimal digits."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value
