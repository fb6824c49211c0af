"""The port Register over tables: organizations by number, page by page."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from mailer.adapters.database import audit, merging
from mailer.adapters.database.engine import Database
from mailer.adapters.database.readers import masked
from mailer.adapters.database.schema import (
    actions,
    calls,
    endorsements,
    organization_aliases as names,
    organizations,
    places,
    seats,
    sponsorships,
    subscribers,
)
from mailer.core import sponsors
from mailer.core.errors import NotFoundError, RefusedError
from mailer.core.resembling import resembling
from mailer.core.saying import says
from mailer.core.sponsors import name_key
from mailer.ports.register import (
    Endorsed,
    Entry,
    Merge,
    Organization,
    Related,
    Seated,
    Sponsored,
    TakenIn,
)

_SEATS, _ACTIONS = 100, 50  # shown of one organization
_COMPARED = 3_000  # names that are compared pair by pair within a second
_OWN = 3  # of its names, by which others are looked for
_NEAR = 12  # names that may be the same; whoever looks for more types one


class SqlRegister:
    """The port Register."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, search: str, *, after: str | None, most: int) -> Sequence[Entry]:
        """Return some of them by name; the key of the last one leads on."""
        query = (
            select(
                organizations.c.id,
                organizations.c.name,
                organizations.c.muted_until,
                names.c.key,
                places.c.label,
            )
            .join(
                organizations,
                (organizations.c.id == names.c.organization_id) & _own_name(),
            )
            .outerjoin(places, places.c.id == organizations.c.place_id)
            .order_by(names.c.key)
            .limit(most)
        )
        if words := name_key(search):
            called = select(names.c.organization_id).where(
                names.c.key.contains(words, autoescape=True)
            )
            query = query.where(names.c.organization_id.in_(called))
        if after is not None:
            query = query.where(names.c.key > after)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
            numbers = [row.id for row in rows]
            hanging = {
                table.name: _counts(connection, table, numbers)
                for table in (sponsorships, endorsements, seats)
            }
        return [
            Entry(
                number=row.id,
                name=row.name,
                key=row.key,
                place=row.label,
                muted_until=row.muted_until,
                **{name: counted.get(row.id, 0) for name, counted in hanging.items()},
            )
            for row in rows
        ]

    def organization(self, number: int) -> Organization:
        """Return all that is on record of one."""
        with self._database.reading() as connection:
            row = _row(connection, number)
            aliases = connection.scalars(
                select(names.c.name)
                .where(names.c.organization_id == number, names.c.name != row.name)
                .order_by(names.c.key)
            ).all()
            place = connection.scalar(
                select(places.c.label).where(places.c.id == row.place_id)
            )
            return Organization(
                number=number,
                name=row.name,
                aliases=aliases,
                parent=_related(connection, organizations.c.id == row.parent_id)[0]
                if row.parent_id
                else None,
                children=_related(connection, organizations.c.parent_id == number),
                place=place,
                website=row.website,
                kind=row.kind,
                muted_until=row.muted_until,
                known_since=row.created_at,
                endorsed=_endorsed(connection, number),
                seated=_seated(connection, number),
                seats=_counts(connection, seats, [number]).get(number, 0),
                sponsored=_sponsored(connection, number),
                sponsorships=_counts(connection, sponsorships, [number]).get(number, 0),
                taken_in=_taken_in(connection, number),
            )

    def number(self, name: str) -> int | None:
        """Return whose name or alias this is."""
        with self._database.reading() as connection:
            return connection.scalar(
                select(names.c.organization_id).where(names.c.key == name_key(name))
            )

    def alike(self, number: int) -> Sequence[Related]:
        """Return those whose names resemble any of its own."""
        with self._database.reading() as connection:
            rows = connection.execute(select(names.c.name, names.c.organization_id))
            of = {row.name: row.organization_id for row in rows}
            own = [name for name, each in of.items() if each == number][:_OWN]
            others = [name for name, each in of.items() if each != number]
            found = {of[name] for mine in own for name in resembling(mine, others)}
            if len(of) <= _COMPARED:
                found |= {
                    of[there]
                    for pair in sponsors.similar(of)
                    for here, there in (
                        (pair.first, pair.second),
                        (pair.second, pair.first),
                    )
                    if of[here] == number
                }
            found.discard(number)
            return _related(connection, organizations.c.id.in_(sorted(found)[:_NEAR]))

    def rename(self, number: int, name: str, *, by: str, at: datetime) -> None:
        """Let it be called so; imports that use the old name still mean it."""
        with self._database.writing() as connection:
            before = _row(connection, number).name
            if before == name:
                return
            _call(connection, number, name)
            connection.execute(
                update(organizations)
                .where(organizations.c.id == number)
                .values(name=name)
            )
            _record(connection, "rename", number, by, at, before=before, name=name)

    def add_alias(self, number: int, alias: str, *, by: str, at: datetime) -> None:
        """Know it by another name as well."""
        with self._database.writing() as connection:
            if _row(connection, number).name == alias:
                return
            if name_key(_row(connection, number).name) == name_key(alias):
                raise RefusedError(
                    says('"%(name)s" is its own name already', name=alias)
                )
            _call(connection, number, alias)
            _record(connection, "add alias", number, by, at, alias=alias)

    def remove_alias(self, number: int, alias: str, *, by: str, at: datetime) -> None:
        """Know it by that name no more."""
        with self._database.writing() as connection:
            if name_key(_row(connection, number).name) == name_key(alias):
                raise RefusedError(
                    says(
                        '"%(name)s" is its own name; give it another one first',
                        name=alias,
                    )
                )
            gone = connection.execute(
                delete(names).where(
                    names.c.key == name_key(alias), names.c.organization_id == number
                )
            )
            if gone.rowcount:
                _record(connection, "remove alias", number, by, at, alias=alias)

    def mute(
        self, number: int, until: datetime | None, *, by: str, at: datetime
    ) -> None:
        """Send no edition to its seats before then, or again."""
        with self._database.writing() as connection:
            _row(connection, number)
            connection.execute(
                update(organizations)
                .where(organizations.c.id == number)
                .values(muted_until=until)
            )
            said = {"until": until.isoformat()} if until else {}
            _record(connection, "mute" if until else "unmute", number, by, at, **said)

    def would_move(self, gone: int, kept: int) -> Merge:
        """Return what a merge would move."""
        with self._database.reading() as connection:
            _require_two(connection, gone, kept)
            return merging.counts(connection, gone, kept)

    def merge(self, gone: int, kept: int, *, by: str, at: datetime) -> Merge:
        """Make one part of the other."""
        with self._database.writing() as connection:
            _require_two(connection, gone, kept)
            return merging.merge(connection, gone, kept, by=by, at=at)

    def part(self, kept: int, record: int, *, by: str, at: datetime) -> int:
        """Take a merge apart by its record."""
        with self._database.writing() as connection:
            _row(connection, kept)
            found = [
                row for row in merging.merges(connection, kept) if row.id == record
            ]
            if not found or merging.UNDO not in found[0].detail:
                raise NotFoundError(says("there is no record of such a merge"))
            undo = found[0].detail[merging.UNDO]
            name = merging.part(connection, kept, undo)
            _record(connection, "part", kept, by, at, name=name, merge=record)
        return int(undo["id"])


def _own_name() -> Any:
    return names.c.name == organizations.c.name


def _row(connection: Connection, number: int) -> Any:
    query = select(organizations).where(organizations.c.id == number)
    row = connection.execute(query).first()
    if row is None:
        raise NotFoundError(says("there is no such organization any more"))
    return row


def _require_two(connection: Connection, gone: int, kept: int) -> None:
    name = _row(connection, gone).name
    if gone == kept:
        raise RefusedError(says('"%(name)s" is one organization already', name=name))
    _row(connection, kept)


def _call(connection: Connection, number: int, name: str) -> None:
    """Let a name lead there; raises RefusedError where it leads elsewhere."""
    key = name_key(name)
    held = connection.execute(
        select(names.c.organization_id, names.c.name).where(names.c.key == key)
    ).first()
    if held is None:
        connection.execute(
            insert(names).values(key=key, name=name, organization_id=number)
        )
    elif held.organization_id != number:
        raise RefusedError(
            says(
                '"%(name)s" is already the name of another organization; if they are'
                " one, merge them",
                name=name,
            )
        )
    else:  # another spelling of the same: case, quotes, dashes
        connection.execute(update(names).where(names.c.key == key).values(name=name))


def _record(
    connection: Connection, verb: str, number: int, by: str, at: datetime, **said: Any
) -> None:
    audit.record(
        connection,
        at=at,
        actor=by,
        verb=verb,
        thing=f"organization {number}",
        detail=said,
    )


def _counts(
    connection: Connection, table: Table, numbers: Collection[int]
) -> Mapping[int, int]:
    """Count a table's rows of some organizations, in one pass."""
    of = table.c.organization_id
    query = select(of, func.count()).where(of.in_(numbers)).group_by(of)
    return {row[0]: row[1] for row in connection.execute(query)}


def _related(connection: Connection, which: Any) -> Sequence[Related]:
    query = select(organizations.c.id, organizations.c.name).where(which)
    return [
        Related(number=row.id, name=row.name)
        for row in connection.execute(query.order_by(organizations.c.name))
    ]


def _endorsed(connection: Connection, number: int) -> Sequence[Endorsed]:
    query = (
        select(calls.c.title, endorsements.c.endorsed_on, endorsements.c.public)
        .join(calls, calls.c.id == endorsements.c.call_id)
        .where(endorsements.c.organization_id == number)
        .order_by(calls.c.id.desc())
    )
    return [
        Endorsed(title=row.title, on=row.endorsed_on, public=row.public)
        for row in connection.execute(query)
    ]


def _seated(connection: Connection, number: int) -> Sequence[Seated]:
    query = (
        select(subscribers.c.id, subscribers.c.address, seats.c.role, seats.c.lost_at)
        .join(subscribers, subscribers.c.id == seats.c.subscriber_id)
        .where(seats.c.organization_id == number)
        .order_by(seats.c.id)
        .limit(_SEATS)
    )
    return [
        Seated(
            subscriber=row.id,
            masked_address=masked(row.address),
            role=row.role,
            lost_at=row.lost_at,
        )
        for row in connection.execute(query)
    ]


def _sponsored(connection: Connection, number: int) -> Sequence[Sponsored]:
    query = (
        select(
            actions.c.public_id,
            actions.c.starts_at,
            actions.c.status,
            places.c.label,
            sponsorships.c.role,
        )
        .join(actions, actions.c.id == sponsorships.c.action_id)
        .outerjoin(places, places.c.id == actions.c.place_id)
        .where(sponsorships.c.organization_id == number)
        .order_by(actions.c.starts_at.desc(), actions.c.id)
        .limit(_ACTIONS)
    )
    return [
        Sponsored(
            public_id=row.public_id,
            starts_at=row.starts_at,
            status=row.status,
            place=row.label,
            role=row.role,
        )
        for row in connection.execute(query)
    ]


def _taken_in(connection: Connection, number: int) -> Sequence[TakenIn]:
    """Return what can be taken apart: recorded with its undo, and not gone already."""
    rows = [
        row for row in merging.merges(connection, number) if merging.UNDO in row.detail
    ]
    there = set(
        connection.scalars(
            select(organizations.c.id).where(
                organizations.c.id.in_([row.detail[merging.UNDO]["id"] for row in rows])
            )
        )
    )
    return [
        TakenIn(
            record=row.id,
            name=row.detail[merging.UNDO]["name"],
            at=row.happened_at,
            by=row.actor,
        )
        for row in rows
        if row.detail[merging.UNDO]["id"] not in there
    ]
