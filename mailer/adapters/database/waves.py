"""Whether a call of a blast may begin: read again where it is committed to.

No caller can forget it: hold, approval, first wave, quiet hours and the last moment are
looked at in the transaction of the intent, whoever claimed the batch and whenever.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, select

from mailer.adapters.database.schema import batches, blasts
from mailer.adapters.database.statements import number, this_batch
from mailer.core import quiet
from mailer.core.lists import Kind
from mailer.core.proposal import LEAVING, Stage
from mailer.ports import Batch

_LOOK_AGAIN = 60.0  # seconds until what may not go out is looked at again
_UTC = ZoneInfo("UTC")
_LEAVING = [stage.value for stage in LEAVING]

# The row is locked: whoever stops it is answered after this intent, or before it.
_STANDING = (
    select(
        blasts.c.stage,
        (blasts.c.approved_hash == blasts.c.content_hash).label("approved"),
        blasts.c.hold_until,
        blasts.c.not_after,
        blasts.c.quiet,
        batches.c.wave,
        batches.c.zone,
    )
    .select_from(batches)
    .join(blasts, and_(blasts.c.mailing_id == batches.c.mailing_id))
    .where(this_batch(), blasts.c.mailing_id == number("p_mailing"))
    .with_for_update(read=True, of=blasts)
)


def held_back(connection: Connection, batch: Batch, at: datetime) -> float:
    """Return the seconds that a batch must wait at least, or 0.0: it may go out."""
    if batch.mailing.kind != Kind.BLAST:
        return 0.0
    row = connection.execute(
        _STANDING,
        {
            "p_variant": batch.variant_id,
            "p_seq": batch.seq,
            "p_mailing": batch.mailing.id,
        },
    ).first()
    if row is None:  # a blast that no draft is behind: a correction, an import
        return 0.0
    too_early = row.hold_until is None or row.hold_until > at
    too_late = row.not_after is not None and row.not_after <= at
    its_turn = row.stage == Stage.SENDING or row.wave == 0
    if (
        row.stage not in _LEAVING
        or not row.approved
        or too_early
        or too_late
        or not its_turn
    ):
        return _LOOK_AGAIN
    hours = quiet.parse(row.quiet) if row.quiet else None
    if hours is None:
        return 0.0
    theirs = quiet.zone_of([row.zone], _UTC)
    return (hours.next(at, theirs) - at).total_seconds()
