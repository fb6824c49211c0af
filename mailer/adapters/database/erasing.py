"""Somebody is forgotten: what was about them goes, what is counted stays.

Their row stays behind without a name, an address or a link, so that every mailing
still counts whom it was for, and every list who agreed. Nobody can tell any more that
it was they; two rows of one mailing cannot be told apart.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Connection,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from mailer.adapters.database import acquainting, audit, forgetting
from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import OWN_ACT
from mailer.adapters.database.schema import (
    actions,
    consent_events,
    deliveries,
    erasures,
    hosts,
    instance,
    requests,
    seats,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.core.erasures import Erased, Erasure
from mailer.core.requests import State
from mailer.core.tokens import address_hash


class SqlErasures:
    """The port Erasures, in SQL."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        """Take the key under which addresses are hashed."""
        self._database = database
        self._pepper = pepper

    def hashed(self, address: str) -> bytes:
        """Return the keyed hash of an address."""
        return address_hash(self._pepper, address)

    def known(self) -> Sequence[Erasure]:
        """Return every erasure that this database knows of."""
        query = select(erasures.c.address_hash, erasures.c.erased_at)
        with self._database.reading() as connection:
            return [
                Erasure(address_hash=bytes(row.address_hash), at=row.erased_at)
                for row in connection.execute(query)
            ]

    def before(self, hashed: bytes) -> Sequence[bytes]:
        """Return where somebody was written to until they moved, by its hashes.

        Not those that are somebody else's address today.
        """
        with self._database.reading() as connection:
            query = select(subscribers.c.id, subscribers.c.uid).where(
                subscribers.c.address_hash == hashed
            )
            person = connection.execute(query).first()
            if person is None:
                return []
            left = select(subscribers.c.address_hash).where(
                subscribers.c.id.in_(
                    select(requests.c.subscriber_id).where(
                        forgetting.left_behind(person)
                    )
                )
            )
            mailed = (
                select(deliveries.c.address_hash)
                .where(deliveries.c.subscriber_id == person.id)
                .distinct()
            )
            found = {bytes(each) for each in connection.scalars(left)}
            found |= {bytes(each) for each in connection.scalars(mailed)}
            tables = (subscriptions, seats, hosts, consent_events)
            taken = select(subscribers.c.address_hash).where(
                subscribers.c.address_hash.in_(found),
                or_(
                    *(exists().where(forgetting.of_row(t)) for t in tables),
                    exists().where(
                        forgetting.of_row(requests), requests.c.state == State.WAITING
                    ),
                ),
            )
            return sorted(found - {bytes(each) for each in connection.scalars(taken)})

    def erase(self, erasure: Erasure, *, restored: bool = False) -> Erased:
        """Forget whoever has this address, and never mail it again."""
        with self._database.writing() as connection:
            self._fence(connection)
            person = _person(connection, erasure.address_hash)
            self._write_down(connection, erasure)
            if restored and person and _came_back(connection, person, erasure.at):
                _complete(connection, erasure.address_hash, erasure.at)
                return Erased(held=True, waits=False)
            self._suppress(connection, erasure)
            if restored and person and _came_later(connection, person, erasure.at):
                person = None  # an import that knew nothing of it; suppressed
            return self._erase(connection, erasure, person, restored=restored)

    def complete(self, *, at: datetime) -> Sequence[bytes]:
        """Finish what waited for a call that has ended; returns whose it was."""
        waiting = select(erasures).where(erasures.c.completed_at.is_(None))
        with self._database.reading() as connection:
            rows = connection.execute(waiting).all()
        done: list[bytes] = []
        for row in rows:
            hashed = bytes(row.address_hash)
            with self._database.writing() as connection:
                self._fence(connection)
                if not _is_erased(connection, hashed):  # came back meanwhile
                    _complete(connection, hashed, at)
                    continue
                erasure = Erasure(address_hash=hashed, at=at)
                person = _person(connection, hashed)
                if not self._erase(connection, erasure, person, restored=True).waits:
                    done.append(hashed)
        return done

    def finish(self, hashes: Sequence[bytes], *, at: datetime) -> None:
        """Take note that of these nothing is left anywhere."""
        with self._database.writing() as connection:
            for hashed in hashes:
                forgetting.forget_events(connection, hashed)  # what came in since
                _complete(connection, hashed, at)

    def scrub(self) -> None:
        """Leave no trace of what was deleted in the database's own files."""
        self._database.compact()

    def _fence(self, connection: Connection) -> None:
        """Let no call begin until this is done: intents lock this row to read it."""
        connection.execute(select(instance.c.id).with_for_update())

    def _write_down(self, connection: Connection, erasure: Erasure) -> None:
        new = self._database.insert(erasures).values(
            address_hash=erasure.address_hash, erased_at=erasure.at
        )
        connection.execute(
            new.on_conflict_do_update(
                index_elements=["address_hash"],
                set_={"erased_at": erasure.at, "completed_at": None},
            )
        )

    def _suppress(self, connection: Connection, erasure: Erasure) -> None:
        """Whatever else was the reason, is forgotten as well."""
        new = self._database.insert(suppressions).values(
            address_hash=erasure.address_hash,
            reason=forgetting.ERASED,
            since=erasure.at,
        )
        connection.execute(
            new.on_conflict_do_update(
                index_elements=["address_hash"],
                set_={
                    "reason": forgetting.ERASED,
                    "since": erasure.at,
                    "told_by": None,
                },
            )
        )

    def _erase(
        self,
        connection: Connection,
        erasure: Erasure,
        person: int | None,
        *,
        restored: bool,
    ) -> Erased:
        contacts = self._forget_contacts(connection, erasure.address_hash)
        if person is None:
            events = forgetting.forget_events(connection, erasure.address_hash)
            connection.execute(
                delete(requests).where(requests.c.address_hash == erasure.address_hash)
            )
            return Erased(held=bool(contacts or events), waits=False)
        forgetting.take_back(connection, person, erasure.at)
        acquainting.withdraw(connection, person, erasure.at)
        if forgetting.is_open(connection, person):
            # Its bytes and its address are needed to find out what became of a call.
            return Erased(held=True, waits=True)
        forgetting.forget_events(connection, erasure.address_hash)
        forgetting.forget_requests(connection, person, erasure.at)
        forgetting.strip(connection, person)
        audit.record(
            connection,
            at=erasure.at,
            actor="mailer",
            verb="erase",
            thing=f"subscriber {person}",
            detail={"restored": restored},
        )
        return Erased(held=True, waits=False)

    def _forget_contacts(self, connection: Connection, hashed: bytes) -> int:
        """Take them out of the actions that they are the contact of."""
        mine = [
            number
            for number, contact in connection.execute(
                select(actions.c.id, actions.c.contact)
            )
            if contact.get("email") and self.hashed(contact["email"]) == hashed
        ]
        if mine:
            connection.execute(
                update(actions).where(actions.c.id.in_(mine)).values(contact={})
            )
        return len(mine)


def _person(connection: Connection, hashed: bytes) -> int | None:
    query = select(subscribers.c.id).where(subscribers.c.address_hash == hashed)
    return connection.scalar(query.with_for_update())


def _is_erased(connection: Connection, hashed: bytes) -> bool:
    reason = select(suppressions.c.reason).where(suppressions.c.address_hash == hashed)
    return connection.scalar(reason) == forgetting.ERASED


def _came_back(connection: Connection, person: int, since: datetime) -> bool:
    """Whether they agreed anew, by their own act, after they were erased."""
    query = select(func.count()).where(
        consent_events.c.subscriber_id == person,
        consent_events.c.kind == "granted",
        consent_events.c.basis == OWN_ACT,
        consent_events.c.happened_at > since,
    )
    return bool(connection.scalar(query))


def _came_later(connection: Connection, person: int, since: datetime) -> bool:
    created = select(subscribers.c.created_at).where(subscribers.c.id == person)
    at = connection.scalar(created)
    return at is not None and at > since


def _complete(connection: Connection, hashed: bytes, at: datetime) -> None:
    connection.execute(
        update(erasures)
        .where(erasures.c.address_hash == hashed)
        .values(completed_at=at)
    )
