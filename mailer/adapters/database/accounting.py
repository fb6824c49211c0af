"""Whom an approval was about, and whom what is sent is for: the difference, by reason."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    String,
    and_,
    case,
    exists,
    func,
    literal,
    select,
)

from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import (
    blast_recipients,
    deliveries,
    subscribers,
    subscriptions,
)
from mailer.adapters.database.types import Instant
from mailer.core.proposal import Change, Proposal


def keep_gone(
    database: Database,
    connection: Connection,
    proposal: Proposal,
    number: int,
    at: datetime,
) -> None:
    """Give whoever was approved and is not meant any more a delivery that says why."""
    connection.execute(
        database.insert(deliveries)
        .from_select(list(_GONE), _gone(proposal, number, at))
        .on_conflict_do_nothing()
    )


_DUE = "pending"
_GONE = (
    "mailing_id",
    "subscriber_id",
    "address_hash",
    "state",
    "reason",
    "changed_at",
)


def _gone(proposal: Proposal, number: int, at: datetime) -> Any:
    """Return whoever was approved and is not meant any more, with the reason."""
    there = exists().where(
        deliveries.c.mailing_id == number,
        deliveries.c.subscriber_id == blast_recipients.c.subscriber_id,
    )
    still = subscriptions.c.state == "active"
    return (
        select(
            literal(number),
            subscribers.c.id,
            subscribers.c.address_hash,
            literal("skipped", String),
            case((still, "not meant any more"), else_="left"),
            literal(at, Instant),
        )
        .select_from(blast_recipients)
        .join(subscribers, subscribers.c.id == blast_recipients.c.subscriber_id)
        .outerjoin(
            subscriptions,
            and_(
                subscriptions.c.subscriber_id == subscribers.c.id,
                subscriptions.c.list_number == proposal.list_number,
            ),
        )
        .where(blast_recipients.c.blast_id == proposal.number, ~there)
    )


def change(connection: Connection, proposal: Proposal, number: int) -> Change:
    """Return whom the approval was about, and what became of it since."""
    was = and_(
        blast_recipients.c.blast_id == proposal.number,
        blast_recipients.c.subscriber_id == deliveries.c.subscriber_id,
    )
    approved = blast_recipients.c.blast_id.is_not(None)
    rows = connection.execute(
        select(
            deliveries.c.state,
            deliveries.c.reason,
            approved.label("approved"),
            func.count(),
        )
        .select_from(deliveries.outerjoin(blast_recipients, was))
        .where(deliveries.c.mailing_id == number)
        .group_by(deliveries.c.state, deliveries.c.reason, "approved")
    ).all()
    sending = [(was_approved, n) for state, _, was_approved, n in rows if state == _DUE]
    gone = {
        reason: n
        for state, reason, was_approved, n in rows
        if state != _DUE and was_approved
    }
    return Change(
        approved=proposal.approved or 0,
        sending=sum(n for _, n in sending),
        came=sum(n for was_approved, n in sending if not was_approved),
        gone=gone,
    )
