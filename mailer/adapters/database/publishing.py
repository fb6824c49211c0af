"""Actions as everybody may read them; what is public is decided here alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.engine import RowMapping

from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import action_versions, actions, places
from mailer.core import snapshot
from mailer.core.model import Action, ActionStatus, Facts
from mailer.core.regions import Region
from mailer.ports import Posted, Pulse

_OFF = [status.value for status in ActionStatus if status.is_off]


class SqlPublicActions:
    """The action store as the public pages, calendars and feeds read it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def posted(self, public_id: str) -> Posted | None:
        """Return one action by its public id."""
        found = self._read(current().where(actions.c.public_id == public_id))
        return found[0] if found else None

    def versions(self, public_id: str) -> Sequence[Facts]:
        """Return all versions of one action, oldest first."""
        query = (
            select(action_versions.c.facts)
            .join(actions, actions.c.id == action_versions.c.action_id)
            .where(actions.c.public_id == public_id)
            .order_by(action_versions.c.version)
        )
        with self._database.reading() as connection:
            return [snapshot.load(row.facts) for row in connection.execute(query)]

    def listed(
        self,
        at: datetime,
        *,
        off_since: datetime | None = None,
        region: Region | None = None,
        limit: int,
    ) -> Sequence[Posted]:
        """Return what is not over, and what was called off lately, soonest first."""
        query = current().where(_listed(at, off_since))
        if region is not None:
            query = query.join(places, places.c.id == actions.c.place_id).where(
                places.c.country == region.country, places.c.region == region.code
            )
        # Of too many, those to come are kept rather than those that were called off.
        is_over = actions.c.over_at <= at
        order = (is_over, actions.c.starts_at, actions.c.id)
        found = self._read(query.order_by(*order).limit(limit))
        return sorted(found, key=_by_start)

    def regions(self, at: datetime) -> Mapping[Region, int]:
        """Return every region that ever had an action, with how many are to come."""
        takes_place = (actions.c.over_at > at) & actions.c.status.not_in(_OFF)
        query = (
            select(
                places.c.country,
                places.c.region,
                func.count().filter(takes_place).label("to_come"),
            )
            .join(actions, actions.c.place_id == places.c.id)
            .where(places.c.region.is_not(None))
            .group_by(places.c.country, places.c.region)
        )
        with self._database.reading() as connection:
            return {
                Region(country=row.country, code=row.region): row.to_come
                for row in connection.execute(query)
            }

    def pulse(self, at: datetime, *, off_since: datetime) -> Pulse:
        """Return when the answers of `listed` last changed, by the action."""
        over = select(func.max(actions.c.over_at)).where(actions.c.over_at <= at)
        forgotten = select(func.max(actions.c.changed_at)).where(
            actions.c.status.in_(_OFF), actions.c.changed_at <= off_since
        )
        query = select(
            func.max(actions.c.changed_at).label("changed"),
            func.count().label("how_many"),
            over.scalar_subquery().label("over"),
            forgotten.scalar_subquery().label("forgotten"),
        )
        with self._database.reading() as connection:
            row = connection.execute(query).one()
        moments = [row.changed, row.over]
        if row.forgotten is not None:
            moments.append(row.forgotten + (at - off_since))
        known = [moment for moment in moments if moment is not None]
        return Pulse(changed_at=max(known, default=None), count=row.how_many)

    def _read(self, query: Select[Any]) -> Sequence[Posted]:
        with self._database.reading() as connection:
            return [to_posted(row) for row in connection.execute(query).mappings()]


def current() -> Select[Any]:
    """Select the public actions, each with its current version."""
    return select(actions, action_versions.c.facts, action_versions.c.recorded_at).join(
        action_versions,
        (action_versions.c.action_id == actions.c.id)
        & (action_versions.c.version == actions.c.version),
    )


def to_posted(row: RowMapping) -> Posted:
    """Return the action in a row of `current`."""
    action = Action(
        id=row["id"],
        public_id=row["public_id"],
        source=row["source"],
        external_id=row["external_id"],
        version=row["version"],
        facts=snapshot.load(row["facts"]),
        missing_since=row["missing_since"],
    )
    return Posted(
        action=action,
        first_seen_at=row["first_seen_at"],
        revised_at=row["recorded_at"],
    )


def _listed(at: datetime, off_since: datetime | None) -> ColumnElement[bool]:
    to_come = actions.c.over_at > at
    if off_since is None:
        return to_come
    lately_off = and_(
        actions.c.status.in_(_OFF), action_versions.c.recorded_at > off_since
    )
    return or_(to_come, lately_off)


def _by_start(posted: Posted) -> tuple[Any, ...]:
    facts = posted.action.facts
    clock = facts.start_time.isoformat() if facts.start_time else ""
    return facts.start_date, clock, posted.action.id
