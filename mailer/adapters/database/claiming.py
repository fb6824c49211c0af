"""The ledger's fifth part: which batch a worker takes next, and what is held back.

Leases and paces run on the database's clock, so that machines need not agree on theirs.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    case,
    func,
    null,
    or_,
    select,
    update,
)

from mailer.adapters.clocks import elapsed
from mailer.adapters.database import settling, timing
from mailer.adapters.database.claims import Claims, may_send, paced
from mailer.adapters.database.closing import NEVER, OPEN, finish_idle
from mailer.adapters.database.engine import Database
from mailer.adapters.database.halting import BARRED
from mailer.adapters.database.holding import HELD, SqlHolding
from mailer.adapters.database.mailings import to_mailing
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    mailings,
    paces,
)
from mailer.adapters.database.statements import Statements
from mailer.ports import Batch, Call

LOST = "the sender stopped before it heard the answer"


class SqlClaiming(SqlHolding):
    """Hands out batches, one worker each, under leases with growing epochs."""

    def __init__(
        self,
        database: Database,
        secret: bytes,
        remember: Callable[[float], None] = lambda _call: None,
        monotonic: Callable[[], float] = elapsed,
    ) -> None:
        """Take the secret from which each mailing's own is made.

        `remember` is told when a call was committed to, in the database's seconds.
        """
        super().__init__(database, secret)
        self._hot = Statements(database)
        self._claims = Claims(database)
        self._now = self._hot.now
        self._remember = remember
        self._monotonic = monotonic
        self._looked_at_clock = -timing.EVERY

    def claim(
        self,
        owner: str,
        *,
        lease: float,
        mailing_id: int | None,
        provider: str,
        settle: float,
        relieves: Collection[str] = (),
    ) -> Batch | None:
        """Lease the next batch that is due, or return None."""
        lease_next = partial(
            self._lease,
            owner,
            lease=lease,
            mailing_id=mailing_id,
            provider=provider,
            settle=settle,
            relieves=relieves,
        )
        batch = lease_next()
        if self._clock_was_put_back(lease, idle=batch is None) and batch is None:
            return lease_next()
        return batch

    def _clock_was_put_back(self, lease: float, *, idle: bool) -> bool:
        """Look at the clock when there is nothing else to do, and now and then."""
        if not idle and self._monotonic() < self._looked_at_clock + timing.EVERY:
            return False
        self._looked_at_clock = self._monotonic()
        return timing.keep(self._database, lease=lease)

    def _lease(
        self,
        owner: str,
        *,
        lease: float,
        mailing_id: int | None,
        provider: str,
        settle: float,
        relieves: Collection[str],
    ) -> Batch | None:
        with self._database.writing() as connection:
            self._give_up_on_lost(connection, provider, settle)
            due = self._due(connection, mailing_id, provider, relieves)
            if due is None:
                # Two that recorded the last two batches at once both saw one open.
                finish_idle(connection)
                return None
            leased = connection.execute(
                self._claims.lease,
                {
                    "p_variant": due["variant_id"],
                    "p_seq": due["seq"],
                    "p_owner": owner,
                    "p_lease": lease,
                },
            ).one()
        call = Call(
            provider=due["carrier"],
            key=due["call_key"] or "",
            fingerprint=due["fingerprint"],
            age=float(leased.age or 0.0),
        )
        own = due["carrier"] == provider
        return Batch(
            mailing=to_mailing(due),
            variant_id=due["variant_id"],
            seq=due["seq"],
            epoch=leased.lease_epoch,
            attempt=leased.attempt,
            domain=due["pace"],
            stand_in=due["stand_in"] if own else due["carrier"],
            unknown=call if due["batch_state"] == "unknown" else None,
        )

    def _due(
        self,
        connection: Connection,
        mailing_id: int | None,
        provider: str,
        relieves: Collection[str],
    ) -> RowMapping | None:
        """Find what is this provider's, or else what another one leaves to it."""
        claims, mine = self._claims, _holds(provider)
        its = {} if mailing_id is None else {"p_mailing": mailing_id}
        due = claims.due if mailing_id is None else claims.due_of
        found = connection.execute(due, {**its, **mine, "p_carrier": provider})
        if (row := found.mappings().first()) is not None:
            return row
        left = claims.left if mailing_id is None else claims.left_of
        for other in relieves:
            if not connection.scalar(claims.takes_nothing, _holds(other)):
                continue
            theirs = {"p_carrier": other, "p_stand_in": provider}
            found = connection.execute(left, {**its, **mine, **theirs})
            if (row := found.mappings().first()) is not None:
                return row
        return None

    def waiting(
        self, mailing_id: int | None, *, provider: str
    ) -> tuple[int, float | None]:
        """Return how many batches are open to it, and in how many seconds one is due.

        Of those it may only have to take for another, nobody knows when that is.
        """
        held = func.coalesce(
            select(func.max(paces.c.free_at)).where(paced()).scalar_subquery(),
            0.0,
        )
        mine = batches.c.carrier == provider
        # Also those in a call: its provider may turn out to take nothing.
        left = batches.c.stand_in == provider
        waits = batches.c.state.in_(("ready", "unknown"))
        due = case((waits, batches.c.not_before), else_=batches.c.lease_until)
        later = case((~mine, null()), (held > due, held), else_=due)
        query = (
            select(func.count(), func.min(later) - self._now)
            .select_from(batches.join(mailings, mailings.c.id == batches.c.mailing_id))
            .where(OPEN, or_(mine, left), batches.c.not_before < NEVER, may_send())
        )
        if mailing_id is not None:
            query = query.where(batches.c.mailing_id == mailing_id)
        with self._database.reading() as connection:
            count, delay = connection.execute(query, _holds(provider)).one()
        return count, None if delay is None else float(delay)

    def _give_up_on_lost(
        self, connection: Connection, provider: str, settle: float
    ) -> None:
        """Whoever held these stopped after the intent: what was accepted is unknown.

        Only its own sender knows how long a provider takes to show what it accepted.
        """
        lost = connection.execute(
            self._claims.lose,
            {"p_carrier": provider, "p_settle": settle, "p_detail": LOST},
        ).all()
        for variant_id, seq in lost:
            connection.execute(
                update(deliveries)
                .where(of(variant_id, seq), deliveries.c.state == "inflight")
                .values(state="unknown", reason=LOST)
            )
        if lost:  # what was told of them before
            now: float = connection.execute(select(self._now)).scalar_one()
            at = datetime.fromtimestamp(float(now), UTC)
            calls = [(variant_id, seq) for variant_id, seq in lost]
            settling.look_back(self._database, connection, calls, at=at)

    def _held(self, batch: Batch, *states: str) -> ColumnElement[bool]:
        """Whether the batch is still this worker's: nobody has claimed it since."""
        return and_(
            batches.c.variant_id == batch.variant_id,
            batches.c.seq == batch.seq,
            batches.c.lease_epoch == batch.epoch,
            batches.c.state.in_(states),
        )


def _holds(provider: str) -> Mapping[str, str]:
    """Return the names of what may hold a provider off."""
    return {"p_held": HELD + provider, "p_barred": BARRED + provider}


def of(variant_id: int, seq: int) -> ColumnElement[bool]:
    """Return what picks the deliveries of a batch."""
    return and_(deliveries.c.variant_id == variant_id, deliveries.c.seq == seq)
