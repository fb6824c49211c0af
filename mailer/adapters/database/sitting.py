"""A seat that goes to a colleague with the lists of whoever held it, or comes back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    delete,
    exists,
    insert,
    select,
    update,
)

from mailer.adapters.database import leaving
from mailer.adapters.database.engine import Database
from mailer.adapters.database.granting import join
from mailer.adapters.database.leaving import SEAT
from mailer.adapters.database.schema import (
    consent_events,
    organizations,
    requests,
    seats,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.core.requests import Kind, State, valid_for

_CHOICES = (
    subscriptions.c.frequency,
    subscriptions.c.scope,
    subscriptions.c.quiet_weeks,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The lists that a seat took along, by number."""

    given: Sequence[int]  # begun for whoever has it now; they did not get them before
    ended: Sequence[int]  # ended for whoever had it
    placed: bool = False  # whoever has it now was nowhere, and is where the other is


def seat(connection: Connection, holder: int, organization: int | None) -> Any:
    """Return a person's first seat, or the one at an organization."""
    query = select(seats).where(seats.c.subscriber_id == holder).order_by(seats.c.id)
    if organization is not None:
        query = query.where(seats.c.organization_id == organization)
    return connection.execute(query.limit(1)).first()


def name(connection: Connection, organization: int) -> str | None:
    """Return what an organization is called."""
    query = select(organizations.c.name).where(organizations.c.id == organization)
    found: str | None = connection.scalar(query)
    return found


def lists(connection: Connection, person: int) -> Sequence[int]:
    """Return the lists that somebody gets, those that rest too."""
    states = _states(connection, person)
    return [number for number, state in sorted(states.items()) if state == "active"]


def is_suppressed(connection: Connection, hashed: bytes) -> bool:
    """Whether nobody may write to an address."""
    query = select(exists().where(suppressions.c.address_hash == hashed))
    return bool(connection.scalar(query))


def give(connection: Connection, which: Row[Any], taker: int) -> bool:
    """Let a seat be another's; False: they had one there, and it is the one they have.

    Nobody was told yet that the mail of its new holder bounces.
    """
    mine = seats.c.id == which.id
    if seat(connection, taker, which.organization_id) is None:
        connection.execute(
            update(seats).where(mine).values(subscriber_id=taker, lost_at=None)
        )
        return True
    connection.execute(delete(seats).where(mine))
    return False


def give_anew(connection: Connection, organization: int, role: str, taker: int) -> None:
    """Let somebody have a seat of their own again, which is nobody's any more."""
    if seat(connection, taker, organization) is None:
        connection.execute(
            insert(seats).values(
                subscriber_id=taker, organization_id=organization, role=role
            )
        )


def withdraw(connection: Connection, holder: bytes, at: datetime) -> None:
    """Let every offer of a holder's seat be over, as if its time had run out."""
    long_ago = at - valid_for(Kind.SEAT)
    connection.execute(
        update(requests)
        .where(
            requests.c.kind == Kind.SEAT,
            requests.c.about == holder.hex(),
            requests.c.state.in_((State.ASKED, State.WRITTEN)),
        )
        .values(asked_at=long_ago, written_at=long_ago)
    )


def hand_on(
    database: Database,
    connection: Connection,
    holder: Row[Any],
    taker: Row[Any],
    agreed: Collection[int],
    *,
    at: datetime,
) -> Gone:
    """Let those lists go to a colleague that they agreed to and the holder gets.

    What the colleague chose of a list by themselves stays; of others they get what
    the holder chose, but for a pause: it is the holder who is away. Whoever gets nothing
    yet and is nowhere is where the holder is, or "near" would be near nothing. Whoever
    has another seat goes on getting the lists.
    """
    going = [each for each in lists(connection, holder.id) if each in agreed]
    chosen = _choices(connection, holder.id)
    theirs = _states(connection, taker.id)
    given = [each for each in going if theirs.get(each) != "active"]
    placed = "active" not in theirs.values() and _place(connection, holder, taker)
    for number in given:
        _begin(database, connection, taker.id, number, at)
        if number not in theirs:
            connection.execute(
                update(subscriptions)
                .where(leaving.to(bytes(taker.uid), number))
                .values(chosen[number])
            )
    if seat(connection, holder.id, None):
        return Gone(given=given, ended=(), placed=placed)
    mine = leaving.to(bytes(holder.uid), *going)
    ended = leaving.end(connection, mine, how=SEAT, at=at)
    return Gone(given=given, ended=ended, placed=placed)


def hand_back(
    database: Database,
    connection: Connection,
    holder: Row[Any] | None,
    taker: Row[Any],
    gone: Gone,
    *,
    since: datetime,
    at: datetime,
) -> Gone:
    """Let the lists be whose they were, each with what was chosen of it then.

    Those that the colleague has agreed to by themselves `since` then stay theirs. There
    is no `holder` where the colleague was erased meanwhile.
    """
    ended: Sequence[int] = ()
    if holder is not None:
        own = _agreed_to(connection, holder.id, since)
        going = [number for number in gone.given if number not in own]
        mine = leaving.to(bytes(holder.uid), *going)
        ended = leaving.end(connection, mine, how=SEAT, at=at)
        if gone.placed:
            connection.execute(
                update(subscribers)
                .where(_is(holder), subscribers.c.place_id == _place_of(taker))
                .values(place_id=None)
            )
    on = lists(connection, taker.id)
    given = [number for number in gone.ended if number not in on]
    for number in given:
        _begin(database, connection, taker.id, number, at)
    return Gone(given=given, ended=ended)


def _place(connection: Connection, holder: Row[Any], taker: Row[Any]) -> bool:
    """Let somebody who is nowhere be where another is; False if they stay nowhere."""
    placed = connection.execute(
        update(subscribers)
        .where(
            _is(taker), subscribers.c.place_id.is_(None), _place_of(holder).is_not(None)
        )
        .values(place_id=_place_of(holder))
    )
    return placed.rowcount > 0


def _is(person: Row[Any]) -> ColumnElement[bool]:
    number: int = person.id
    return subscribers.c.id == number


def _place_of(person: Row[Any]) -> ScalarSelect[Any]:
    theirs = subscribers.alias()
    query = select(theirs.c.place_id).where(theirs.c.id == person.id)
    return query.scalar_subquery()


def _begin(
    database: Database, connection: Connection, person: int, number: int, at: datetime
) -> None:
    join(database, connection, person, number, at=at)
    leaving.record(connection, person, number, kind="granted", how=SEAT, at=at)


def _states(connection: Connection, person: int) -> Mapping[int, str]:
    query = select(subscriptions.c.list_number, subscriptions.c.state).where(
        subscriptions.c.subscriber_id == person
    )
    return {row.list_number: row.state for row in connection.execute(query)}


def _agreed_to(connection: Connection, person: int, since: datetime) -> Sequence[int]:
    """Return the lists that somebody has said yes to since, but for a seat's sake."""
    query = select(consent_events.c.list_number).where(
        consent_events.c.subscriber_id == person,
        consent_events.c.kind == "granted",
        consent_events.c.source.is_distinct_from(SEAT),
        consent_events.c.happened_at >= since,
    )
    return connection.scalars(query).all()


def _choices(connection: Connection, person: int) -> Mapping[int, Mapping[str, Any]]:
    query = select(subscriptions.c.list_number, *_CHOICES).where(
        subscriptions.c.subscriber_id == person
    )
    return {
        row["list_number"]: {each.name: row[each.name] for each in _CHOICES}
        for row in connection.execute(query).mappings()
    }
