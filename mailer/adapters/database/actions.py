"""Actions, every version of them, who sponsors them and at whom they are aimed."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import RowMapping

from mailer.adapters.database import audit, organizations
from mailer.adapters.database.engine import Database
from mailer.adapters.database.places import place_id
from mailer.adapters.database.schema import (
    action_targets,
    action_versions,
    actions,
    calls,
    sponsorships,
    targets,
    variant_items,
)
from mailer.core import changes, snapshot
from mailer.core.model import Action, CallDraft, Draft, Facts
from mailer.core.sponsors import name_key
from mailer.ports import ActionChanges


def _current() -> Select[Any]:
    return select(actions, action_versions.c.facts).join(
        action_versions,
        (action_versions.c.action_id == actions.c.id)
        & (action_versions.c.version == actions.c.version),
    )


def _to_action(row: RowMapping) -> Action:
    return Action(
        id=row["id"],
        public_id=row["public_id"],
        source=row["source"],
        external_id=row["external_id"],
        version=row["version"],
        facts=snapshot.load(row["facts"]),
        missing_since=row["missing_since"],
    )


class SqlActions:
    """The action store, as ingest, composing and commands use it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- ingest

    def reconcile(
        self,
        source: str,
        decide: Callable[[Sequence[Action]], ActionChanges],
        *,
        call: CallDraft | None,
        at: datetime,
        dry_run: bool,
    ) -> ActionChanges:
        """Show `decide` all of this source's actions and apply what it answers."""
        opened = self._database.reading() if dry_run else self._database.writing()
        with opened as connection:
            if not (dry_run or self._database.is_sqlite):
                connection.execute(  # two imports of one source follow one another
                    select(func.pg_advisory_xact_lock(func.hashtext(source)))
                )
            query = _current().where(actions.c.source == source).order_by(actions.c.id)
            stored = [_to_action(row) for row in connection.execute(query).mappings()]
            decided = decide(stored)
            if not dry_run:
                self._apply(connection, source, decided, call, at)
        return decided

    def _apply(
        self,
        connection: Connection,
        source: str,
        decided: ActionChanges,
        call: CallDraft | None,
        at: datetime,
    ) -> None:
        call_id = self._call(connection, call, at) if call else None
        for draft in decided.created:
            self.create(connection, draft, source=source, call_id=call_id, at=at)
        for action, draft in decided.updated:
            self.revise(connection, action, draft, by=source, at=at)
        _mark_missing(connection, decided.missing, at)
        _mark_missing(connection, decided.returned, None)
        audit.record(
            connection,
            at=at,
            actor="ingest",
            verb="import",
            thing=f"actions from {source}"[:200],
            detail={name: len(rows) for name, rows in _by_name(decided).items()},
        )

    def _call(self, connection: Connection, call: CallDraft, at: datetime) -> int:
        connection.execute(
            self._database.insert(calls)
            .values(
                slug=call.slug,
                title=call.title,
                opens_on=call.opens_on,
                closes_on=call.closes_on,
                created_at=at,
            )
            .on_conflict_do_nothing()
        )
        call_id = connection.scalar(select(calls.c.id).where(calls.c.slug == call.slug))
        organizations.endorse(
            self._database,
            connection,
            call_id=int(call_id or 0),
            names=call.endorsers,
            at=at,
        )
        return int(call_id or 0)

    def create(
        self,
        connection: Connection,
        draft: Draft,
        *,
        source: str,
        call_id: int | None = None,
        at: datetime,
    ) -> int:
        """Add an action in its first version; returns its number."""
        made = connection.scalar(
            insert(actions)
            .values(
                public_id=secrets.token_urlsafe(9),
                source=source,
                call_id=call_id,
                version=1,
                first_seen_at=at,
                **self._columns(connection, draft, at),
            )
            .returning(actions.c.id)
        )
        action_id = int(made or 0)
        self._keep_version(
            connection, action_id, 1, facts=draft.facts, by=source, at=at
        )
        return action_id

    def revise(
        self,
        connection: Connection,
        action: Action,
        draft: Draft,
        *,
        by: str,
        at: datetime,
    ) -> int:
        """Put an action right; other facts are a new version. Returns which is current."""
        version = action.version + (draft.facts != action.facts)
        connection.execute(
            update(actions)
            .where(actions.c.id == action.id)
            .values(
                version=version,
                missing_since=None,
                **self._columns(connection, draft, at),
            )
        )
        if version != action.version:
            self._keep_version(
                connection, action.id, version, facts=draft.facts, by=by, at=at
            )
        return version

    def _columns(
        self, connection: Connection, draft: Draft, at: datetime
    ) -> dict[str, Any]:
        facts = draft.facts
        return {
            "external_id": draft.external_id,
            "status": facts.status.value,
            "place_id": place_id(self._database, connection, facts.place),
            "starts_at": changes.starts_at(facts),
            "over_at": changes.over_at(facts),
            "contact": asdict(draft.contact),
            "changed_at": at,
        }

    def _keep_version(
        self,
        connection: Connection,
        action_id: int,
        version: int,
        *,
        facts: Facts,
        by: str,
        at: datetime,
    ) -> None:
        connection.execute(
            insert(action_versions).values(
                action_id=action_id,
                version=version,
                facts=snapshot.dump(facts),
                recorded_at=at,
                recorded_by=by,
            )
        )
        for table in (sponsorships, action_targets):
            connection.execute(delete(table).where(table.c.action_id == action_id))
        self._keep_sponsors(connection, action_id, facts, at)
        if facts.target:
            self._keep_target(connection, action_id, facts.target)

    def _keep_sponsors(
        self, connection: Connection, action_id: int, facts: Facts, at: datetime
    ) -> None:
        numbers = organizations.ensure(
            self._database, connection, [s.name for s in facts.sponsors], at=at
        )
        rows = [
            {
                "action_id": action_id,
                "position": position,
                "organization_id": numbers[sponsor.name],
                "role": sponsor.role.value,
            }
            for position, sponsor in enumerate(facts.sponsors)
        ]
        if rows:
            connection.execute(insert(sponsorships), rows)

    def _keep_target(self, connection: Connection, action_id: int, name: str) -> None:
        key = name_key(name)[:300]
        connection.execute(
            self._database.insert(targets)
            .values(key=key, name=name[:300])
            .on_conflict_do_nothing()
        )
        number = connection.scalar(select(targets.c.id).where(targets.c.key == key))
        connection.execute(
            insert(action_targets).values(action_id=action_id, target_id=number)
        )

    # --- reading

    def relevant(self, as_of: datetime) -> Sequence[Action]:
        """Return every action that is not over, whatever its status."""
        return self._read(
            _current().where(actions.c.over_at > as_of).order_by(actions.c.id)
        )

    def upcoming(self, at: datetime) -> Sequence[Action]:
        """Return what takes place from now on, soonest first."""
        found = self._read(
            _current()
            .where(actions.c.over_at > at)
            .order_by(actions.c.starts_at, actions.c.id)
        )
        return [action for action in found if not action.facts.status.is_off]

    def every(self) -> Sequence[Action]:
        """Return all actions, past ones too, soonest first."""
        return self._read(_current().order_by(actions.c.starts_at, actions.c.id))

    def _read(self, query: Select[Any]) -> Sequence[Action]:
        with self._database.reading() as connection:
            return [_to_action(row) for row in connection.execute(query).mappings()]

    def known(self, variant_id: int) -> Mapping[int, Facts]:
        """Return what the readers of a variant were told, by action id."""
        query = (
            select(variant_items.c.action_id, action_versions.c.facts)
            .join(
                action_versions,
                (action_versions.c.action_id == variant_items.c.action_id)
                & (action_versions.c.version == variant_items.c.version),
            )
            .where(variant_items.c.variant_id == variant_id)
        )
        with self._database.reading() as connection:
            return {
                row.action_id: snapshot.load(row.facts)
                for row in connection.execute(query)
            }

    def history(self, public_id: str) -> Sequence[tuple[int, datetime, str, Facts]]:
        """Return every version: its number, when, by which source, and the facts."""
        query = (
            select(action_versions)
            .join(actions, actions.c.id == action_versions.c.action_id)
            .where(actions.c.public_id == public_id)
            .order_by(action_versions.c.version)
        )
        with self._database.reading() as connection:
            return [
                (
                    row.version,
                    row.recorded_at,
                    row.recorded_by,
                    snapshot.load(row.facts),
                )
                for row in connection.execute(query)
            ]


def _mark_missing(
    connection: Connection, vanished: Sequence[Action], since: datetime | None
) -> None:
    if vanished:
        connection.execute(
            update(actions)
            .where(actions.c.id.in_([action.id for action in vanished]))
            .values(missing_since=since)
        )


def _by_name(decided: ActionChanges) -> dict[str, Sequence[Any]]:
    """Return the changes by name, their rows as they are."""
    return {
        name: getattr(decided, name)
        for name in ("created", "updated", "unchanged", "returned", "missing")
    }
