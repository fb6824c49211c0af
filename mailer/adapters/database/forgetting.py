"""What a person leaves behind, table by table, and how it is emptied."""

import secrets
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
    tuple_,
    update,
)

from mailer.adapters.database.parked import nobody_left, settled
from mailer.adapters.database.people import OWN_ACT
from mailer.adapters.database.schema import (
    IS_OPEN,
    actions,
    batches,
    consent_events,
    deliveries,
    hosts,
    mailings,
    preference_changes,
    provider_events,
    requests,
    seats,
    subscribers,
    subscriptions,
    variants,
)
from mailer.core.envelope import Segments
from mailer.core.requests import Kind
from mailer.core.sharing.submission import SOURCE
from mailer.core.tokens import Purpose
from mailer.ports import NOTE

ERASED = "erased"  # the reason of their suppression
_UNDETERMINED = "und"  # BCP 47: the language of nobody
_IN_DOUBT = "erased before its outcome was known"
_OPEN = ("inflight", "unknown")  # what a call may still be found out about
_EMPTY = Segments(texts=("",), slots=()).dump()


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
        and not is_open(connection, person)
    ):
        take_back(connection, person, at)
        strip(connection, person)


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


def take_back(connection: Connection, person: int, at: datetime) -> None:
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


def forget_events(connection: Connection, hashed: bytes) -> int:
    """Delete what providers told of them; their words may quote the address."""
    gone = delete(provider_events).where(provider_events.c.address_hash == hashed)
    return connection.execute(gone).rowcount


def strip(connection: Connection, person: int) -> None:
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
            language=_UNDETERMINED,
            time_zone=None,
            place_id=None,
        )
    )


def forget_requests(connection: Connection, person: int, at: datetime) -> None:
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
        delete(requests).where(left_behind(me)).returning(requests.c.subscriber_id)
    )
    for number in {row[0] for row in left if row[0]}:
        forget_stranger(connection, number, at)


def left_behind(person: Any) -> ColumnElement[bool]:
    """Return what picks the requests whose owner has the address from before a move."""
    return and_(
        requests.c.kind.in_((Kind.MOVE, Kind.MOVE_BACK)),
        requests.c.about.startswith(bytes(person.uid).hex()),
        requests.c.subscriber_id != person.id,
    )


def of_row(table: Table) -> ColumnElement[bool]:
    """Return what joins a row to the person it is of."""
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


def is_open(connection: Connection, person: int) -> bool:
    """Return whether a call is open that may have reached them."""
    query = select(func.count()).where(
        deliveries.c.subscriber_id == person, deliveries.c.state.in_(_OPEN)
    )
    return bool(connection.scalar(query))
