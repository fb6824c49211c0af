"""Approvals: for whom, and that these are still those for whom it was submitted."""

from datetime import datetime

from sqlalchemy import Connection, func, literal, select

from mailer.adapters.database import meant
from mailer.adapters.database.drafting import (
    SqlDrafts,
    as_asked,
    forget_recipients,
    tell,
)
from mailer.adapters.database.schema import blast_recipients, blasts
from mailer.core.proposal import Change, Proposal, Stage
from mailer.core.refusal import NotMovedError, Why
from mailer.ports import Terms


class SqlApprovals(SqlDrafts):
    """The part of the port Blasts that binds an approval to people."""

    def approve(
        self,
        proposal: Proposal,
        *,
        by: str,
        reason: str | None,
        words: bytes,
        hold_until: datetime,
        terms: Terms,
        at: datetime,
    ) -> int | None:
        """Approve for those who are in the audience now; returns how many."""
        with self._database.writing() as connection:
            values = {
                "stage": Stage.HELD.value,
                "approver": by,
                "approved_at": at,
                "approved_hash": proposal.content_hash,
                "alone": reason is not None,
                "told": False,
                "reason": reason,
                "hold_until": hold_until,
            }
            same = blasts.c.content_hash == proposal.content_hash
            asked = as_asked(proposal)
            if not self._move(
                connection, proposal, (Stage.SUBMITTED,), values, same, asked
            ):
                return None
            if words != self._submitted_words(connection, proposal):
                raise NotMovedError(
                    Why.STALE,
                    f"{proposal.name}: what its readers would get is not what was"
                    " submitted: its action, a template or the brand has been changed;"
                    f" look at it again, then: mailer blast submit {proposal.name}",
                )
            count = self._remember(connection, proposal, terms)
            moved = _moved(proposal.expected or 0, count)
            if moved.drifted or not count:
                raise NotMovedError(
                    Why.DRIFTED,
                    f"{proposal.name} was submitted for {moved.approved:,} people, and"
                    f" it is {count:,} now; look at it again, then: mailer blast submit"
                    f" {proposal.name}",
                )
            self._move(connection, proposal, (Stage.HELD,), {"approved": count})
            detail = {"people": count, "alone": bool(reason), "reason": reason or ""}
            if why := proposal.draft.despite_quiet_hours:
                detail["quiet_hours"] = f"overridden: {why}"
            tell(connection, proposal.name, by, "approve", at=at, detail=detail)
        return count

    def _submitted_words(
        self, connection: Connection, proposal: Proposal
    ) -> bytes | None:
        """Return the hash of what its readers were to get when it was submitted."""
        kept = connection.scalar(
            select(blasts.c.words_hash).where(blasts.c.id == proposal.number)
        )
        return None if kept is None else bytes(kept)

    def _remember(
        self, connection: Connection, proposal: Proposal, terms: Terms
    ) -> int:
        """Keep whom the approval is about; returns how many."""
        forget_recipients(connection, proposal.number)
        people = meant.people(
            self._database, connection, proposal.draft.audience, terms
        )
        connection.execute(
            blast_recipients.insert().from_select(
                ["blast_id", "subscriber_id"],
                select(literal(proposal.number), people.c.subscriber_id).where(
                    people.c.out.is_(None)
                ),
            )
        )
        mine = select(func.count()).where(
            blast_recipients.c.blast_id == proposal.number
        )
        return int(connection.scalar(mine) or 0)


def _moved(submitted: int, count: int) -> Change:
    """Return how many more there are, or how many fewer."""
    return Change(
        approved=submitted,
        sending=count,
        gone={"gone": max(0, submitted - count)},
        came=max(0, count - submitted),
    )
