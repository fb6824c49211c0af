"""Whom a blast is meant for at one moment: everybody its rule names, and who is out."""

from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    String,
    Subquery,
    case,
    func,
    literal,
    null,
    select,
)

from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import reader_place
from mailer.adapters.database.schema import (
    places,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.core.proposal import Proposal


def people(database: Database, proposal: Proposal, at: datetime) -> Subquery:
    """Return subscriber_id, address_hash, and why somebody is out, else null."""
    out = case(
        (suppressions.c.reason.is_not(None), suppressions.c.reason),
        (subscriptions.c.paused_until > at, literal("paused", String)),
        else_=null(),
    )
    query = (
        select(
            subscribers.c.id.label("subscriber_id"),
            subscribers.c.address_hash,
            out.label("out"),
        )
        .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
        .outerjoin(
            suppressions, suppressions.c.address_hash == subscribers.c.address_hash
        )
        .where(
            subscriptions.c.list_number == proposal.list_number,
            subscriptions.c.state == "active",
        )
    )
    return query.subquery("meant")


RESTING = ("paused", "capped")  # reasons that are no suppression


def zone(usual: str) -> ColumnElement[str]:
    """Return a subscriber's time zone: their own, else their place's, else this one."""
    theirs = (
        select(places.c.time_zone)
        .where(places.c.id == reader_place())
        .correlate(subscribers)
        .scalar_subquery()
    )
    return func.coalesce(subscribers.c.time_zone, theirs, usual)
