"""The port Readership over tables: pages by key, never a count over everybody."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, or_, select, union

from mailer.adapters.database import audit, choosing, leaving
from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import first_seat, reader_place
from mailer.adapters.database.readers import masked
from mailer.adapters.database.schema import (
    accounts,
    consent_events,
    lists,
    organizations,
    places,
    seats,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.core import scope
from mailer.core.errors import NotFoundError, RefusedError
from mailer.core.preferences import Choices, Frequency
from mailer.core.saying import says
from mailer.core.tokens import address_hash
from mailer.ports.readership import (
    Consented,
    Exported,
    Listed,
    Membership,
    Seat,
    Sought,
    Subscriber,
)

_STATES = ("active", "pending", "ended")
_HOW = "asked a coordinator"  # how consent rows say that they said it
_LOT = 2_000  # rows of an export that are read at once
_LATEST = 100  # consent rows of one person


class SqlReadership:
    """The port Readership."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        """Take the key under which addresses are hashed."""
        self._database = database
        self._pepper = pepper

    def find(self, address: str) -> int | None:
        """Return whoever has this address."""
        hashed = address_hash(self._pepper, address)
        query = select(subscribers.c.id).where(subscribers.c.address_hash == hashed)
        with self._database.reading() as connection:
            return connection.scalar(query)

    def page(
        self, sought: Sought, *, before: int | None, most: int
    ) -> Sequence[Listed]:
        """Return subscribers, the newest first."""
        with self._database.reading() as connection:
            numbers = connection.scalars(
                _chosen(connection, sought, before, most)
            ).all()
            on = _memberships(connection, numbers)
            rows = connection.execute(_described(numbers)).all()
        return [
            Listed(
                number=row.id,
                masked_address=masked(row.address),
                organization=row.organization,
                place=row.place,
                language=row.language,
                memberships=on[row.id],
            )
            for row in rows
        ]

    def subscriber(self, number: int) -> Subscriber:
        """Return one."""
        with self._database.reading() as connection:
            row = _row(connection, number)
            return Subscriber(
                number=number,
                uid=bytes(row.uid),
                masked_address=masked(row.address),
                language=row.language,
                known_since=row.created_at,
                seats=_seats(connection, number),
                tags=connection.scalars(
                    select(subscriber_tags.c.tag)
                    .where(subscriber_tags.c.subscriber_id == number)
                    .order_by(subscriber_tags.c.tag)
                ).all(),
                consents=_consents(connection, number),
            )

    def look(self, number: int, *, by: str, at: datetime) -> str:
        """Return the whole address once it is on record who looked."""
        with self._database.writing() as connection:
            address: str = _row(connection, number).address
            audit.record(
                connection,
                at=at,
                actor=by,
                verb="look at address",
                thing=f"subscriber {number}",
            )
        return address

    def pause(
        self, number: int, list_number: int, until: datetime, *, by: str, at: datetime
    ) -> None:
        """Send them nothing of a list before then."""
        with self._database.writing() as connection:
            uid = bytes(_row(connection, number).uid)
            held = _standing(connection, number, list_number, at)
            if held is None:
                raise RefusedError(says("they get nothing of this list as it is"))
            if held.paused_until is not None and held.paused_until >= until:
                raise RefusedError(
                    says(
                        "they have paused it for longer already, until %(day)s; only"
                        " they themselves can end that",
                        day=f"{held.paused_until:%Y-%m-%d}",
                    )
                )
            choosing.choose(
                connection,
                uid,
                list_number,
                replace(held, paused_until=until),
                how=_HOW,
                at=at,
                by=by,
            )

    def end(self, number: int, list_number: int, *, by: str, at: datetime) -> None:
        """End a subscription; no import brings it back, only they themselves do."""
        with self._database.writing() as connection:
            mine = leaving.to(bytes(_row(connection, number).uid), list_number)
            if not leaving.end(connection, mine, how=_HOW, at=at, by=by):
                raise RefusedError(says("this subscription has ended already"))

    def export(self, list_number: int, *, by: str, at: datetime) -> Iterator[Exported]:
        """Yield who gets a list, lot by lot."""
        with self._database.writing() as connection:
            audit.record(
                connection,
                at=at,
                actor=by,
                verb="export",
                thing=f"list {list_number}",
            )
        return self._exported(list_number)

    def _exported(self, list_number: int) -> Iterator[Exported]:
        after = 0
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(_lot(list_number, after)).all()
            for row in rows:
                yield Exported(
                    address=row.address,
                    organization=row.organization,
                    place=row.place,
                    language=row.language,
                    consented_on=row.consented_on,
                )
            if len(rows) < _LOT:
                return
            after = rows[-1].id


def _chosen(
    connection: Connection, sought: Sought, before: int | None, most: int
) -> Select[Any]:
    """Return the numbers of a page, each part of it read from an index in its order."""
    if sought.organization is not None:
        return _seated(sought, before, most)
    if sought.list_number is None and sought.state is None:
        # Coordinators who read nothing are known for the letters of their accounts.
        query = select(subscribers.c.id).where(
            subscribers.c.address != "",
            or_(
                select(subscriptions.c.subscriber_id)
                .where(subscriptions.c.subscriber_id == subscribers.c.id)
                .exists(),
                ~select(accounts.c.id)
                .where(accounts.c.address_hash == subscribers.c.address_hash)
                .exists(),
            ),
        )
        if before is not None:
            query = query.where(subscribers.c.id < before)
        return query.order_by(subscribers.c.id.desc()).limit(most)
    wanted = (
        connection.scalars(select(lists.c.number)).all()
        if sought.list_number is None
        else [sought.list_number]
    )
    states = _STATES if sought.state is None else (sought.state,)
    parts = [
        select(_subscribed(number, state, before, most).subquery())
        for number in wanted
        for state in states
    ]
    if not parts:
        return select(subscribers.c.id).where(subscribers.c.id < 0)
    found = union(*parts).subquery()
    (number,) = found.c
    return select(number).order_by(number.desc()).limit(most)


def _subscribed(
    list_number: int, state: str, before: int | None, most: int
) -> Select[Any]:
    number = subscriptions.c.subscriber_id
    query = select(number).where(
        subscriptions.c.list_number == list_number, subscriptions.c.state == state
    )
    if before is not None:
        query = query.where(number < before)
    return query.order_by(number.desc()).limit(most)


def _seated(sought: Sought, before: int | None, most: int) -> Select[Any]:
    number = seats.c.subscriber_id
    query = select(number).where(seats.c.organization_id == sought.organization)
    on = subscriptions.c.subscriber_id == number
    if sought.list_number is not None:
        on &= subscriptions.c.list_number == sought.list_number
    if sought.state is not None:
        on &= subscriptions.c.state == sought.state
    if sought.list_number is not None or sought.state is not None:
        query = query.where(select(subscriptions.c.state).where(on).exists())
    if before is not None:
        query = query.where(number < before)
    return query.order_by(number.desc()).limit(most)


def _described(numbers: Sequence[int]) -> Select[Any]:
    return (
        select(
            subscribers.c.id,
            subscribers.c.address,
            subscribers.c.language,
            first_seat().label("organization"),
            places.c.label.label("place"),
        )
        .select_from(subscribers)
        .outerjoin(places, places.c.id == reader_place())
        .where(subscribers.c.id.in_(numbers), subscribers.c.address != "")
        .order_by(subscribers.c.id.desc())
    )


def _memberships(
    connection: Connection, numbers: Sequence[int]
) -> Mapping[int, Sequence[Membership]]:
    query = (
        select(subscriptions.c.subscriber_id, lists.c.slug, subscriptions.c.state)
        .join(lists, lists.c.number == subscriptions.c.list_number)
        .where(subscriptions.c.subscriber_id.in_(numbers))
        .order_by(lists.c.slug)
    )
    found: dict[int, list[Membership]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.subscriber_id].append(Membership(list_slug=row.slug, state=row.state))
    return found


def _row(connection: Connection, number: int) -> Any:
    query = select(subscribers).where(
        subscribers.c.id == number, subscribers.c.address != ""
    )
    row = connection.execute(query).first()
    if row is None:
        raise NotFoundError(says("there is no such subscriber any more"))
    return row


def _seats(connection: Connection, number: int) -> Sequence[Seat]:
    query = (
        select(seats.c.organization_id, organizations.c.name, seats.c.role)
        .join(organizations, organizations.c.id == seats.c.organization_id)
        .where(seats.c.subscriber_id == number)
        .order_by(seats.c.id)
    )
    return [
        Seat(organization=row.organization_id, name=row.name, role=row.role)
        for row in connection.execute(query)
    ]


def _consents(connection: Connection, number: int) -> Sequence[Consented]:
    query = (
        select(consent_events, lists.c.slug)
        .join(lists, lists.c.number == consent_events.c.list_number)
        .where(consent_events.c.subscriber_id == number)
        .order_by(consent_events.c.id.desc())
        .limit(_LATEST)
    )
    return [
        Consented(
            list_slug=row.slug,
            kind=row.kind,
            basis=row.basis,
            source=row.source,
            wording=row.wording,
            happened_at=row.happened_at,
        )
        for row in connection.execute(query)
    ]


def _standing(
    connection: Connection, number: int, list_number: int, at: datetime
) -> Choices | None:
    """Return what they chose of a list that they get; let nobody change it meanwhile."""
    query = (
        select(subscriptions, subscribers.c.language)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(
            subscriptions.c.subscriber_id == number,
            subscriptions.c.list_number == list_number,
            subscriptions.c.state == "active",
        )
        .with_for_update()
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return Choices(
        language=row.language,
        frequency=Frequency(row.frequency),
        scope=scope.parse(row.scope),
        quiet_weeks=row.quiet_weeks,
        paused_until=row.paused_until,
    ).standing(at)


def _lot(list_number: int, after: int) -> Select[Any]:
    suppressed = (
        select(suppressions.c.reason)
        .where(suppressions.c.address_hash == subscribers.c.address_hash)
        .exists()
    )
    return (
        select(
            subscribers.c.id,
            subscribers.c.address,
            subscribers.c.language,
            subscriptions.c.consented_on,
            first_seat().label("organization"),
            places.c.label.label("place"),
        )
        .select_from(subscribers)
        .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
        .outerjoin(places, places.c.id == reader_place())
        .where(
            subscriptions.c.list_number == list_number,
            subscriptions.c.state == "active",
            subscriptions.c.subscriber_id > after,
            ~suppressed,
        )
        .order_by(subscriptions.c.subscriber_id)
        .limit(_LOT)
    )
