"""Why somebody got a mailing or did not: the rules in their order."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, false, func, select

from mailer.adapters.database.choosing import CHOSE
from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import first_seat, muted_until, reader_place
from mailer.adapters.database.schema import (
    consent_events,
    deliveries,
    lists,
    mailings,
    places,
    subscribers,
    subscriptions,
    suppressions,
    variants,
)
from mailer.core.allowing import KEPT

_KEPT = func.coalesce(
    deliveries.c.provider_id.startswith(KEPT, autoescape=True), false()
)


class Tracer:
    """Reads what the store knows of one person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def person(self, subscriber: int) -> Mapping[str, Any]:
        """Return who they are, where, and whether they may be mailed at all."""
        query = (
            select(
                subscribers.c.language,
                places.c.label.label("place"),
                first_seat().label("organization"),
                suppressions.c.reason.label("suppressed"),
                suppressions.c.since.label("suppressed_since"),
                suppressions.c.told_by.label("suppressed_by"),
                muted_until().label("muted_until"),
            )
            .select_from(subscribers)
            .outerjoin(places, places.c.id == reader_place())
            .outerjoin(
                suppressions,
                suppressions.c.address_hash == subscribers.c.address_hash,
            )
            .where(subscribers.c.id == subscriber)
        )
        with self._database.reading() as connection:
            return dict(connection.execute(query).mappings().one())

    def subscriptions(self, subscriber: int) -> Sequence[Mapping[str, Any]]:
        """Return their subscriptions, with the latest consent event of each."""
        query = (
            select(
                lists.c.slug.label("list"),
                subscriptions.c.state,
                subscriptions.c.ended_reason,
                subscriptions.c.paused_until,
                subscriptions.c.frequency,
                subscriptions.c.scope,
                subscriptions.c.quiet_weeks,
                subscriptions.c.list_number,
            )
            .join(lists, lists.c.number == subscriptions.c.list_number)
            .where(subscriptions.c.subscriber_id == subscriber)
            .order_by(lists.c.slug)
        )
        consents = (
            select(consent_events)
            .where(
                consent_events.c.subscriber_id == subscriber,
                consent_events.c.kind != CHOSE,
            )
            .order_by(consent_events.c.id)
        )
        with self._database.reading() as connection:
            latest = {
                row["list_number"]: _consent(row)
                for row in connection.execute(consents).mappings()
            }
            rows = connection.execute(query).mappings().all()
        return [
            {
                **{k: v for k, v in row.items() if k != "list_number"},
                "consent": latest.get(row["list_number"]),
            }
            for row in rows
        ]

    def deliveries(
        self, subscriber: int, mailing_id: int | None
    ) -> Sequence[Mapping[str, Any]]:
        """Return what became of their part in each mailing, newest first.

        `kept` says that it was written to the outbox, and not mailed: the fence.
        `heard` is the weightiest that the provider told of it later.
        """
        query = (
            select(
                lists.c.slug,
                mailings.c.edition,
                mailings.c.kind,
                deliveries.c.state,
                deliveries.c.reason,
                deliveries.c.changed_at,
                deliveries.c.provider,
                _KEPT.label("kept"),
                deliveries.c.heard,
                variants.c.subject,
                variants.c.place.label("composed_for"),
                variants.c.language,
            )
            .join(mailings, mailings.c.id == deliveries.c.mailing_id)
            .join(lists, lists.c.number == mailings.c.list_number)
            .outerjoin(variants, variants.c.id == deliveries.c.variant_id)
            .where(deliveries.c.subscriber_id == subscriber)
            .order_by(mailings.c.id.desc())
            .limit(50)
        )
        if mailing_id is not None:
            query = query.where(mailings.c.id == mailing_id)
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def _consent(row: RowMapping) -> Mapping[str, Any]:
    return {
        name: row[name]
        for name in ("kind", "basis", "happened_at", "source", "wording")
    }
