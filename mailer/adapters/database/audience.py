"""The audience of a list as SQL: who is in it, in which group, and who is left out."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    Subquery,
    and_,
    case,
    false,
    func,
    literal,
    select,
)

from mailer.adapters.database.people import reader_place
from mailer.adapters.database.schema import (
    mailing_groups,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.adapters.database.types import Instant

GROUP = ("language", "place_id", "known_variant", "quiet_weeks")


def audience(list_number: int, at: datetime) -> Subquery:
    """Return every active subscription with its group and why it is left out, if so."""
    return (
        select(
            subscribers.c.id.label("subscriber_id"),
            subscribers.c.address_hash,
            subscribers.c.language,
            func.coalesce(reader_place(), 0).label("place_id"),
            func.coalesce(subscriptions.c.known_variant, 0).label("known_variant"),
            subscriptions.c.quiet_weeks,
            suppressions.c.reason.label("suppressed"),
            case((subscriptions.c.paused_until > at, True), else_=false()).label(
                "paused"
            ),
        )
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .outerjoin(
            suppressions, suppressions.c.address_hash == subscribers.c.address_hash
        )
        .where(
            subscriptions.c.list_number == list_number,
            subscriptions.c.state == "active",
        )
        .subquery("audience")
    )


def groups(people: Subquery) -> Select[Any]:
    """Return the groups that the audience falls into."""
    return select(*(people.c[name] for name in GROUP)).distinct()


def deliveries(
    audience: Subquery, *, mailing_id: int, batch_size: int, at: datetime
) -> Select[Any]:
    """Return one delivery per person: pending in a batch, or left out for a reason.

    Batch by batch, so that the rows of a batch are neighbours in the table: sending
    it then touches a few pages and not one per person.
    """
    # PostgreSQL would look up each person's place once per group, not once.
    people = (
        select(audience).cte("people").prefix_with("MATERIALIZED", dialect="postgresql")
    )
    group = mailing_groups.alias("grouped")
    state = case(
        (people.c.suppressed.is_not(None), "suppressed"),
        (people.c.paused, "skipped"),
        (group.c.variant_id.is_(None), "skipped"),
        else_="pending",
    )
    reason = case(
        (people.c.suppressed.is_not(None), people.c.suppressed),
        (people.c.paused, "paused"),
        (group.c.variant_id.is_(None), "nothing to tell"),
    )
    # Typed, or the division is one of decimals, row by row.
    place_in_line = func.row_number(type_=Integer).over(
        partition_by=(group.c.variant_id, state), order_by=people.c.subscriber_id
    )
    return (
        select(
            literal(mailing_id).label("mailing_id"),
            people.c.subscriber_id,
            people.c.address_hash,
            group.c.variant_id,
            case((state == "pending", (place_in_line - 1) // batch_size)).label("seq"),
            state.label("state"),
            reason.label("reason"),
            literal(at, Instant).label("changed_at"),
        )
        .join(
            group,
            and_(
                group.c.mailing_id == mailing_id,
                *(group.c[name] == people.c[name] for name in GROUP),
            ),
        )
        .order_by(group.c.variant_id, state, people.c.subscriber_id)
    )
