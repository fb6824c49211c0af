"""Organizations under all their names; merged only by a person."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from mailer.adapters.database import audit, bulk, merging
from mailer.adapters.database.engine import Database
from mailer.adapters.database.places import place_id
from mailer.adapters.database.schema import (
    calls,
    endorsements,
    organization_aliases,
    organizations,
    places,
    seats,
    sponsorships,
)
from mailer.core.errors import NotFoundError, RefusedError
from mailer.core.sponsors import name_key
from mailer.ports import Organized
from mailer.ports.register import Merge


def ensure(
    database: Database, connection: Connection, names: Iterable[str], *, at: datetime
) -> Mapping[str, int]:
    """Return the number of the organization behind each name, adding new ones."""
    keys = {name: _key(name) for name in names}
    wanted: dict[str, str] = {}
    for name, key in keys.items():
        wanted.setdefault(key, name)  # of two spellings the first is kept
    known = _known(database, connection, wanted)
    missing = {key: name for key, name in wanted.items() if key not in known}
    if missing:
        known |= _add(database, connection, missing, at=at)
    return {name: known[key] for name, key in keys.items()}


_key = lru_cache(maxsize=10_000)(name_key)  # an import asks for the same ones again


def _known(
    database: Database, connection: Connection, keys: Iterable[str]
) -> dict[str, int]:
    """Return the number behind each key that is known."""
    return dict(
        bulk.select(
            database,
            connection,
            organization_aliases,
            chosen=("key", "organization_id"),
            column="key",
            values=keys,
        )
    )


def _add(
    database: Database,
    connection: Connection,
    missing: Mapping[str, str],
    *,
    at: datetime,
) -> Mapping[str, int]:
    """Add organizations by key and name; returns the number behind each key."""
    missing = dict(sorted(missing.items()))  # in one order for all, as in `enlist`
    numbers = list(bulk.numbers(database, connection, organizations, len(missing)))
    names = [" ".join(name.split())[:300] for name in missing.values()]
    bulk.insert(
        database,
        connection,
        organizations,
        {"id": numbers, "name": names, "created_at": at},
    )
    bulk.insert(
        database,
        connection,
        organization_aliases,
        {"key": list(missing), "name": names, "organization_id": numbers},
    )
    known = _known(database, connection, missing)
    # Another process was faster: theirs is the one that counts.
    lost = set(numbers) - set(known.values())
    if lost:
        connection.execute(delete(organizations).where(organizations.c.id.in_(lost)))
    return known


def endorse(
    database: Database,
    connection: Connection,
    *,
    call_id: int,
    names: Sequence[str],
    at: datetime,
    **values: Any,
) -> None:
    """Record that these organizations endorse a call; twice is once."""
    for number in set(ensure(database, connection, names, at=at).values()):
        connection.execute(
            database.insert(endorsements)
            .values(call_id=call_id, organization_id=number, recorded_at=at, **values)
            .on_conflict_do_nothing()
        )


class OrganizationStore:
    """Lists, imports and merges organizations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def organize(
        self, organized: Iterable[Organized], *, at: datetime, dry_run: bool = False
    ) -> tuple[int, int, int]:
        """Add or update; returns how many were created, updated, unchanged.

        A dry run does all of it and takes it back.
        """
        counts = {"created": 0, "updated": 0, "unchanged": 0}
        with self._database.writing() as connection:
            for row in organized:
                counts[self._organize(connection, row, at)] += 1
            audit.record(
                connection,
                at=at,
                actor="cli",
                verb="import",
                thing="organizations",
                detail=counts,
            )
            if dry_run:
                connection.rollback()
        return counts["created"], counts["updated"], counts["unchanged"]

    def _organize(self, connection: Connection, row: Organized, at: datetime) -> str:
        created = name_key(row.name) not in _known(
            self._database, connection, [name_key(row.name)]
        )
        number = ensure(self._database, connection, [row.name], at=at)[row.name]
        changed = self._describe(connection, number, row, at)
        for alias in row.aliases:
            changed |= self._alias(connection, number, alias, row.line)
        if row.endorses:
            call_id = self._call(connection, row)
            endorse(
                self._database,
                connection,
                call_id=call_id,
                names=[row.name],
                at=at,
                endorsed_on=row.endorsed_on,
                public=row.public,
            )
        return "created" if created else "updated" if changed else "unchanged"

    def _describe(
        self, connection: Connection, number: int, row: Organized, at: datetime
    ) -> bool:
        values: dict[str, Any] = {}
        if row.parent:
            parent = ensure(self._database, connection, [row.parent], at=at)
            values["parent_id"] = parent[row.parent]
        if row.place:
            values["place_id"] = place_id(self._database, connection, row.place)
        if row.website:
            values["website"] = row.website
        if row.kind:
            values["kind"] = row.kind
        if values.get("parent_id") == number:
            raise RefusedError(f"line {row.line}: parent: {row.name} is its own parent")
        stored = (
            connection.execute(
                select(organizations).where(organizations.c.id == number)
            )
            .mappings()
            .one()
        )
        changed = {k: v for k, v in values.items() if stored[k] != v}
        if changed:
            connection.execute(
                update(organizations)
                .where(organizations.c.id == number)
                .values(changed)
            )
        return bool(changed)

    def _alias(
        self, connection: Connection, number: int, alias: str, line: int
    ) -> bool:
        key = name_key(alias)
        known = _known(self._database, connection, [key]).get(key)
        if known == number:
            return False
        if known is not None:
            raise RefusedError(
                f'line {line}: aliases: "{alias}" is already another organization; if'
                " they are one: take it out of the aliases, import again, then mailer"
                f' organizations merge "{alias}" INTO'
            )
        connection.execute(
            insert(organization_aliases).values(
                key=key, name=alias, organization_id=number
            )
        )
        return True

    def _call(self, connection: Connection, row: Organized) -> int:
        number = connection.scalar(
            select(calls.c.id).where(calls.c.slug == row.endorses)
        )
        if number is None:
            raise NotFoundError(
                f'line {row.line}: endorses: there is no call "{row.endorses}";'
                " import its actions with --call first"
            )
        return int(number)

    def merge(self, name: str, into: str, *, at: datetime, actor: str) -> Merge:
        """Make `name` an alias of `into`, with all that hangs on it."""
        with self._database.writing() as connection:
            gone, kept = self._find(connection, name), self._find(connection, into)
            if gone == kept:
                raise RefusedError(
                    f'"{name}" and "{into}" are already one organization'
                )
            return merging.merge(connection, gone, kept, by=actor, at=at)

    def mute(
        self, name: str, until: datetime | None, *, at: datetime, actor: str
    ) -> str:
        """Send no edition to its seats before then, or again; returns its name.

        Whoever has a seat elsewhere as well goes on getting theirs.
        """
        with self._database.writing() as connection:
            number = self._find(connection, name)
            kept = connection.scalar(
                update(organizations)
                .where(organizations.c.id == number)
                .values(muted_until=until)
                .returning(organizations.c.name)
            )
            audit.record(
                connection,
                at=at,
                actor=actor,
                verb="mute" if until else "unmute",
                thing=f"organization {number}",
                detail={"until": until.isoformat()} if until else {},
            )
        return str(kept)

    def _find(self, connection: Connection, name: str) -> int:
        key = name_key(name)
        number = _known(self._database, connection, [key]).get(key)
        if number is None:
            raise NotFoundError(
                f'there is no organization "{name}"; mailer organizations lists them'
            )
        return number

    def listed(self) -> Sequence[Mapping[str, Any]]:
        """Return every organization with its names and how much hangs on it."""
        names = _names_by_number(self._database)
        query = (
            select(
                organizations.c.id,
                organizations.c.name,
                organizations.c.muted_until,
                places.c.label.label("place"),
                _count(sponsorships).label("sponsorships"),
                _count(endorsements).label("endorsements"),
                _count(seats).label("seats"),
            )
            .outerjoin(places, places.c.id == organizations.c.place_id)
            .order_by(organizations.c.name)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            {
                "name": row["name"],
                "aliases": sorted(names[row["id"]] - {row["name"]}),
                "place": row["place"],
                "muted_until": row["muted_until"],
                "sponsorships": row["sponsorships"],
                "endorsements": row["endorsements"],
                "seats": row["seats"],
            }
            for row in rows
        ]


def _count(table: Any) -> Any:
    return (
        select(func.count())
        .select_from(table)
        .where(table.c.organization_id == organizations.c.id)
        .scalar_subquery()
    )


def _names_by_number(database: Database) -> dict[int, set[str]]:
    names: dict[int, set[str]] = {}
    with database.reading() as connection:
        for row in connection.execute(select(organization_aliases)):
            names.setdefault(row.organization_id, set()).add(row.name)
    return names
