"""Two organizations become one, and one that was taken in stands by itself again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from mailer.adapters.database.audit import record
from mailer.adapters.database.schema import (
    action_versions,
    actions,
    audit,
    endorsements,
    organization_aliases,
    organizations,
    requests,
    seats,
    sponsorships,
)
from mailer.core.errors import RefusedError
from mailer.core.requests import State
from mailer.core.saying import says
from mailer.core.sponsors import name_key
from mailer.ports.register import Merge

MERGE = "merge"
UNDO = "undo"  # the part of a record by which a merge is taken apart again
_DESCRIBED = ("place_id", "website", "kind", "parent_id")
_OPEN = (State.ASKED.value, State.WRITTEN.value)


def merge(
    connection: Connection, gone: int, kept: int, *, by: str, at: datetime
) -> Merge:
    """Make one organization part of another, with a record that can be taken apart."""
    moved, undo = _join(connection, gone, kept)
    record(
        connection,
        at=at,
        actor=by,
        verb=MERGE,
        thing=f"organization {kept}",
        detail={"from": gone, "name": undo["name"], "into": moved.kept, UNDO: undo},
    )
    return moved


def counts(connection: Connection, gone: int, kept: int) -> Merge:
    """Return what a merge would move, without moving it."""
    name = connection.scalar(
        select(organizations.c.name).where(organizations.c.id == kept)
    )
    found = {
        table.name: connection.scalar(
            select(func.count())
            .select_from(table)
            .where(table.c.organization_id == gone)
        )
        or 0
        for table in (organization_aliases, sponsorships, endorsements, seats)
    }
    children = select(func.count()).where(organizations.c.parent_id == gone)
    return Merge(
        kept=str(name),
        aliases=found["organization_aliases"],
        sponsorships=found["sponsorships"],
        endorsements=found["endorsements"],
        seats=found["seats"],
        children=connection.scalar(children) or 0,
    )


def _join(connection: Connection, gone: int, kept: int) -> tuple[Merge, dict[str, Any]]:
    """Give `kept` all that points to `gone`, and delete that.

    Returns what was moved, and by what it can be taken apart again: numbers and keys,
    nothing about people but their numbers.
    """
    moved = counts(connection, gone, kept)
    was = _row(connection, gone)
    undo = {
        "id": gone,
        "name": was.name,
        **{column: getattr(was, column) for column in _DESCRIBED},
        "created_at": was.created_at.isoformat(),
        "muted_until": was.muted_until and was.muted_until.isoformat(),
        "aliases": _column(connection, organization_aliases.c.key, gone),
        "children": _children(connection, gone),
        "endorsements": _hand_over_endorsements(connection, gone, kept),
        "seats": _hand_over_seats(connection, gone, kept),
        "requests": _hand_over_requests(connection, gone, kept),
        "filled": _fill(connection, was, kept),
    }
    for table in (organization_aliases, sponsorships):
        connection.execute(
            update(table)
            .where(table.c.organization_id == gone)
            .values(organization_id=kept)
        )
    connection.execute(
        update(organizations)
        .where(organizations.c.parent_id == gone)
        .values(parent_id=kept)
    )
    _cut_circle(connection, kept)
    connection.execute(delete(organizations).where(organizations.c.id == gone))
    return moved, undo


def part(connection: Connection, kept: int, undo: Mapping[str, Any]) -> str:
    """Let an organization that was taken in stand by itself again; returns its name.

    What it brought goes back with it, unless that went elsewhere meanwhile. Raises
    RefusedError if one of its names is another's by now, or was taken away.
    """
    gone = int(undo["id"])
    _require_apart(connection, kept, undo)
    connection.execute(
        insert(organizations).values(
            id=gone,
            name=undo["name"],
            created_at=datetime.fromisoformat(undo["created_at"]),
            muted_until=undo["muted_until"]
            and datetime.fromisoformat(undo["muted_until"]),
            **_known(connection, undo),
        )
    )
    connection.execute(
        update(organization_aliases)
        .where(
            organization_aliases.c.organization_id == kept,
            organization_aliases.c.key.in_(undo["aliases"]),
        )
        .values(organization_id=gone)
    )
    connection.execute(
        update(organizations)
        .where(
            organizations.c.parent_id == kept, organizations.c.id.in_(undo["children"])
        )
        .values(parent_id=gone)
    )
    if lent := dict.fromkeys(undo["filled"]):
        connection.execute(
            update(organizations).where(organizations.c.id == kept).values(lent)
        )
    _give_back_endorsements(connection, gone, kept, undo["endorsements"])
    _give_back_seats(connection, gone, kept, undo["seats"])
    _point(connection, undo["requests"], kept, gone)
    _give_back_sponsorships(connection, gone, kept, set(undo["aliases"]))
    return str(undo["name"])


def merges(connection: Connection, kept: int) -> Sequence[Row[Any]]:
    """Return the records of what this organization took in, the newest first."""
    query = (
        select(audit)
        .where(audit.c.object == f"organization {kept}", audit.c.verb == MERGE)
        .order_by(audit.c.id.desc())
    )
    return connection.execute(query).all()


def _row(connection: Connection, number: int) -> Row[Any]:
    return connection.execute(
        select(organizations).where(organizations.c.id == number)
    ).one()


def _column(connection: Connection, column: Any, number: int) -> list[Any]:
    query = select(column).where(column.table.c.organization_id == number)
    return list(connection.scalars(query.order_by(column)))


def _children(connection: Connection, number: int) -> list[int]:
    query = select(organizations.c.id).where(organizations.c.parent_id == number)
    return list(connection.scalars(query.order_by(organizations.c.id)))


def _fill(connection: Connection, was: Row[Any], kept: int) -> list[str]:
    """Let `kept` know what only the other did; returns what that was."""
    now = _row(connection, kept)
    filled = {
        column: getattr(was, column)
        for column in _DESCRIBED
        if getattr(now, column) is None
        and getattr(was, column) not in (None, kept, was.id)
    }
    if filled:
        connection.execute(
            update(organizations).where(organizations.c.id == kept).values(filled)
        )
    return sorted(filled)


def _cut_circle(connection: Connection, kept: int) -> None:
    """Let nothing be above itself: who stood between the two has `kept` for a parent."""
    above, seen = kept, set[int]()
    while above not in seen:
        seen.add(above)
        parent = connection.scalar(
            select(organizations.c.parent_id).where(organizations.c.id == above)
        )
        if parent is None:
            return
        above = parent
    connection.execute(
        update(organizations).where(organizations.c.id == kept).values(parent_id=None)
    )


def _hand_over_endorsements(
    connection: Connection, gone: int, kept: int
) -> list[dict[str, Any]]:
    """Move endorsements; one of a call that both endorse keeps what either said."""
    of = endorsements.c.organization_id
    theirs = connection.execute(select(endorsements).where(of == gone)).all()
    mine = {
        row.call_id: row
        for row in connection.execute(select(endorsements).where(of == kept))
    }
    kept_apart = []
    for row in theirs:
        twin = mine.get(row.call_id)
        kept_apart.append({**_endorsement(row), "twin": twin is not None})
        this = endorsements.c.call_id == row.call_id
        if twin is None:
            connection.execute(
                update(endorsements)
                .where(this, of == gone)
                .values(organization_id=kept)
            )
            continue
        connection.execute(
            update(endorsements)
            .where(this, of == kept)
            .values(
                endorsed_on=twin.endorsed_on or row.endorsed_on,
                pledges=twin.pledges or row.pledges,
            )
        )
        connection.execute(delete(endorsements).where(this, of == gone))
    return kept_apart


def _endorsement(row: Row[Any]) -> dict[str, Any]:
    return {
        "call": row.call_id,
        "endorsed_on": row.endorsed_on and row.endorsed_on.isoformat(),
        "public": row.public,
        "recorded_at": row.recorded_at.isoformat(),
        "pledges": row.pledges,
    }


def _give_back_endorsements(
    connection: Connection, gone: int, kept: int, held: Sequence[Mapping[str, Any]]
) -> None:
    of = endorsements.c.organization_id
    for one in held:
        if not one["twin"]:
            connection.execute(
                update(endorsements)
                .where(endorsements.c.call_id == one["call"], of == kept)
                .values(organization_id=gone)
            )
            continue
        on = one["endorsed_on"]
        connection.execute(
            insert(endorsements).values(
                call_id=one["call"],
                organization_id=gone,
                endorsed_on=datetime.fromisoformat(on).date() if on else None,
                public=one["public"],
                recorded_at=datetime.fromisoformat(one["recorded_at"]),
                pledges=one["pledges"],
            )
        )


def _hand_over_seats(
    connection: Connection, gone: int, kept: int
) -> list[dict[str, Any]]:
    """Move seats; whoever sits at both sits once."""
    of = seats.c.organization_id
    sitting = set(connection.scalars(select(seats.c.subscriber_id).where(of == kept)))
    kept_apart = []
    for row in connection.execute(select(seats).where(of == gone)).all():
        twin = row.subscriber_id in sitting
        kept_apart.append(
            {"subscriber": row.subscriber_id, "role": row.role, "twin": twin}
        )
        mine = seats.c.id == row.id
        if twin:
            connection.execute(delete(seats).where(mine))
        else:
            connection.execute(update(seats).where(mine).values(organization_id=kept))
    return kept_apart


def _give_back_seats(
    connection: Connection, gone: int, kept: int, held: Sequence[Mapping[str, Any]]
) -> None:
    """Seat people as before; whoever was erased or gave the seat away has none."""
    for one in held:
        mine = (seats.c.organization_id == kept) & (
            seats.c.subscriber_id == one["subscriber"]
        )
        if connection.scalar(select(seats.c.id).where(mine)) is None:
            continue
        if one["twin"]:
            connection.execute(
                insert(seats).values(
                    subscriber_id=one["subscriber"],
                    organization_id=gone,
                    role=one["role"],
                )
            )
        else:
            connection.execute(update(seats).where(mine).values(organization_id=gone))


def _hand_over_requests(connection: Connection, gone: int, kept: int) -> list[int]:
    """Let seats that are being handed on be those of `kept`."""
    query = select(requests.c.id, requests.c.facts).where(requests.c.state.in_(_OPEN))
    numbers = [
        row.id
        for row in connection.execute(query)
        if isinstance(row.facts, dict) and row.facts.get("seat") == gone
    ]
    _point(connection, numbers, gone, kept)
    return numbers


def _point(connection: Connection, numbers: Sequence[int], was: int, now: int) -> None:
    for number in numbers:
        mine = requests.c.id == number
        facts = connection.scalar(select(requests.c.facts).where(mine))
        if facts and facts.get("seat") == was:
            connection.execute(
                update(requests).where(mine).values(facts={**facts, "seat": now})
            )


def _give_back_sponsorships(
    connection: Connection, gone: int, kept: int, keys: set[str]
) -> None:
    """Let it sponsor again what its names stand at, also what was listed since."""
    query = (
        select(
            sponsorships.c.action_id, sponsorships.c.position, action_versions.c.facts
        )
        .join(actions, actions.c.id == sponsorships.c.action_id)
        .join(
            action_versions,
            (action_versions.c.action_id == actions.c.id)
            & (action_versions.c.version == actions.c.version),
        )
        .where(sponsorships.c.organization_id == kept)
    )
    for row in connection.execute(query).all():
        named = row.facts["sponsors"]
        if row.position < len(named) and name_key(named[row.position][0]) in keys:
            connection.execute(
                update(sponsorships)
                .where(
                    sponsorships.c.action_id == row.action_id,
                    sponsorships.c.position == row.position,
                )
                .values(organization_id=gone)
            )


def _require_apart(connection: Connection, kept: int, undo: Mapping[str, Any]) -> None:
    number = select(organizations.c.id).where(organizations.c.id == undo["id"])
    if connection.scalar(number) is not None:
        raise RefusedError(
            says('"%(name)s" stands by itself again already', name=undo["name"])
        )
    held = set(
        connection.scalars(
            select(organization_aliases.c.key).where(
                organization_aliases.c.organization_id == kept,
                organization_aliases.c.key.in_(undo["aliases"]),
            )
        )
    )
    if name_key(undo["name"]) not in held:
        raise RefusedError(
            says(
                '"%(name)s" is no other name of it any more, so that nothing can be'
                " told apart",
                name=undo["name"],
            )
        )


def _known(connection: Connection, undo: Mapping[str, Any]) -> dict[str, Any]:
    """Return what described it; a parent that is gone meanwhile is none."""
    parent = undo["parent_id"]
    there = parent is not None and connection.scalar(
        select(organizations.c.id).where(organizations.c.id == parent)
    )
    described = {column: undo[column] for column in _DESCRIBED}
    return {**described, "parent_id": parent if there else None}
