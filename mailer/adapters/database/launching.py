"""An approved blast becomes a mailing: all of it in one transaction, or nothing.

A few are first, drawn at random among those whom it does not wake. Everybody else's
batches are of a second wave, which no worker begins before the first one fared well.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    case,
    func,
    or_,
    select,
    update,
)

from mailer.adapters.database import accounting, drawing, meant
from mailer.adapters.database.addressing import keep_variants, make_batches
from mailer.adapters.database.approving import SqlApprovals
from mailer.adapters.database.closing import NEVER, OPEN, finish
from mailer.adapters.database.drafting import forget_recipients, is_sending, tell
from mailer.adapters.database.drawing import FIRST, REST, UTC, Kinds
from mailer.adapters.database.schema import (
    batches,
    blasts,
    deliveries,
    mailings,
)
from mailer.core.errors import RefusedError
from mailer.core.lists import Kind
from mailer.core.proposal import Change, Proposal, Stage
from mailer.core.quiet import QuietHours, zone_of
from mailer.core.tokens import derive
from mailer.ports import Launch

_ADVISORY = 7236484  # launches that count towards caps follow one another
_URGENT = -0.5  # before every batch of an edition, after letters to one person


class SqlLaunching(SqlApprovals):
    """The part of the port Blasts that makes mailings and lets them go."""

    def key(self, name: str) -> bytes:
        """Return a blast's own secret: the same in a preview and when it is sent."""
        return derive(self._secret, f"mailing {name}")[:16]

    def launch(self, launch: Launch) -> Proposal:
        """Make the mailing of a blast whose hold is over, all of it or nothing."""
        proposal, at = launch.proposal, launch.at
        with self._database.writing() as connection:
            self._one_at_a_time(connection, launch)
            if not self._release(connection, launch):
                return self._numbered(proposal.number)
            if launch.words != self._submitted_words(connection, proposal):
                connection.rollback()
                return self._ask_for_other_words(launch)
            number = self._mailing(connection, launch)
            found = self._deliveries(connection, launch, number)
            change = accounting.change(connection, proposal, number)
            if change.drifted or not change.sending:
                connection.rollback()
            else:
                self._batches(connection, launch, number, found)
                self._move(
                    connection,
                    proposal,
                    (Stage.CANARY,),
                    {"mailing_id": number, "change": asdict(change)},
                )
                forget_recipients(connection, proposal.number)
                detail = {"change": str(change)}
                tell(connection, proposal.name, None, "launch", at=at, detail=detail)
        if change.drifted or not change.sending:
            self._ask_for_others(proposal, change, at)
        return self._numbered(proposal.number)

    def canary_open(self, proposal: Proposal) -> bool:
        """Whether what became of the first few is still open."""
        query = select(func.count()).where(
            batches.c.mailing_id == proposal.mailing, batches.c.wave == FIRST, OPEN
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

    def rewind(self, proposal: Proposal, *, until: datetime, at: datetime) -> bool:
        """Let every wait end then that a clock began which was ahead."""
        waits = (blasts.c.hold_until, blasts.c.canary_until)
        with self._database.writing() as connection:
            if not self._move(
                connection,
                proposal,
                (proposal.stage,),
                {each.name: case((each > until, until), else_=each) for each in waits},
                or_(*(each > until for each in waits)),
            ):
                return False
            detail = {"reason": "the clock was put back"}
            tell(connection, proposal.name, None, "wait anew", at=at, detail=detail)
        return True

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
            self._let_go(connection, proposal, number, REST, quiet=quiet, at=at)
            tell(connection, proposal.name, None, "send the rest", at=at, detail={})
            waiting = select(func.count()).where(
                batches.c.mailing_id == number, batches.c.state == "ready"
            )
            finish(connection, number, at)
            self._database.wake(
                connection, number, int(connection.scalar(waiting) or 0)
            )
        return True

    def _one_at_a_time(self, connection: Connection, launch: Launch) -> None:
        """Wait for launches that count towards the same caps: they are not seen yet."""
        if self._database.is_sqlite or launch.terms.urgent or not launch.terms.caps:
            return
        connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY)))

    def _release(self, connection: Connection, launch: Launch) -> bool:
        """Move on what was approved, just as it was approved, once its hold is over."""
        quiet = None if launch.quiet is None else str(launch.quiet)
        return self._move(
            connection,
            launch.proposal,
            (Stage.HELD,),
            {"stage": Stage.CANARY.value, "quiet": quiet, "reason": None},
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
                kind=Kind.BLAST.value,
                urgent=proposal.draft.is_urgent,
                # What its readers know of actions, no digest reckons from.
                remembered=True,
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

    def _deliveries(self, connection: Connection, launch: Launch, number: int) -> Kinds:
        """Make every delivery, and one of each who is left out, with the reason."""
        proposal = launch.proposal
        variants = keep_variants(connection, number, launch.variants)
        who = meant.people(
            self._database,
            connection,
            proposal.draft.audience,
            replace(launch.terms, besides=number),
        )
        who = drawing.with_domains(self._database, launch, who)
        found = drawing.kinds(connection, who, launch)
        rows = drawing.lines(launch, number, variants=variants, who=who, found=found)
        connection.execute(
            self._database.insert(deliveries)
            .from_select([column.name for column in rows.selected_columns], rows)
            .on_conflict_do_nothing()
        )
        # The approval was about them as well.
        accounting.keep_gone(self._database, connection, proposal, number, launch.at)
        return found

    def _batches(
        self, connection: Connection, launch: Launch, number: int, found: Kinds
    ) -> None:
        made = make_batches(connection, number, launch.route, not_before=NEVER)
        drawing.name_kinds(connection, number, found)
        self._let_go(
            connection,
            launch.proposal,
            number,
            FIRST,
            quiet=launch.quiet,
            at=launch.at,
        )
        self._database.wake(connection, number, made)

    def _let_go(
        self,
        connection: Connection,
        proposal: Proposal,
        number: int,
        wave: int,
        *,
        quiet: QuietHours | None,
        at: datetime,
    ) -> None:
        """Let a wave's batches go out, each when it wakes nobody."""
        soon = _URGENT if proposal.draft.is_urgent else 0.0
        mine = and_(
            batches.c.mailing_id == number,
            batches.c.wave == wave,
            batches.c.not_before >= NEVER,
        )
        zones = connection.scalars(select(batches.c.zone).where(mine).distinct()).all()
        for name in zones:
            wait = 0.0
            if quiet is not None:
                wait = (quiet.next(at, zone_of([name], UTC)) - at).total_seconds()
            now = self._database.seconds()
            connection.execute(
                update(batches)
                .where(mine, batches.c.zone.is_not_distinct_from(name))
                .values(not_before=now + wait if wait > 0 else soon)
            )

    def ask_again(self, proposal: Proposal, *, reason: str, at: datetime) -> bool:
        """Void the approval of one whose hold is over, for a reason."""
        return self._send_back(proposal, reason, {}, at)

    def _ask_for_other_words(self, launch: Launch) -> Proposal:
        """Ask for another approval: readers would get what nobody has approved."""
        reason = (
            "what its readers would get has changed since the approval: its action, a"
            " template or the brand; look at it, and approve it anew"
        )
        self._send_back(
            launch.proposal, reason, {"words_hash": launch.words}, launch.at
        )
        return self._numbered(launch.proposal.number)

    def _ask_for_others(self, proposal: Proposal, change: Change, at: datetime) -> None:
        """Ask for another approval: these are not those whom it was about."""
        reason = (
            f"the audience has changed since the approval ({change}); look at it, and"
            " approve it anew"
        )
        now = {"expected": change.sending, "change": asdict(change)}
        self._send_back(proposal, reason, now, at)

    def _send_back(
        self, proposal: Proposal, reason: str, now: Mapping[str, Any], at: datetime
    ) -> bool:
        values = {
            "stage": Stage.SUBMITTED.value,
            "reason": reason,
            "hold_until": None,
            "approver": None,
            "approved_at": None,
            "approved_hash": None,
            "approved": None,
            "alone": False,
            "told": False,
            **now,
        }
        with self._database.writing() as connection:
            if not self._move(connection, proposal, (Stage.HELD,), values):
                return False
            forget_recipients(connection, proposal.number)
            detail = {"reason": reason}
            tell(connection, proposal.name, None, "ask again", at=at, detail=detail)
        return True
