"""What each subscriber has been told, kept with their subscription.

Told to the subscriptions when the next edition asks for it, and not with every call:
a batch's readers are scattered over the whole table, a mailing's are all of it.
"""

from sqlalchemy import and_, exists, func, or_, select, update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    mailings,
    subscriptions,
)

_LOT = 20_000  # subscribers per transaction: no sender waits long for the lock
_BEFORE = ("planned", "missed")
_OPEN = ("ready", "leased", "inflight", "unknown")


def catch_up(database: Database, list_number: int) -> None:
    """Let a list's subscriptions know the variants that their readers were sent.

    Broken off, it is simply run again; a mailing that is over is looked at once.
    """
    behind = (
        select(mailings.c.id)
        .where(
            mailings.c.list_number == list_number,
            mailings.c.remembered.is_(False),
            mailings.c.state.not_in(_BEFORE),
        )
        .order_by(mailings.c.id)
    )
    with database.reading() as connection:
        numbers = list(connection.scalars(behind))
    for number in numbers:
        _remember(database, list_number, number)


def _remember(database: Database, list_number: int, mailing_id: int) -> None:
    mine = deliveries.c.mailing_id == mailing_id
    ends = select(
        func.min(deliveries.c.subscriber_id), func.max(deliveries.c.subscriber_id)
    ).where(mine)
    with database.reading() as connection:
        first, last = connection.execute(ends).one()
    for low in range(first or 0, (last or -1) + 1, _LOT):
        with database.writing() as connection:
            connection.execute(
                update(subscriptions)
                .where(
                    subscriptions.c.list_number == list_number,
                    subscriptions.c.subscriber_id == deliveries.c.subscriber_id,
                    mine,
                    deliveries.c.subscriber_id.between(low, low + _LOT - 1),
                    deliveries.c.state == "sent",
                    or_(
                        subscriptions.c.known_variant.is_(None),
                        # Later variants have higher numbers: nobody unlearns.
                        subscriptions.c.known_variant < deliveries.c.variant_id,
                    ),
                )
                .values(known_variant=deliveries.c.variant_id)
            )
    open_ones = exists().where(
        and_(batches.c.mailing_id == mailing_id, batches.c.state.in_(_OPEN))
    )
    with database.writing() as connection:
        connection.execute(
            update(mailings)
            .where(
                mailings.c.id == mailing_id,
                mailings.c.state.not_in(("sending", "paused")),
                ~open_ones,
            )
            .values(remembered=True)
        )
