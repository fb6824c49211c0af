"""What owners of an address ask about themselves: to be asked, to move, to move back."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from mailer.adapters.database import leaving
from mailer.adapters.database.choosing import CHOSE
from mailer.adapters.database.engine import Database
from mailer.adapters.database.requests import SqlRequests
from mailer.adapters.database.schema import (
    deliveries,
    instance,
    requests,
    seats,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.core.requests import (
    Ask,
    Kind,
    Moved,
    Moving,
    Request,
    State,
    valid_for,
)
from mailer.core.tokens import encode

_HOW = "page"


class SqlRights:
    """The port Rights, in SQL."""

    def __init__(self, database: Database, requests: SqlRequests) -> None:
        """Take where requests are kept."""
        self._database = database
        self._requests = requests

    def ask(self, kind: Kind, uid: bytes, list_number: int, *, at: datetime) -> None:
        """Have the person behind a link asked, at their address, if it was they."""
        query = select(subscribers.c.address, subscribers.c.language).where(
            subscribers.c.uid == uid
        )
        with self._database.reading() as connection:
            person = connection.execute(query).first()
        if person is None:
            return
        self._requests.ask(
            Ask(
                kind=kind,
                address=person.address,
                language=person.language,
                list_number=list_number,
            ),
            at=at,
        )

    def address(self, uid: bytes) -> str | None:
        """Return the address of whoever has this random id."""
        query = select(subscribers.c.address).where(subscribers.c.uid == uid)
        with self._database.reading() as connection:
            found: str | None = connection.scalar(query)
        return found

    def forget(self, uid: bytes, number: int) -> None:
        """Let a request go that its owner says is not theirs."""
        with self._database.writing() as connection:
            connection.execute(delete(requests).where(_mine(uid, number)))

    def ask_at(self, request: Request, address: str, *, at: datetime) -> None:
        """Have the owner of a new address asked whether somebody may move there."""
        who = (request.subscriber or b"").hex()
        self._requests.ask(
            Ask(
                kind=Kind.MOVE,
                address=address,
                language=request.language,
                list_number=request.list_number,
                about=who,
                facts={"from": who},
            ),
            at=at,
        )

    def move(self, uid: bytes, number: int, *, at: datetime) -> Moved:
        """Let somebody move to the address that a link was mailed to, or back; once."""
        with self._database.writing() as connection:
            # No call begins meanwhile: intents lock this row to read it.
            connection.execute(select(instance.c.id).with_for_update())
            found = connection.execute(_asked(uid, number)).first()
            if found is None or found.asked_at + valid_for(Kind(found.kind)) <= at:
                return Moved(what=Moving.OVER)
            there = _person(connection, uid)
            here = _person(connection, bytes.fromhex(found.facts["from"]))
            if here is None or there is None:
                return Moved(what=Moving.OVER)
            if _is_busy(connection, here.id):
                return Moved(what=Moving.BUSY)
            connection.execute(
                update(requests)
                .where(requests.c.id == number)
                .values(state=State.DONE.value, confirmed_at=at, address=None)
            )
            if _is_known(connection, there):
                return Moved(what=Moving.KNOWN)
            _swap(connection, here, there)
            _record(connection, here.id, at)
            if Kind(found.kind) is Kind.MOVE_BACK:
                return Moved(what=Moving.DONE)
            back = _way_back(connection, found, here, there, at)
        return Moved(what=Moving.DONE, back=(uid, back))


def _mine(uid: bytes, number: int) -> Any:
    owner = select(subscribers.c.id).where(subscribers.c.uid == uid)
    return (requests.c.id == number) & (
        requests.c.subscriber_id == owner.scalar_subquery()
    )


def _asked(uid: bytes, number: int) -> Any:
    return (
        select(requests)
        .where(
            _mine(uid, number),
            requests.c.kind.in_((Kind.MOVE, Kind.MOVE_BACK)),
            requests.c.state.in_((State.ASKED, State.WRITTEN)),
        )
        .with_for_update()
    )


def _person(connection: Connection, uid: bytes) -> Any:
    query = select(
        subscribers.c.id,
        subscribers.c.uid,
        subscribers.c.address,
        subscribers.c.address_hash,
    ).where(subscribers.c.uid == uid)
    return connection.execute(query.with_for_update()).first()


def _is_busy(connection: Connection, person: int) -> bool:
    """Whether a call is open whose bytes, or whose outcome, need their address."""
    query = select(
        exists().where(
            deliveries.c.subscriber_id == person,
            deliveries.c.state.in_(("inflight", "unknown")),
        )
    )
    return bool(connection.scalar(query))


def _is_known(connection: Connection, there: Row[Any]) -> bool:
    """Whether an address is anybody's, or is not to be mailed."""
    query = select(
        or_(
            *(
                exists().where(table.c.subscriber_id == there.id)
                for table in (subscriptions, seats)
            ),
            exists().where(suppressions.c.address_hash == there.address_hash),
        )
    )
    return bool(connection.scalar(query))


def _swap(connection: Connection, here: Row[Any], there: Row[Any]) -> None:
    """Let two rows change addresses; what hangs on them stays where it is."""
    for person, address, hashed in (
        (there, "", secrets.token_bytes(16)),  # a hash is one row's at any moment
        (here, there.address, there.address_hash),
        (there, here.address, here.address_hash),
    ):
        connection.execute(
            update(subscribers)
            .where(subscribers.c.id == person.id)
            .values(address=address, address_hash=hashed)
        )
    # What waits goes to the new address, and heeds what is known of that one.
    connection.execute(
        update(deliveries)
        .where(deliveries.c.subscriber_id == here.id, deliveries.c.state == "pending")
        .values(address_hash=there.address_hash)
    )


def _record(connection: Connection, person: int, at: datetime) -> None:
    lists = select(subscriptions.c.list_number).where(
        subscriptions.c.subscriber_id == person
    )
    for number in connection.scalars(lists).all():
        leaving.record(
            connection,
            person,
            number,
            kind=CHOSE,
            how=_HOW,
            changed={"address": "another"},
            at=at,
        )


def _way_back(
    connection: Connection,
    found: Row[Any],
    here: Row[Any],
    there: Row[Any],
    at: datetime,
) -> int:
    """Keep what lets whoever reads the old mailbox take it back; returns its number."""
    made = connection.scalar(
        insert(requests)
        .values(
            public_id=encode(secrets.token_bytes(16)),
            kind=Kind.MOVE_BACK.value,
            state=State.WRITTEN.value,
            address_hash=here.address_hash,
            subscriber_id=there.id,
            language=found.language,
            list_number=found.list_number,
            joins=[],
            about=bytes(here.uid).hex(),
            facts={"from": bytes(here.uid).hex()},
            asked_at=at,
            written_at=at,
        )
        .returning(requests.c.id)
    )
    return int(made or 0)
