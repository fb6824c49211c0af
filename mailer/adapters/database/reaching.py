"""Whom a rule means, and to whom of them a blast may go: one row per person.

Everything is joined by a key of which there is one row at most. A person is one row,
and so is an address, however many conditions hold of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
)

from mailer.adapters.database import meaning
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import (
    deliveries,
    lists,
    mailings,
    organizations,
    places,
    seats,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.adapters.database.selecting import Selecting
from mailer.adapters.database.sets import one_of
from mailer.core.caps import Cap
from mailer.core.errors import NotFoundError
from mailer.core.lists import Kind
from mailer.core.rule import InRegion, Near, Rule, leaves
from mailer.core.saying import says
from mailer.ports.audiences import LeftOut, Terms

LATELY = timedelta(hours=24)
# That somebody has, or may have, or is about to have.
_GIVEN = ("pending", "inflight", "sent", "unknown", "parked")
_MAILED = ("inflight", "sent", "unknown", "parked")


def reach(
    database: Database, connection: Connection, rule: Rule, terms: Terms
) -> "Reach":
    """Look up what a rule names; raises InputError, or NotFoundError for the list."""
    number = connection.scalar(
        select(lists.c.number).where(lists.c.slug == terms.list_slug)
    )
    if number is None:
        raise NotFoundError(
            says(
                'there is no list "%(list)s"; mailer lists shows them',
                list=terms.list_slug,
            )
        )
    lately = [number for number, _, _ in _going_on(connection, terms.at - LATELY)]
    caps = () if terms.urgent else terms.caps
    return Reach(
        database=database,
        rule=rule,
        terms=terms,
        list_number=int(number),
        named=meaning.read(database, connection, rule),
        lately=lately,
        capped=[
            had
            for cap in caps
            if (had := _had(database, connection, cap, terms)) is not None
        ],
    )


@dataclass(frozen=True, kw_only=True)
class Reach:
    """One rule under its terms; makes statements, and runs none."""

    database: Database
    rule: Rule
    terms: Terms
    list_number: int
    named: meaning.Meaning
    lately: Sequence[int]  # mailings that may have been sent within the last day
    capped: Sequence[Subquery]

    @cached_property
    def _places_matter(self) -> bool:
        return any(isinstance(leaf, InRegion | Near) for _, leaf in leaves(self.rule))

    @cached_property
    def seat(self) -> Any:
        """Their first seat."""
        return seats.alias("first_seat")

    @cached_property
    def home(self) -> Any:
        """The organization of that seat."""
        return organizations.alias("home")

    @cached_property
    def agreed(self) -> Any:
        """Their subscription to the list."""
        return subscriptions.alias("agreed")

    @cached_property
    def barred(self) -> Any:
        """What says that nobody may mail them."""
        return suppressions.alias("barred")

    @property
    def place(self) -> ColumnElement[Any]:
        """The number of their own place, else of their first seat's; may be null."""
        return func.coalesce(subscribers.c.place_id, self.home.c.place_id)

    def people(self, *, placed: bool = True) -> FromClause:
        """Return everybody, beside what decides on them; `placed`: with their place."""
        person = subscribers.c.id
        joined: FromClause = subscribers.outerjoin(
            self.agreed,
            and_(
                self.agreed.c.subscriber_id == person,
                self.agreed.c.list_number == self.list_number,
            ),
        ).outerjoin(
            self.barred, self.barred.c.address_hash == subscribers.c.address_hash
        )
        for had in self.capped:
            joined = joined.outerjoin(had, had.c.subscriber_id == person)
        if not placed and not self._places_matter:
            return joined
        earlier = seats.alias("earlier")
        before = (
            select(earlier.c.id)
            .where(
                earlier.c.subscriber_id == self.seat.c.subscriber_id,
                earlier.c.id < self.seat.c.id,
            )
            .correlate(self.seat)
        )
        first = ~exists(before)
        return joined.outerjoin(
            self.seat, and_(self.seat.c.subscriber_id == person, first)
        ).outerjoin(self.home, self.home.c.id == self.seat.c.organization_id)

    @cached_property
    def meant(self) -> ColumnElement[bool]:
        """What holds of those whom the rule means, may they be mailed or not."""
        return Selecting(
            database=self.database,
            meaning=self.named,
            person=subscribers.c.id,
            place=self.place,
            language=subscribers.c.language,
        ).rule(self.rule)

    @cached_property
    def keeps(self) -> Sequence[tuple[LeftOut, ColumnElement[bool]]]:
        """What must hold of everybody who gets a blast, or else they are left out.

        In the order of weight, and never unknown.
        """
        state, paused = self.agreed.c.state, self.agreed.c.paused_until
        return [
            (LeftOut.SUPPRESSED, self.barred.c.address_hash.is_(None)),
            (LeftOut.NO_CONSENT, and_(state.is_not(None), state == "active")),
            (LeftOut.PAUSED, or_(paused.is_(None), paused <= self.terms.at)),
            *((LeftOut.CAPPED, had.c.subscriber_id.is_(None)) for had in self.capped),
        ]

    @property
    def reason(self) -> ColumnElement[int | None]:
        """Why somebody is left out, as the position in `LeftOut`; null if they are not."""
        order = list(LeftOut)
        return case(
            *((~keeps, order.index(reason)) for reason, keeps in self.keeps),
            else_=null(),
        )

    @property
    def mailed_lately(self) -> ColumnElement[int]:
        """Tell (0, 1) whether somebody was mailed within the last 24 hours."""
        if not self.lately:
            return literal(0, Integer)
        since = self.terms.at - LATELY
        mailed = _deliveries(self.database, self.lately, _MAILED, since).where(
            deliveries.c.subscriber_id == subscribers.c.id
        )
        return case((mailed.correlate(subscribers).exists(), 1), else_=0)

    def recipients(self) -> Select[Any]:
        """Return who gets a blast: number, hash, language, zone, place of each."""
        where = places.alias("place_of")
        zone = func.coalesce(
            subscribers.c.time_zone,
            where.c.time_zone,
            literal(self.terms.zone, subscribers.c.time_zone.type),
        )
        return self._getting(
            select(
                subscribers.c.id.label("subscriber_id"),
                subscribers.c.address_hash,
                subscribers.c.language,
                zone.label("zone"),
                self.place.label("place_id"),
            ).select_from(self.people().outerjoin(where, where.c.id == self.place))
        )

    def count(self) -> Select[Any]:
        """Return how many get it."""
        counted = select(func.count()).select_from(self.people(placed=False))
        return self._getting(counted)

    def _getting(self, query: Select[Any]) -> Select[Any]:
        return query.where(self.meant, *(keeps for _, keeps in self.keeps))


def _had(
    database: Database, connection: Connection, cap: Cap, terms: Terms
) -> Subquery | None:
    """Return who had as many blasts as a cap allows; None if there were too few."""
    since = terms.at - cap.period
    given = [
        number
        for number, is_urgent, kind in _going_on(connection, since)
        if kind == Kind.BLAST and not is_urgent and number != terms.besides
    ]
    if len(given) < cap.times:
        return None
    return (
        _deliveries(database, given, _GIVEN, since)
        .group_by(deliveries.c.subscriber_id)
        .having(func.count() >= cap.times)
        .subquery(f"had_{cap.times}_a_{cap.unit}")
    )


def _deliveries(
    database: Database, numbers: Sequence[int], states: Sequence[str], since: datetime
) -> Select[Any]:
    return select(deliveries.c.subscriber_id).where(
        one_of(database, deliveries.c.mailing_id, numbers),
        deliveries.c.state.in_(states),
        deliveries.c.changed_at > since,
    )


def _going_on(
    connection: Connection, since: datetime
) -> Sequence[tuple[int, bool, str]]:
    """Return the mailings that were not over then, urgent or not, but for notes."""
    query = select(mailings.c.id, mailings.c.urgent, mailings.c.kind).where(
        mailings.c.kind.in_([kind.value for kind in Kind]),
        or_(mailings.c.finished_at.is_(None), mailings.c.finished_at > since),
    )
    return [tuple(row) for row in connection.execute(query)]
