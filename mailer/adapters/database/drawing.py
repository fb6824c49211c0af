"""Who gets a blast first, and in which batches everybody is: one statement.

The first are drawn at random among those whom it does not wake; where they are too few,
among those who wake next, so that nobody's morning waits for a later one. All of a batch read the
same language, are in the same zone, and at one domain if that has a pace of its own:
which, its number says, so that nobody is looked up again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
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
    null,
    select,
    update,
)

from mailer.adapters.database import audience, meant
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import batches, subscribers
from mailer.adapters.database.types import Instant
from mailer.core.proposal import canary_size
from mailer.core.quiet import zone_of
from mailer.ports import Launch

FIRST, REST = 0, 1  # waves
REST_FROM = 1_000_000_000  # the least number of a batch of the rest
UTC = ZoneInfo("UTC")
# Far apart, as neighbours in the table are neighbours in life (Knuth, TAOCP 3, 6.4).
_SPREAD, _SHIFT, _ROUND = 2_654_435_761, 1_327_217_885, 2_147_483_647


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """What batches differ in: zones, and domains that have a pace ("" for the others)."""

    count: int  # people who get it
    awake: int  # of them, whom it does not wake
    zones: Sequence[str]
    waits: Sequence[int]  # of each zone: seconds until it wakes nobody there
    clocks: Sequence[str]  # of each zone: its name, if it has a clock, else the list's
    domains: Sequence[str]

    @property
    def number(self) -> int:
        """Return how many kinds there are."""
        return max(1, len(self.zones) * len(self.domains))

    def of(self, zone: ColumnElement[str], domain: ColumnElement[str]) -> Any:
        """Return the number of a kind."""
        place = _position(self.zones, zone) * len(self.domains)
        return place + _position(self.domains, domain)


def kinds(connection: Connection, who: Subquery, launch: Launch) -> Kinds:
    """Return what the batches of these people differ in."""
    rows = connection.execute(
        select(who.c.zone, who.c.domain, func.count())
        .where(who.c.out.is_(None))
        .group_by(who.c.zone, who.c.domain)
    ).all()
    zones = sorted({row[0] for row in rows})
    usual = zone_of([launch.terms.zone], UTC)
    clocks = [zone_of([name], usual) for name in zones]
    waits = [_wait(launch, clock) for clock in clocks]
    asleep = {name for name, wait in zip(zones, waits, strict=True) if wait}
    return Kinds(
        count=sum(row[2] for row in rows),
        awake=sum(row[2] for row in rows if row[0] not in asleep),
        zones=zones,
        waits=waits,
        clocks=[clock.key for clock in clocks],
        domains=sorted({row[1] for row in rows}),
    )


def with_domains(database: Database, launch: Launch, who: Subquery) -> Subquery:
    """Return the same people, each with their domain if that has a pace, else ""."""
    if not launch.domains:
        return select(who, literal("", String).label("domain")).subquery("with_domains")
    theirs = audience.domain(launch.domains, is_sqlite=database.is_sqlite)
    return (
        select(who, theirs.label("domain"))
        .join(subscribers, subscribers.c.id == who.c.subscriber_id)
        .subquery("with_domains")
    )


def lines(
    launch: Launch,
    number: int,
    *,
    variants: Mapping[bytes, int],
    who: Subquery,
    found: Kinds,
) -> Select[Any]:
    """Return one delivery per person, numbered so that batches are of one kind."""
    people = _people(launch, variants, who, found)
    drawn = (
        cast(people.c.subscriber_id, BigInteger) % _ROUND * _SPREAD
        + literal(number * _SHIFT % _ROUND, BigInteger)
    ) % _ROUND
    first = (
        select(people.c.subscriber_id)
        .where(people.c.out.is_(None))
        .order_by(people.c.wait, drawn, people.c.subscriber_id)
        .limit(canary_size(found.count, found.awake))
    )
    wave = case((people.c.subscriber_id.in_(first), FIRST), else_=REST)
    ranked = select(people, wave.label("wave")).subquery("ranked")
    in_line = func.row_number(type_=Integer).over(
        partition_by=[
            ranked.c.variant_id,
            ranked.c.out,
            ranked.c.wave,
            ranked.c.kind,
        ],
        order_by=ranked.c.subscriber_id,
    )
    size: Any = launch.batch_size
    if launch.domains:
        size = case(
            dict(launch.domains), value=ranked.c.domain, else_=launch.batch_size
        )
    part = (in_line - 1) // size
    seq = part * found.number + ranked.c.kind + ranked.c.wave * REST_FROM
    pending = ranked.c.out.is_(None)
    return select(
        literal(number).label("mailing_id"),
        ranked.c.subscriber_id,
        ranked.c.address_hash,
        case((pending, ranked.c.variant_id)).label("variant_id"),
        case((pending, seq)).label("seq"),
        case((pending, "pending"), else_=_left_out(ranked.c.out)).label("state"),
        ranked.c.out.label("reason"),
        literal(launch.at, Instant).label("changed_at"),
    ).where(ranked.c.subscriber_id.is_not(None))  # ON CONFLICT needs a WHERE before it


def name_kinds(connection: Connection, number: int, found: Kinds) -> None:
    """Write into a mailing's batches which wave, zone and domain they are of."""
    rest = batches.c.seq >= REST_FROM
    kind = case((rest, batches.c.seq - REST_FROM), else_=batches.c.seq) % found.number
    zone, domain = kind // len(found.domains), kind % len(found.domains)
    connection.execute(
        update(batches)
        .where(batches.c.mailing_id == number)
        .values(
            wave=case((rest, REST), else_=FIRST),
            zone=_named(found.clocks, zone),
            pace=func.nullif(_named(found.domains, domain), ""),
        )
    )


def _people(
    launch: Launch, variants: Mapping[bytes, int], who: Subquery, found: Kinds
) -> CTE:
    """Return everybody who is meant, with what they get and how long they sleep."""
    waits = dict(zip(found.zones, found.waits, strict=True))
    mine = case(
        {
            language: variants[content]
            for language, content in launch.by_language.items()
        },
        value=who.c.language,
        else_=variants[launch.otherwise],
    )
    return (
        select(
            who.c.subscriber_id,
            who.c.address_hash,
            who.c.out,
            who.c.domain,
            mine.label("variant_id"),
            found.of(who.c.zone, who.c.domain).label("kind"),
            _chosen(waits, who.c.zone).label("wait"),
        )
        .cte("people")
        .prefix_with("MATERIALIZED")
    )


def _position(names: Sequence[str], name: ColumnElement[str]) -> Any:
    return _chosen({each: n for n, each in enumerate(names)}, name)


def _chosen(numbers: Mapping[str, int], name: ColumnElement[str]) -> Any:
    if len(set(numbers.values())) < 2:
        return literal(next(iter(numbers.values()), 0))
    return case(dict(numbers), value=name, else_=0)


def _wait(launch: Launch, clock: ZoneInfo) -> int:
    if launch.quiet is None:
        return 0
    return ceil((launch.quiet.next(launch.at, clock) - launch.at).total_seconds())


def _named(names: Sequence[str], position: ColumnElement[int]) -> Any:
    if not names:
        return null()
    if len(names) == 1:
        return literal(names[0], String)
    return case(dict(enumerate(names)), value=position)


def _left_out(reason: ColumnElement[str]) -> ColumnElement[str]:
    """Return the state of whoever is left out for this reason."""
    return case((reason.in_(meant.RESTING), "skipped"), else_="suppressed")
