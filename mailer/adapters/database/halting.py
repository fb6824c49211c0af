"""Hold a mailing, go on with it or end it; and where it stands."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Connection,
    bindparam,
    delete,
    func,
    select,
    update,
)

from mailer.adapters.database import audit, retention, tallying
from mailer.adapters.database.actors import recorded
from mailer.adapters.database.addressing import SqlAddressing
from mailer.adapters.database.closing import finish
from mailer.adapters.database.mailings import with_lists
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    mailings,
    paces,
    variants,
)
from mailer.ports import MACHINE, Standing


class SqlHalting(SqlAddressing):
    """The ledger's third part: what a person decides on, and does."""

    def standing(self, mailing_id: int) -> Standing:
        """Count a mailing's deliveries by state."""
        with self._database.reading() as connection:
            row = (
                connection.execute(
                    with_lists()
                    .add_columns(mailings.c.reason, mailings.c.pruned_at)
                    .where(mailings.c.id == mailing_id)
                )
                .mappings()
                .one()
            )
            counted = retention.counted(connection, mailing_id)
            versions = connection.scalar(
                select(func.count())
                .select_from(variants)
                .where(variants.c.mailing_id == mailing_id)
            )
        states: dict[str, int] = {"pending": 0, "sent": 0}
        reasons: dict[str, int] = {}
        carried: dict[str, int] = {}
        for state, reason, n, provider in counted:
            states[state] = states.get(state, 0) + n
            if reason:
                name = f"{state}: {reason}"
                reasons[name] = reasons.get(name, 0) + n
            if state == "sent" and provider:
                carried[provider] = carried.get(provider, 0) + n
        return Standing(
            mailing=f"{row['slug']}/{row['edition']}",
            state=row["state"],
            reason=row["reason"],
            audience=sum(states.values()),
            variants=int(versions or 0),
            deliveries=states,
            reasons=reasons,
            carried=carried,
            pruned=row["pruned_at"] is not None,
        )

    def in_hand(self, mailing_id: int | None) -> int:
        """Count the messages of calls that have begun and are not recorded yet."""
        mine = batches.c.state == "inflight"
        if mailing_id is not None:
            mine &= batches.c.mailing_id == mailing_id
        query = (
            select(func.count())
            .select_from(
                deliveries.join(
                    batches,
                    (batches.c.variant_id == deliveries.c.variant_id)
                    & (batches.c.seq == deliveries.c.seq),
                )
            )
            .where(
                mine,
                batches.c.lease_until > self._database.seconds(),
                deliveries.c.state.in_(("inflight", "unknown")),
            )
        )
        with self._database.reading() as connection:
            return int(connection.scalar(query) or 0)

    def pause(
        self, mailing_id: int, *, reason: str, at: datetime, by: str = MACHINE
    ) -> bool:
        """Stop a mailing until a person resumes it: no call begins any more."""
        return self._turn(mailing_id, ("sending",), "paused", reason, at, by=by)

    def resume(
        self,
        mailing_id: int,
        *,
        at: datetime,
        by: str = MACHINE,
        reason: str | None = None,
    ) -> bool:
        """Go on with a paused mailing; False if it is not paused.

        Whoever lets it go on has seen what bounced until now: it counts anew.
        """
        if not self._turn(mailing_id, ("paused",), "sending", reason, at, by=by):
            return False
        with self._database.writing() as connection:
            seen = tallying.counted(self._database, connection, mailing_id)
            connection.execute(
                update(mailings)
                .where(mailings.c.id == mailing_id)
                .values(heeded=asdict(seen))
            )
        return True

    def cancel(
        self, mailing_id: int, *, reason: str, at: datetime, by: str = MACHINE
    ) -> bool:
        """End a mailing for good: whoever waits in it is skipped."""
        open_ones = ("planned", "missed", "sending", "paused")
        return self._turn(mailing_id, open_ones, "cancelled", reason, at, by=by)

    def _turn(
        self,
        mailing_id: int,
        before: Sequence[str],
        after: str,
        reason: str | None,
        at: datetime,
        *,
        by: str,
    ) -> bool:
        with self._database.writing() as connection:
            turned = connection.execute(
                update(mailings)
                .where(mailings.c.id == mailing_id, mailings.c.state.in_(before))
                .values(
                    # What is under way again has no reason to be held any more.
                    state=after,
                    reason=None if after == "sending" else reason,
                )
            )
            if not turned.rowcount:
                return False
            if after == "cancelled":
                _skip_waiting(connection, mailing_id, at)
            if after == "sending":
                unbar(connection)
                waiting = select(func.count()).where(
                    batches.c.mailing_id == mailing_id, batches.c.state == "ready"
                )
                self._database.wake(
                    connection, mailing_id, int(connection.scalar(waiting) or 0)
                )
            finish(connection, mailing_id, at)  # its last call may have ended meanwhile
            audit.record(
                connection,
                at=at,
                actor=recorded(connection, by),
                verb=after,
                thing=f"mailing {mailing_id}",
                detail={"reason": reason},
            )
        return True


BARRED = "barred:"  # followed by the name of a provider whom others relieve


def unbar(connection: Connection) -> None:
    """Try everybody again: a person may have mended what was refused."""
    connection.execute(delete(paces).where(paces.c.name.startswith(BARRED)))


# Locked: who cancels at this moment does not see yet who waits again.
_STATE = (
    select(mailings.c.state)
    .where(mailings.c.id == bindparam("p_mailing", type_=BigInteger()))
    .with_for_update(read=True)
)


def skip_if_cancelled(connection: Connection, mailing_id: int, at: datetime) -> None:
    """Let nobody wait in a mailing that was cancelled during its last call."""
    state = connection.scalar(_STATE, {"p_mailing": mailing_id})
    if state == "cancelled":
        _skip_waiting(connection, mailing_id, at)


def _skip_waiting(connection: Connection, mailing_id: int, at: datetime) -> None:
    """Close what has not begun; a call in hand still records its outcome."""
    connection.execute(
        update(batches)
        .where(
            batches.c.mailing_id == mailing_id, batches.c.state.in_(("ready", "leased"))
        )
        .values(state="done", lease_epoch=batches.c.lease_epoch + 1)
    )
    connection.execute(
        update(deliveries)
        .where(deliveries.c.mailing_id == mailing_id, deliveries.c.state == "pending")
        .values(state="skipped", reason="cancelled", changed_at=at)
    )
