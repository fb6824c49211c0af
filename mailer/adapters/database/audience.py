"""The audience of a list as SQL: who is in it, in which group, and who is left out."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    String,
    Subquery,
    and_,
    case,
    func,
    literal,
    null,
    or_,
    select,
)

from mailer.adapters.database.people import muted_until, reader_place
from mailer.adapters.database.schema import (
    mailing_groups,
    mailings,
    subscribers,
    subscriptions,
    suppressions,
    variants,
)
from mailer.adapters.database.types import Instant
from mailer.core.audience import Resting
from mailer.core.lists import Kind
from mailer.core.preferences import GAPS, Frequency
from mailer.ports import Mailing

GROUP = ("language", "place_id", "known_variant", "quiet_weeks", "scope")


def audience(mailing: Mailing, domain: ColumnElement[str] | None = None) -> Subquery:
    """Return every active subscription with its group and why it is left out, if so."""
    more = [] if domain is None else [domain.label("domain")]
    return (
        select(
            subscribers.c.id.label("subscriber_id"),
            subscribers.c.address_hash,
            subscribers.c.language,
            func.coalesce(reader_place(), 0).label("place_id"),
            func.coalesce(subscriptions.c.known_variant, 0).label("known_variant"),
            subscriptions.c.quiet_weeks,
            subscriptions.c.scope,
            suppressions.c.reason.label("suppressed"),
            _resting(mailing).label("resting"),
            *more,
        )
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .outerjoin(
            suppressions, suppressions.c.address_hash == subscribers.c.address_hash
        )
        .where(
            subscriptions.c.list_number == mailing.list_number,
            subscriptions.c.state == "active",
        )
        .subquery("audience")
    )


def _resting(mailing: Mailing) -> ColumnElement[str | None]:
    """Return why somebody gets nothing of a mailing for now, else null.

    Who wants a digest now and then waits from the last one that they were sent. It is
    looked up for them alone: one CASE inside the other, as AND promises no order.
    """
    at = mailing.as_of
    rules: list[tuple[Any, Any]] = [
        (subscriptions.c.paused_until > at, _word(Resting.PAUSED)),
        (muted_until() > literal(at, Instant()), _word(Resting.MUTED)),
    ]
    if mailing.kind == Kind.DIGEST:
        wanted = subscriptions.c.frequency
        rules.append((wanted == Frequency.URGENT, _word(Resting.URGENT_ONLY)))
        rules += [
            (wanted == frequency, _too_soon(at - gap))
            for frequency, gap in GAPS.items()
        ]
    return case(*rules, else_=null())


def _too_soon(since: datetime) -> ColumnElement[str | None]:
    told_at = (
        select(mailings.c.as_of)
        .join(variants, variants.c.mailing_id == mailings.c.id)
        .where(variants.c.id == subscriptions.c.known_variant)
        .correlate(subscriptions)
        .scalar_subquery()
    )
    return case((told_at > since, _word(Resting.NOT_THEIR_WEEK)), else_=null())


def _word(reason: Resting) -> ColumnElement[str]:
    return literal(reason.value, String)


def mailable(people: Subquery | CTE) -> ColumnElement[bool]:
    """Return what picks those of an audience to whom something may be sent."""
    return and_(people.c.suppressed.is_(None), people.c.resting.is_(None))


def left_out(people: Subquery | CTE) -> ColumnElement[bool]:
    """Return what picks the others."""
    return or_(people.c.suppressed.is_not(None), people.c.resting.is_not(None))


def groups(people: Subquery) -> Select[Any]:
    """Return the groups that those fall into to whom something may be sent."""
    names = (people.c[name] for name in GROUP)
    return select(*names).where(mailable(people)).distinct()


def deliveries(
    audience: Subquery,
    *,
    mailing_id: int,
    batch_size: int,
    domains: Mapping[str, int],
    at: datetime,
) -> Select[Any]:
    """Return one delivery per person: pending in a batch, or left out for a reason.

    Batch by batch, so that the rows of a batch are neighbours in the table: sending
    it then touches a few pages and not one per person. A domain with a pace of its
    own has batches of its own, of its own size.
    """
    # PostgreSQL would look up each person's place once per group, not once.
    people = (
        select(audience).cte("people").prefix_with("MATERIALIZED", dialect="postgresql")
    )
    group = mailing_groups.alias("grouped")
    state = case(
        (people.c.suppressed.is_not(None), "suppressed"),
        (people.c.resting.is_not(None), "skipped"),
        (group.c.variant_id.is_(None), "skipped"),
        else_="pending",
    )
    reason = case(
        (people.c.suppressed.is_not(None), people.c.suppressed),
        (people.c.resting.is_not(None), people.c.resting),
        (group.c.variant_id.is_(None), "nothing to tell"),
    )
    shares = [group.c.variant_id, state]
    size: Any = batch_size
    if domains:
        shares.append(people.c.domain)
        size = case(dict(domains), value=people.c.domain, else_=batch_size)
    # Typed, or the division is one of decimals, row by row.
    place_in_line = func.row_number(type_=Integer).over(
        partition_by=shares, order_by=people.c.subscriber_id
    )
    chunk = (place_in_line - 1) // size
    lines = (
        select(
            literal(mailing_id).label("mailing_id"),
            people.c.subscriber_id,
            people.c.address_hash,
            group.c.variant_id,
            (chunk if domains else case((state == "pending", chunk))).label("seq"),
            state.label("state"),
            reason.label("reason"),
            literal(at, Instant).label("changed_at"),
        )
        .outerjoin(
            group,
            and_(
                group.c.mailing_id == mailing_id,
                *(group.c[name] == people.c[name] for name in GROUP),
            ),
        )
        # Whoever may be mailed, but appeared since the groups were read, is not in it.
        .where(or_(group.c.mailing_id.is_not(None), left_out(people)))
        .order_by(*shares, people.c.subscriber_id)
    )
    return _numbered(lines.add_columns(people.c.domain)) if domains else lines


def _numbered(lines: Select[Any]) -> Select[Any]:
    """Count through the batches of all domains of a variant in one row."""
    line = lines.order_by(None).subquery("lines")
    shares = [line.c.variant_id, line.c.state]
    seq = func.dense_rank(type_=Integer).over(
        partition_by=shares, order_by=[line.c.domain, line.c.seq]
    )
    columns = {column.name: column for column in line.c if column.name != "domain"}
    columns["seq"] = case((line.c.state == "pending", seq - 1)).label("seq")
    return select(*columns.values()).order_by(
        *shares, line.c.domain, line.c.seq, line.c.subscriber_id
    )


def domain(domains: Iterable[str], *, is_sqlite: bool) -> ColumnElement[str]:
    """Return a subscriber's mail domain if it is one of these, else an empty text."""
    address = subscribers.c.address
    found = func.lower(
        func.substr(address, func.instr(address, "@") + 1)
        if is_sqlite
        else func.split_part(address, "@", 2)
    )
    return case((found.in_(list(domains)), found), else_="")
