"""Mailings as those look at them who sent them."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import func, or_, select

from mailer.adapters.database import audit
from mailer.adapters.database.engine import Database
from mailer.adapters.database.faring import fared
from mailer.adapters.database.mailings import to_mailing, with_lists
from mailer.adapters.database.readers import masked
from mailer.adapters.database.records import to_record
from mailer.adapters.database.schema import (
    audit as log,
    deliveries,
    mailings,
    subscribers,
    variants,
)
from mailer.core.errors import NotFoundError
from mailer.ports import NOTE, Failed, Fared, Mailing, Record, Version


class SqlFollowing:
    """The port Following over the ledger's tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self, states: Collection[str], *, most: int, before: int | None = None
    ) -> Sequence[Mailing]:
        """Return mailings in these states, the newest first."""
        query = with_lists().where(mailings.c.kind != NOTE)
        if states:
            query = query.where(mailings.c.state.in_(states))
        if before is not None:
            query = query.where(mailings.c.id < before)
        query = query.order_by(mailings.c.id.desc()).limit(most)
        with self._database.reading() as connection:
            return [to_mailing(row) for row in connection.execute(query).mappings()]

    def mailing(self, number: int) -> Mailing:
        """Return one; raises NotFoundError."""
        query = with_lists().where(mailings.c.id == number, mailings.c.kind != NOTE)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFoundError(f"there is no mailing {number}; mailer status has them")
        return to_mailing(row)

    def versions(self, number: int) -> Sequence[Version]:
        """Return the variants, those with the most people first."""
        counted = (
            select(deliveries.c.variant_id, deliveries.c.state, func.count())
            .where(
                deliveries.c.mailing_id == number, deliveries.c.variant_id.is_not(None)
            )
            .group_by(deliveries.c.variant_id, deliveries.c.state)
        )
        said = select(
            variants.c.id, variants.c.language, variants.c.place, variants.c.subject
        ).where(variants.c.mailing_id == number)
        states: dict[int, dict[str, int]] = defaultdict(dict)
        with self._database.reading() as connection:
            for variant, state, count in connection.execute(counted):
                states[variant][state] = count
            found = [
                Version(
                    number=row.id,
                    language=row.language,
                    place=row.place,
                    subject=row.subject,
                    deliveries=states[row.id],
                )
                for row in connection.execute(said)
                if row.id in states
            ]
        return sorted(found, key=lambda one: (-one.people, one.number))

    def failed(self, number: int, *, most: int) -> Sequence[Failed]:
        """Return whom it did not reach."""
        query = (
            select(subscribers.c.address, deliveries.c.reason)
            .select_from(deliveries)
            .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            .where(deliveries.c.mailing_id == number, deliveries.c.state == "failed")
            .order_by(deliveries.c.reason, subscribers.c.id)
            .limit(most)
        )
        with self._database.reading() as connection:
            return [
                Failed(masked_address=masked(row.address), reason=row.reason or "")
                for row in connection.execute(query)
            ]

    def story(self, mailing: Mailing, *, most: int) -> Sequence[Record]:
        """Return what was done with it, the newest first."""
        name = f"{mailing.list_slug}/{mailing.edition}"
        things = (f"mailing {mailing.id}", f"mailing {name}", f"blast {name}")
        query = (
            audit.rows()
            .where(or_(*(log.c.object == thing for thing in things)))
            .order_by(log.c.id.desc())
            .limit(most)
        )
        with self._database.reading() as connection:
            return [to_record(row) for row in connection.execute(query)]

    def fared(self, number: int) -> Fared:
        """Return what became of it."""
        return fared(self._database, number)
