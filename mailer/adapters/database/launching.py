"""An approved blast becomes a mailing: all of it in one transaction, or nothing.

A few are first, drawn at random among those whom it does not wake. Everybody else's
batches are of a second wave, which no worker begins before the first one fared well.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)

from mailer.adapters.database import audience, meant
from mailer.adapters.database.addressing import keep_variants, make_batches
from mailer.adapters.database.approving import SqlApprovals
from mailer.adapters.database.closing import OPEN, finish
from mailer.adapters.database.drafting import forget_recipients, is_sending, tell
from mailer.adapters.database.schema import (
    batches,
    blast_recipients,
    blasts,
    deliveries,
    mailings,
    subscribers,
    subscriptions,
)
from mailer.adapters.database.types import Instant
from mailer.core.errors import RefusedError
from mailer.core.proposal import Change, Proposal, Stage, canary_size
from mailer.core.quiet import QuietHours, zone_of
from mailer.core.tokens import derive
from mailer.ports import Launch

_FIRST, _REST = 0, 1  # waves
_REST_FROM = 1_000_000  # the number of the first batch of the rest, in each variant
_UTC = ZoneInfo("UTC")
_NEVER = 1e12  # seconds since 1970: until somebody lets them go
# Far apart, as neighbours in the table are neighbours in life.
_SPREAD, _SHIFT, _ROUND = 2_654_435_761, 40_503, 2_147_483_647


class SqlLaunching(SqlApprovals):
    """The part of the port Blasts that makes mailings and lets them go."""

    def key(self, name: str) -> bytes:
        """Return a blast's own secret: the same in a preview and when it is sent."""
        return derive(self._secret, f"mailing {name}")[:16]

    def launch(self, launch: Launch) -> Proposal:
        """Make the mailing of a blast whose hold is over, all of it or nothing."""
        proposal, at = launch.proposal, launch.at
        with self._database.writing() as connection:
            if not self._release(connection, launch):
                return self._numbered(proposal.number)
            number = self._mailing(connection, launch)
            self._deliveries(connection, launch, number)
            change = _change(connection, proposal, number)
            if change.drifted or not change.sending:
                connection.rollback()
            else:
                self._batches(connection, launch, number)
                self._move(
                    connection,
                    proposal,
                    (Stage.CANARY,),
                    {"mailing_id": number, "change": asdict(change)},
                )
                forget_recipients(connection, proposal.number)
                detail = {"change": str(change)}
                tell(connection, proposal.name, None, "launch", at, detail)
        if change.drifted or not change.sending:
            self._send_back(proposal, change, at)
        return self._numbered(proposal.number)

    def canary_open(self, proposal: Proposal) -> bool:
        """Whether what became of the first few is still open."""
        query = select(func.count()).where(
            batches.c.mailing_id == proposal.mailing, batches.c.wave == _FIRST, OPEN
        )
        with self._database.reading() as connection:
            return bool(connection.scalar(query))

    def settle_canary(self, proposal: Proposal, *, until: datetime) -> bool:
        """Take note that the first few have it, and until when they are watched."""
        with self._database.writing() as connection:
            return self._move(
                connection,
                proposal,
                (Stage.CANARY,),
                {"canary_until": until},
                blasts.c.canary_until.is_(None),
            )

    def widen(
        self, proposal: Proposal, *, quiet: QuietHours | None, at: datetime
    ) -> bool:
        """Let everybody else get it."""
        number = proposal.mailing or 0
        with self._database.writing() as connection:
            if not self._move(
                connection,
                proposal,
                (Stage.CANARY,),
                {"stage": Stage.SENDING.value},
                blasts.c.canary_until <= at,
                is_sending(),
            ):
                return False
            self._let_go(connection, number, _REST, quiet, at)
            tell(connection, proposal.name, None, "send the rest", at, {})
            waiting = select(func.count()).where(
                batches.c.mailing_id == number, batches.c.state == "ready"
            )
            finish(connection, number, at)
            self._database.wake(
                connection, number, int(connection.scalar(waiting) or 0)
            )
        return True

    def _release(self, connection: Connection, launch: Launch) -> bool:
        """Move on what was approved, just as it was approved, once its hold is over."""
        quiet = None if launch.quiet is None else str(launch.quiet)
        return self._move(
            connection,
            launch.proposal,
            (Stage.HELD,),
            {"stage": Stage.CANARY.value, "quiet": quiet, "canary_until": None},
            blasts.c.hold_until <= launch.at,
            blasts.c.approved_hash == launch.proposal.content_hash,
            or_(blasts.c.not_after.is_(None), blasts.c.not_after > launch.at),
            or_(~blasts.c.alone, blasts.c.told),
        )

    def _mailing(self, connection: Connection, launch: Launch) -> int:
        proposal, at = launch.proposal, launch.at
        number = connection.scalar(
            self._database.insert(mailings)
            .values(
                key=launch.key,
                list_number=proposal.list_number,
                edition=proposal.draft.edition,
                kind="blast",
                state="sending",
                due_at=proposal.hold_until or at,
                as_of=at,
                until=proposal.draft.not_after or at,
                planned_at=at,
            )
            .on_conflict_do_nothing()
            .returning(mailings.c.id)
        )
        if number is None:
            raise RefusedError(
                f"{proposal.name}: there is a mailing of this name that is not this"
                " blast; cancel this one, and write it anew under another edition"
            )
        return int(number)

    def _deliveries(self, connection: Connection, launch: Launch, number: int) -> None:
        """Make every delivery, and one of each who is left out, with the reason."""
        variants = keep_variants(connection, number, launch.variants)
        people = meant.people(self._database, launch.proposal, launch.at)
        count = connection.scalar(
            select(func.count()).select_from(people).where(people.c.out.is_(None))
        )
        first = canary_size(count or 0)
        rows = self._lines(connection, launch, number, variants, first)
        connection.execute(
            self._database.insert(deliveries)
            .from_select([column.name for column in rows.selected_columns], rows)
            .on_conflict_do_nothing()
        )
        connection.execute(  # the approval was about them as well
            self._database.insert(deliveries)
            .from_select(list(_GONE), _gone(launch.proposal, number, launch.at))
            .on_conflict_do_nothing()
        )

    def _lines(
        self,
        connection: Connection,
        launch: Launch,
        number: int,
        variants: Mapping[bytes, int],
        first: int,
    ) -> Any:
        """Return one delivery per person, numbered so that batches are of one kind."""
        meant_ = meant.people(self._database, launch.proposal, launch.at)
        zone = meant.zone(launch.zone)
        awake = _awake(connection, launch.quiet, zone, launch.at)
        people = (
            select(
                meant_,
                case(
                    {
                        language: variants[content]
                        for language, content in launch.by_language.items()
                    },
                    value=subscribers.c.language,
                    else_=variants[launch.otherwise],
                ).label("variant_id"),
                zone.label("zone"),
                self._domain(launch).label("domain"),
                case((awake, 0), else_=1).label("asleep"),
            )
            .join(subscribers, subscribers.c.id == meant_.c.subscriber_id)
            .cte("people")
            .prefix_with("MATERIALIZED", dialect="postgresql")
        )
        state = case((people.c.out.is_(None), "pending"), else_=_left_out(people.c.out))
        draw = (
            cast(people.c.subscriber_id, BigInteger) % _ROUND * _SPREAD
            + literal(number * _SHIFT, BigInteger)
        ) % _ROUND
        rank = func.row_number(type_=Integer).over(
            partition_by=state,
            order_by=[people.c.asleep, draw, people.c.subscriber_id],
        )
        ranked = select(
            people,
            state.label("state"),
            case((rank <= first, _FIRST), else_=_REST).label("wave"),
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
            + cut.c.wave * _REST_FROM
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

    def _domain(self, launch: Launch) -> ColumnElement[str]:
        if not launch.domains:
            return literal("", String)
        return audience.domain(launch.domains, is_sqlite=self._database.is_sqlite)

    def _batches(self, connection: Connection, launch: Launch, number: int) -> None:
        made = make_batches(
            connection,
            number,
            launch.route,
            domain=self._domain(launch) if launch.domains else None,
            zone=meant.zone(launch.zone),
            not_before=_NEVER,
        )
        connection.execute(
            update(batches)
            .where(batches.c.mailing_id == number, batches.c.seq >= _REST_FROM)
            .values(wave=_REST)
        )
        self._let_go(connection, number, _FIRST, launch.quiet, launch.at)
        self._database.wake(connection, number, made)

    def _let_go(
        self,
        connection: Connection,
        number: int,
        wave: int,
        quiet: QuietHours | None,
        at: datetime,
    ) -> None:
        """Let a wave's batches go out, each when it wakes nobody."""
        mine = and_(
            batches.c.mailing_id == number,
            batches.c.wave == wave,
            batches.c.not_before >= _NEVER,
        )
        zones = connection.scalars(select(batches.c.zone).where(mine).distinct()).all()
        for name in zones:
            wait = 0.0
            if quiet is not None:
                wait = (quiet.next(at, zone_of([name], _UTC)) - at).total_seconds()
            now = self._database.seconds()
            connection.execute(
                update(batches)
                .where(mine, batches.c.zone.is_not_distinct_from(name))
                .values(not_before=now + wait if wait > 0 else 0.0)
            )

    def _send_back(self, proposal: Proposal, change: Change, at: datetime) -> None:
        """Ask for another approval: these are not those whom it was about."""
        reason = (
            f"the audience has changed since the approval ({change}); submit it again"
        )
        values = {
            "stage": Stage.SUBMITTED.value,
            "reason": reason,
            "hold_until": None,
            "expected": change.sending,
            "change": asdict(change),
        }
        with self._database.writing() as connection:
            if self._move(connection, proposal, (Stage.HELD,), values):
                forget_recipients(connection, proposal.number)
                detail = {"reason": reason}
                tell(connection, proposal.name, None, "ask again", at, detail)


def _awake(
    connection: Connection,
    quiet: QuietHours | None,
    zone: ColumnElement[str],
    at: datetime,
) -> ColumnElement[bool]:
    """Whether somebody may be written to now; reckoned zone by zone beforehand."""
    if quiet is None:
        return true()
    names = connection.scalars(
        select(zone.label("zone")).select_from(subscribers).distinct()
    )
    asleep = [name for name in names if quiet.is_quiet(at, zone_of([name], _UTC))]
    return zone.not_in(asleep) if asleep else true()


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


def _change(connection: Connection, proposal: Proposal, number: int) -> Change:
    """Return whom the approval was about, and what became of it since."""
    mine = deliveries.c.mailing_id == number
    was = exists().where(
        blast_recipients.c.blast_id == proposal.number,
        blast_recipients.c.subscriber_id == deliveries.c.subscriber_id,
    )
    pending = deliveries.c.state == "pending"
    sending = connection.scalar(select(func.count()).where(mine, pending))
    came = connection.scalar(select(func.count()).where(mine, pending, ~was))
    gone = connection.execute(
        select(deliveries.c.reason, func.count())
        .where(mine, ~pending, was)
        .group_by(deliveries.c.reason)
    )
    return Change(
        approved=proposal.approved or 0,
        sending=sending or 0,
        came=came or 0,
        gone={reason: count for reason, count in gone},
    )


def _left_out(reason: ColumnElement[str]) -> ColumnElement[str]:
    """Return the state of whoever is left out for this reason."""
    own_choice = reason.in_(meant.RESTING)
    return case((own_choice, "skipped"), else_="suppressed")
