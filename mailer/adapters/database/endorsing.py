"""Calls and their endorsers, and how a request becomes an endorsement."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, insert, or_, select, update

from mailer.adapters.database import audit, organizations as known
from mailer.adapters.database.engine import Database
from mailer.adapters.database.places import place_id
from mailer.adapters.database.schema import (
    calls,
    endorsements,
    organization_aliases,
    organizations,
    places,
    requests,
    seats,
    subscribers,
)
from mailer.core import sponsors
from mailer.core.errors import NotFoundError, RefusedError
from mailer.core.model import Place
from mailer.core.requests import Request, State
from mailer.core.resembling import resembling
from mailer.core.saying import says
from mailer.core.sponsors import name_key
from mailer.ports import Endorsable, Endorser

_NAME = 120  # characters of a person's name


class SqlEndorsements:
    """The port Endorsements over tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def calls(self, on: date) -> Sequence[Endorsable]:
        """Return the calls whose last day is not over, the newest first."""
        query = (
            select(calls)
            .where(or_(calls.c.closes_on.is_(None), calls.c.closes_on >= on))
            .order_by(calls.c.id.desc())
        )
        with self._database.reading() as connection:
            return [
                Endorsable(slug=row.slug, title=row.title, closes_on=row.closes_on)
                for row in connection.execute(query)
            ]

    def public(self, call: str) -> Sequence[Endorser]:
        """Return who endorses a call publicly, by name."""
        query = (
            select(organizations.c.name, places.c.label)
            .join(endorsements, endorsements.c.organization_id == organizations.c.id)
            .join(calls, calls.c.id == endorsements.c.call_id)
            .outerjoin(places, places.c.id == organizations.c.place_id)
            .where(calls.c.slug == call, endorsements.c.public)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        listed = [Endorser(name=row.name, place=row.label) for row in rows]
        return sorted(listed, key=lambda one: name_key(one.name))

    def alike(self, name: str, place: str | None = None) -> Sequence[str]:
        """Return the organizations on record that may be meant by a name."""
        query = (
            select(organization_aliases.c.name, places.c.label)
            .select_from(organization_aliases)
            .join(organizations)
            .outerjoin(places, places.c.id == organizations.c.place_id)
        )
        with self._database.reading() as connection:
            where = {row.name: row.label for row in connection.execute(query)}
            mine = connection.scalar(
                select(organizations.c.name)
                .join(organization_aliases)
                .where(organization_aliases.c.key == name_key(name))
            )
        if mine:
            return [mine]
        pairs = [(one.first, one.second) for one in sponsors.similar([*where, name])]
        found = {
            one if other == name else other
            for one, other in pairs
            if name in (one, other)
        }
        found.update(resembling(name, where))
        return sorted(found, key=lambda one: (not place or where[one] != place, one))

    def accept(
        self, request: Request, *, into: str | None, by: str, at: datetime
    ) -> str | None:
        """List an organization as a request says, in one transaction."""
        facts = request.facts
        with self._database.writing() as connection:
            moved = connection.execute(
                update(requests)
                .where(
                    requests.c.id == request.number,
                    requests.c.state == State.WAITING,
                )
                .values(state=State.DONE.value, settled_at=at, settled_by=by)
            )
            if not moved.rowcount:
                return None
            number = self._organization(connection, facts["organization"], into, at)
            self._describe(connection, number, request)
            self._endorse(connection, number, request, at)
            self._seat(connection, number, request)
            audit.record(
                connection,
                at=at,
                actor=by,
                verb="accept",
                thing=f"request {request.number}",
                detail={"kind": request.kind, "organization": number},
            )
            name = connection.scalar(
                select(organizations.c.name).where(organizations.c.id == number)
            )
        return str(name)

    def _organization(
        self, connection: Connection, name: str, into: str | None, at: datetime
    ) -> int:
        """Return the organization that is meant; a new one unless a person says."""
        if into is None:
            found = known.ensure(self._database, connection, [name], at=at)
            return found[name]
        number = _number(connection, into)
        if number is None:
            raise NotFoundError(
                says(
                    'there is no organization "%(name)s"; mailer organizations lists'
                    " them",
                    name=into,
                )
            )
        theirs = _number(connection, name)
        if theirs not in (None, number):
            raise RefusedError(
                says(
                    '"%(name)s" is already another organization; if they are one:'
                    ' mailer organizations merge "%(name)s" "%(into)s"',
                    name=name,
                    into=into,
                )
            )
        if theirs is None:
            connection.execute(
                insert(organization_aliases).values(
                    key=name_key(name), name=name, organization_id=number
                )
            )
        return number

    def _describe(self, connection: Connection, number: int, request: Request) -> None:
        """Keep where it is and its site, where nobody has said so before."""
        facts = request.facts
        mine = organizations.c.id == number
        if place := facts.get("place"):
            where = place_id(self._database, connection, Place(**place))
            connection.execute(
                update(organizations)
                .where(mine, organizations.c.place_id.is_(None))
                .values(place_id=where)
            )
        if website := facts.get("website"):
            connection.execute(
                update(organizations)
                .where(mine, organizations.c.website.is_(None))
                .values(website=website)
            )

    def _endorse(
        self, connection: Connection, number: int, request: Request, at: datetime
    ) -> None:
        facts = request.facts
        call = connection.scalar(
            select(calls.c.id).where(calls.c.slug == facts["call"])
        )
        if call is None:
            raise NotFoundError(
                says('there is no call "%(name)s" any more', name=str(facts["call"]))
            )
        said = {"public": facts["public"], "pledges": facts["pledges"]}
        connection.execute(
            self._database.insert(endorsements)
            .values(
                call_id=call,
                organization_id=number,
                endorsed_on=request.asked_at.date(),
                recorded_at=at,
                **said,
            )
            .on_conflict_do_update(
                index_elements=["call_id", "organization_id"], set_=said
            )
        )

    def _seat(self, connection: Connection, number: int, request: Request) -> None:
        person = select(subscribers.c.id).where(subscribers.c.uid == request.subscriber)
        connection.execute(
            self._database.insert(seats)
            .values(
                subscriber_id=person.scalar_subquery(),
                organization_id=number,
                role=request.facts.get("role", "primary"),
            )
            .on_conflict_do_nothing()
        )
        connection.execute(
            update(subscribers)
            .where(
                subscribers.c.uid == request.subscriber,
                subscribers.c.given_name.is_(None),
            )
            .values(given_name=request.facts["contact"][:_NAME])
        )


def _number(connection: Connection, name: str) -> int | None:
    return connection.scalar(
        select(organization_aliases.c.organization_id).where(
            organization_aliases.c.key == name_key(name)
        )
    )
