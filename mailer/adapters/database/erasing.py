"""Somebody is forgotten: what was about them goes, what is counted stays.

Their row stays behind without a name, an address or a link, so that every mailing
still counts whom it was for, and every list who agreed. Nobody can tell any more that
it was they; two rows of one mailing cannot be told apart.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    tuple_,
    update,
)

from mailer.adapters.database import acquainting, audit
from mailer.adapters.database.engine import Database
from mailer.adapters.database.parked import nobody_left, settled
from mailer.adapters.database.people import OWN_ACT
from mailer.adapters.database.schema import (
    actions,
    batches,
    consent_events,
    deliveries,
    erasures,
    hosts,
    instance,
    mailings,
    preference_changes,
    provider_events,
    requests,
    seats,
    subscribers,
    subscriptions,
    suppressions,
    variants,
)
from mailer.core.envelope import Segments
from mailer.core.erasures import Erased, Erasure
from mailer.core.requests import Kind, State
from mailer.core.sharing.submission import SOURCE
from mailer.core.tokens import Purpose, address_hash
from mailer.ports import NOTE

ERASED = "erased"  # the reason of their suppression
UNDETERMINED = "und"  # BCP 47: the language of nobody
_IN_DOUBT = "erased before its outcome was known"
_OPEN = ("inflight", "unknown")  # what a call may still be found out about
# As the index says it: SQLite looks there for no other words.
IS_OPEN = text("state IN ('asked', 'written')")
_EMPTY = Segments(texts=("",), slots=()).dump()


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
                    select(requests.c.subscriber_id).where(_left_behind(person))
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
                    *(exists().where(_of_row(t)) for t in tables),
                    exists().where(
                        _of_row(requests), requests.c.state == State.WAITING
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
                _forget_events(connection, hashed)  # what came in since
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
            address_hash=erasure.address_hash, reason=ERASED, since=erasure.at
        )
        connection.execute(
            new.on_conflict_do_update(
                index_elements=["address_hash"],
                set_={"reason": ERASED, "since": erasure.at, "told_by": None},
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
            events = _forget_events(connection, erasure.address_hash)
            connection.execute(
                delete(requests).where(requests.c.address_hash == erasure.address_hash)
            )
            return Erased(held=bool(contacts or events), waits=False)
        _take_back(connection, person, erasure.at)
        acquainting.withdraw(connection, person, erasure.at)
        if _is_open(connection, person):
            # Its bytes and its address are needed to find out what became of a call.
            return Erased(held=True, waits=True)
        _forget_events(connection, erasure.address_hash)
        _forget_requests(connection, person, erasure.at)
        _strip(connection, person)
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


def forget_stranger(connection: Connection, person: int, at: datetime) -> None:
    """Strip somebody who is here for nothing but requests that are over.

    Whoever has a list, a seat, an action or a consent, was written to otherwise, or was
    asked something else stays; so does whoever a call is open to.
    """
    tables = (subscriptions, seats, hosts, consent_events, requests)
    known = or_(*(exists().where(t.c.subscriber_id == person) for t in tables))
    asked = exists().where(
        requests.c.address_hash == subscribers.c.address_hash, IS_OPEN
    )
    query = select(subscribers.c.id).where(
        subscribers.c.id == person,
        subscribers.c.address != "",
        ~known,
        ~asked,  # just now, and not written about yet
    )
    if (
        connection.scalar(query)
        and not _is_correspondent(connection, person)
        and not _is_open(connection, person)
    ):
        _take_back(connection, person, at)
        _strip(connection, person)


def _is_correspondent(connection: Connection, person: int) -> bool:
    """Whether they were written to about anything but what to confirm."""
    links = (
        select(mailings.c.link)
        .join(deliveries, deliveries.c.mailing_id == mailings.c.id)
        .where(deliveries.c.subscriber_id == person)
    )
    return any(
        not link or link["purpose"] != Purpose.CONFIRM.name
        for link in connection.scalars(links)
    )


def forget_nobodies(connection: Connection) -> int:
    """Delete rows of whom nothing is left to count; returns how many."""
    tables = (deliveries, consent_events)
    counted = or_(
        *(exists().where(t.c.subscriber_id == subscribers.c.id) for t in tables)
    )
    gone = delete(subscribers).where(subscribers.c.address == "", ~counted)
    return connection.execute(gone).rowcount


def _person(connection: Connection, hashed: bytes) -> int | None:
    query = select(subscribers.c.id).where(subscribers.c.address_hash == hashed)
    return connection.scalar(query.with_for_update())


def _is_erased(connection: Connection, hashed: bytes) -> bool:
    reason = select(suppressions.c.reason).where(suppressions.c.address_hash == hashed)
    return connection.scalar(reason) == ERASED


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


def _is_open(connection: Connection, person: int) -> bool:
    query = select(func.count()).where(
        deliveries.c.subscriber_id == person, deliveries.c.state.in_(_OPEN)
    )
    return bool(connection.scalar(query))


def _take_back(connection: Connection, person: int, at: datetime) -> None:
    """Let nothing more begin to be sent to them, and nobody wonder what has become.

    Batches first, as whoever records an outcome does: no two wait for each other.
    """
    mine = deliveries.c.subscriber_id == person
    parked = and_(mine, deliveries.c.state == "parked")
    keys = select(deliveries.c.variant_id, deliveries.c.seq).where(parked)
    here = tuple_(batches.c.variant_id, batches.c.seq).in_(keys)
    connection.execute(
        select(batches.c.seq)
        .where(here)
        .order_by(batches.c.variant_id, batches.c.seq)
        .with_for_update()
    )
    doubtful = connection.scalars(
        select(deliveries.c.mailing_id).where(parked).order_by(deliveries.c.mailing_id)
    ).all()
    connection.execute(
        update(deliveries)
        .where(mine, deliveries.c.state.in_(("pending", "parked")))
        .values(
            state="suppressed",
            reason=case((deliveries.c.state == "parked", _IN_DOUBT), else_=ERASED),
            changed_at=at,
        )
    )
    nobody_left(connection, batches.c.mailing_id.in_(doubtful))
    for mailing in doubtful:
        settled(connection, mailing, at)


def _forget_events(connection: Connection, hashed: bytes) -> int:
    """Delete what providers told of them; their words may quote the address."""
    gone = delete(provider_events).where(provider_events.c.address_hash == hashed)
    return connection.execute(gone).rowcount


def _strip(connection: Connection, person: int) -> None:
    """Take from a row, and from all that leads to it, what says who it was."""
    nobody = secrets.token_bytes(16)
    _forget_letters(connection, person)
    _forget_reasons(connection, person)
    connection.execute(
        update(deliveries)
        .where(deliveries.c.subscriber_id == person)
        .values(address_hash=nobody, provider_id=None)
    )
    theirs = select(hosts.c.action_id).where(hosts.c.subscriber_id == person)
    connection.execute(  # of what came through the form, the host is the contact
        update(actions)
        .where(actions.c.id.in_(theirs), actions.c.source == SOURCE)
        .values(contact={})
    )
    for table in (subscriptions, seats, hosts, preference_changes):
        connection.execute(delete(table).where(table.c.subscriber_id == person))
    connection.execute(
        update(consent_events)
        .where(consent_events.c.subscriber_id == person)
        .values(
            source=None,
            wording=None,
            basis=case((consent_events.c.basis == OWN_ACT, OWN_ACT)),
        )
    )
    connection.execute(
        update(subscribers)
        .where(subscribers.c.id == person)
        .values(
            uid=nobody,
            address="",
            address_hash=nobody,
            given_name=None,
            family_name=None,
            language=UNDETERMINED,
            time_zone=None,
            place_id=None,
        )
    )


def _forget_requests(connection: Connection, person: int, at: datetime) -> None:
    """Delete what was asked for their address, by whomever, and what they asked for."""
    theirs = select(subscribers.c.address_hash).where(subscribers.c.id == person)
    _forget_old_address(connection, person, at)
    connection.execute(
        delete(requests).where(
            or_(
                requests.c.subscriber_id == person,
                requests.c.address_hash == theirs.scalar_subquery(),
            )
        )
    )


def _forget_old_address(connection: Connection, person: int, at: datetime) -> None:
    """Strip the rows that their moves have left behind with what they had before."""
    query = select(subscribers.c.id, subscribers.c.uid)
    me = connection.execute(query.where(subscribers.c.id == person)).one()
    left = connection.execute(
        delete(requests).where(_left_behind(me)).returning(requests.c.subscriber_id)
    )
    for number in {row[0] for row in left if row[0]}:
        forget_stranger(connection, number, at)


def _left_behind(person: Any) -> ColumnElement[bool]:
    """Return what picks the requests whose owner has the address from before a move."""
    return and_(
        requests.c.kind.in_((Kind.MOVE, Kind.MOVE_BACK)),
        requests.c.about.startswith(bytes(person.uid).hex()),
        requests.c.subscriber_id != person.id,
    )


def _of_row(table: Table) -> ColumnElement[bool]:
    mine: ColumnElement[bool] = table.c.subscriber_id == subscribers.c.id
    return mine


def _forget_letters(connection: Connection, person: int) -> None:
    """Empty the letters that were written to them alone."""
    letters = (
        select(deliveries.c.variant_id)
        .join(mailings, mailings.c.id == deliveries.c.mailing_id)
        .where(deliveries.c.subscriber_id == person, mailings.c.kind == NOTE)
    )
    connection.execute(
        update(variants)
        .where(variants.c.id.in_(letters))
        .values(subject="", preheader="", html=_EMPTY, text=_EMPTY)
    )


def _forget_reasons(connection: Connection, person: int) -> None:
    """Leave of a refusal its code: its words, a server's, may quote the address."""
    mine = deliveries.c.subscriber_id == person
    refused = select(deliveries.c.mailing_id, deliveries.c.reason).where(
        mine, deliveries.c.state == "failed", deliveries.c.reason.is_not(None)
    )
    for mailing, reason in connection.execute(refused).all():
        code = reason.partition(":")[0]
        connection.execute(
            update(deliveries)
            .where(mine, deliveries.c.mailing_id == mailing)
            .values(reason=code)
        )
    theirs = select(deliveries.c.mailing_id).where(mine)
    address = func.lower(
        select(subscribers.c.address)
        .where(subscribers.c.id == person)
        .scalar_subquery()
    )
    connection.execute(
        update(batches)
        .where(
            batches.c.mailing_id.in_(theirs),
            func.lower(batches.c.detail).contains(address),
        )
        .values(detail=None)
    )


def _complete(connection: Connection, hashed: bytes, at: datetime) -> None:
    connection.execute(
        update(erasures)
        .where(erasures.c.address_hash == hashed)
        .values(completed_at=at)
    )
