"""Mailings as those look at them who sent them."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from sqlalchemy import func, or_, select

from mailer.adapters.database.engine import Database
from mailer.adapters.database.faring import fared
from mailer.adapters.database.mailings import to_mailing, with_lists
from mailer.adapters.database.readers import masked
from mailer.adapters.database.records import to_record
from mailer.adapters.database.schema import (
    audit,
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

    def versions(self, number: int, *, most: int) -> tuple[Sequence[Version], int]:
        """Return the variants with the most people, and how many more there are."""
        mine = deliveries.c.mailing_id == number
        people = (
            select(deliveries.c.variant_id, func.count().label("people"))
            .where(mine, deliveries.c.variant_id.is_not(None))
            .group_by(deliveries.c.variant_id)
            .subquery()
        )
        first = (
            select(people).order_by(people.c.people.desc(), people.c.variant_id)
        ).limit(most)
        chosen = first.subquery()
        query = (
            select(
                variants.c.id,
                variants.c.language,
                variants.c.place,
                variants.c.subject,
                chosen.c.people,
                deliveries.c.state,
                func.count().label("n"),
            )
            .select_from(chosen)
            .join(variants, variants.c.id == chosen.c.variant_id)
            .join(deliveries, (deliveries.c.variant_id == variants.c.id) & mine)
            .group_by(
                variants.c.id,
                variants.c.language,
                variants.c.place,
                variants.c.subject,
                chosen.c.people,
                deliveries.c.state,
            )
            .order_by(chosen.c.people.desc(), variants.c.id)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
            total = connection.scalar(select(func.count()).select_from(people)) or 0
        found = [
            Version(
                number=same[0].id,
                language=same[0].language,
                place=same[0].place,
                subject=same[0].subject,
                deliveries={row.state: row.n for row in same},
            )
            for _, rows_of in groupby(rows, attrgetter("id"))
            if (same := list(rows_of))
        ]
        return found, total - len(found)

    def languages(self, number: int) -> Mapping[str, int]:
        """Return how many people get it in which language."""
        people = func.count().label("n")
        query = (
            select(variants.c.language, people)
            .join(deliveries, deliveries.c.variant_id == variants.c.id)
            .where(deliveries.c.mailing_id == number)
            .group_by(variants.c.language)
            .order_by(people.desc(), variants.c.language)
        )
        with self._database.reading() as connection:
            return {row.language: row.n for row in connection.execute(query)}

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
            select(audit)
            .where(or_(*(audit.c.object == thing for thing in things)))
            .order_by(audit.c.id.desc())
            .limit(most)
        )
        with self._database.reading() as connection:
            return [to_record(row) for row in connection.execute(query)]

    def fared(self, number: int) -> Fared:
        """Return what became of it."""
        return fared(self._database, number)
