"""The port Agenda over tables."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select, tuple_

from mailer.adapters.database.engine import Database
from mailer.adapters.database.publishing import current, to_posted
from mailer.adapters.database.readers import masked
from mailer.adapters.database.schema import (
    action_versions,
    actions,
    calls,
    hosts,
    places,
    sponsorships,
    subscribers,
)
from mailer.core import snapshot
from mailer.core.errors import NotFoundError
from mailer.core.model import Action
from mailer.ports.agenda import MISSING, Answering, Asked, Planned, Version


class SqlAgenda:
    """The port Agenda."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self, asked: Asked, *, now: datetime, after: str | None, most: int
    ) -> Sequence[Action]:
        """Return some actions."""
        key = (actions.c.starts_at, actions.c.id)
        query = _filtered(asked)
        if asked.past:
            query = query.where(actions.c.over_at <= now)
            query = query.order_by(*(column.desc() for column in key))
        else:
            query = query.where(actions.c.over_at > now).order_by(*key)
        with self._database.reading() as connection:
            if after is not None:
                last = connection.execute(
                    select(*key).where(actions.c.public_id == after)
                ).first()
                if last is not None:
                    here = tuple_(*key)
                    there = tuple_(*last)
                    query = query.where(here < there if asked.past else here > there)
            rows = connection.execute(query.limit(most)).mappings()
            return [to_posted(row).action for row in rows]

    def planned(self, public_id: str) -> Planned:
        """Return one action."""
        with self._database.reading() as connection:
            row = (
                connection.execute(current().where(actions.c.public_id == public_id))
                .mappings()
                .first()
            )
            if row is None:
                raise NotFoundError("there is no such action any more")
            number = row["id"]
            return Planned(
                action=to_posted(row).action,
                call=connection.scalar(
                    select(calls.c.title).where(calls.c.id == row["call_id"])
                ),
                first_seen_at=row["first_seen_at"],
                versions=_versions(connection, number),
                sponsors=_sponsors(connection, number),
                hosts=_hosts(connection, number),
            )


def _filtered(asked: Asked) -> Select[Any]:
    query = current()
    if asked.status == MISSING:
        query = query.where(actions.c.missing_since.is_not(None))
    elif asked.status is not None:
        query = query.where(actions.c.status == asked.status)
    if asked.region is None and not asked.city:
        return query
    query = query.join(places, places.c.id == actions.c.place_id)
    if asked.region is not None:
        query = query.where(
            places.c.country == asked.region.country,
            places.c.region == asked.region.code,
        )
    if asked.city:
        begins = func.lower(places.c.locality).startswith(
            asked.city.lower(), autoescape=True
        )
        query = query.where(begins)
    return query


def _versions(connection: Connection, number: int) -> Sequence[Version]:
    query = (
        select(action_versions)
        .where(action_versions.c.action_id == number)
        .order_by(action_versions.c.version)
    )
    return [
        Version(
            number=row.version,
            at=row.recorded_at,
            by=row.recorded_by,
            facts=snapshot.load(row.facts),
        )
        for row in connection.execute(query)
    ]


def _sponsors(connection: Connection, number: int) -> Mapping[int, int]:
    query = select(sponsorships.c.position, sponsorships.c.organization_id).where(
        sponsorships.c.action_id == number
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _hosts(connection: Connection, number: int) -> Sequence[Answering]:
    query = (
        select(hosts, subscribers.c.uid, subscribers.c.address)
        .join(subscribers, subscribers.c.id == hosts.c.subscriber_id)
        .where(hosts.c.action_id == number)
        .order_by(hosts.c.since)
    )
    return [
        Answering(
            subscriber=row.subscriber_id,
            uid=bytes(row.uid),
            masked_address=masked(row.address),
            since=row.since,
            asked_for=row.asked_for,
            asked_at=row.asked_at,
            looked_at=row.looked_at,
        )
        for row in connection.execute(query)
    ]
