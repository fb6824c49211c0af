"""Who gets a blast first, and in which batches everybody is: one statement.

The first are drawn at random among those whom it does not wake. All of a batch read the
same language, are in the same zone, and at one domain if that has a pace of its own.
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    Subquery,
    case,
    cast,
    func,
    literal,
    select,
    true,
)

from mailer.adapters.database import audience, meant
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import subscribers
from mailer.adapters.database.types import Instant
from mailer.core.quiet import zone_of
from mailer.ports import Launch

FIRST, REST = 0, 1  # waves
REST_FROM = 1_000_000  # the number of the first batch of the rest, in each variant
UTC = ZoneInfo("UTC")
# Far apart, as neighbours in the table are neighbours in life (Knuth, TAOCP 3, 6.4).
_SPREAD, _SHIFT, _ROUND = 2_654_435_761, 1_327_217_885, 2_147_483_647


def lines(
    database: Database,
    connection: Connection,
    launch: Launch,
    number: int,
    *,
    variants: Mapping[bytes, int],
    who: Subquery,
    first: int,
) -> Select[Any]:
    """Return one delivery per person, numbered so that batches are of one kind."""
    people = _people(database, connection, launch, variants, who)
    state = case((people.c.out.is_(None), "pending"), else_=_left_out(people.c.out))
    draw = (
        cast(people.c.subscriber_id, BigInteger) % _ROUND * _SPREAD
        + literal(number * _SHIFT % _ROUND, BigInteger)
    ) % _ROUND
    rank = func.row_number(type_=Integer).over(
        partition_by=state,
        order_by=[people.c.asleep, draw, people.c.subscriber_id],
    )
    ranked = select(
        people,
        state.label("state"),
        case((rank <= first, FIRST), else_=REST).label("wave"),
    ).subquery("ranked")
    kind = [ranked.c.variant_id, ranked.c.state, ranked.c.wave]
    in_line = func.row_number(type_=Integer).over(
        partition_by=[*kind, ranked.c.zone, ranked.c.domain],
        order_by=ranked.c.subscriber_id,
    )
    size: Any = launch.batch_size
    if launch.domains:
        size = case(
            dict(launch.domains), value=ranked.c.domain, else_=launch.batch_size
        )
    cut = select(ranked, ((in_line - 1) // size).label("part")).subquery("cut")
    seq = (
        func.dense_rank(type_=Integer).over(
            partition_by=[cut.c.variant_id, cut.c.state, cut.c.wave],
            order_by=[cut.c.zone, cut.c.domain, cut.c.part],
        )
        - 1
        + cut.c.wave * REST_FROM
    )
    pending = cut.c.state == "pending"
    return select(
        literal(number).label("mailing_id"),
        cut.c.subscriber_id,
        cut.c.address_hash,
        case((pending, cut.c.variant_id)).label("variant_id"),
        case((pending, seq)).label("seq"),
        cut.c.state,
        cut.c.out.label("reason"),
        literal(launch.at, Instant).label("changed_at"),
    ).order_by(
        cut.c.variant_id, cut.c.wave, cut.c.zone, cut.c.part, cut.c.subscriber_id
    )


def _people(
    database: Database,
    connection: Connection,
    launch: Launch,
    variants: Mapping[bytes, int],
    who: Subquery,
) -> CTE:
    """Return everybody who is meant, with what they get and whether it wakes them."""
    awake = _awake(connection, launch, who.c.zone)
    return (
        select(
            who,
            case(
                {
                    language: variants[content]
                    for language, content in launch.by_language.items()
                },
                value=who.c.language,
                else_=variants[launch.otherwise],
            ).label("variant_id"),
            domain(database, launch).label("domain"),
            case((awake, 0), else_=1).label("asleep"),
        )
        .join(subscribers, subscribers.c.id == who.c.subscriber_id)
        .cte("people")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )


def domain(database: Database, launch: Launch) -> ColumnElement[str]:
    """Return a subscriber's domain if it has a pace, else an empty text."""
    if not launch.domains:
        return literal("", String)
    return audience.domain(launch.domains, is_sqlite=database.is_sqlite)


def _awake(
    connection: Connection, launch: Launch, zone: ColumnElement[str]
) -> ColumnElement[bool]:
    """Whether somebody may be written to now; reckoned zone by zone beforehand."""
    quiet = launch.quiet
    if quiet is None:
        return true()
    theirs = meant.zone(launch.terms.zone).label("zone")
    names = connection.scalars(select(theirs).select_from(subscribers).distinct())
    asleep = [n for n in names if quiet.is_quiet(launch.at, zone_of([n], UTC))]
    return zone.not_in(asleep) if asleep else true()


def _left_out(reason: ColumnElement[str]) -> ColumnElement[str]:
    """Return the state of whoever is left out for this reason."""
    own_choice = reason.in_(meant.RESTING)
    return case((own_choice, "skipped"), else_="suppressed")
