"""Who gets a mailing: variants kept, and every delivery made by one statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    func,
    insert,
    literal,
    select,
    true,
    update,
)

from mailer.adapters.database import audience, routing
from mailer.adapters.database.closing import finish
from mailer.adapters.database.knowledge import catch_up
from mailer.adapters.database.mailings import SqlMailings
from mailer.adapters.database.people import first_seat
from mailer.adapters.database.places import to_place
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    mailing_groups,
    mailings,
    places,
    subscribers,
    subscriptions,
    variant_items,
    variants,
)
from mailer.core.audience import Group
from mailer.core.model import Place
from mailer.core.routes import Route
from mailer.ports import Addressee, Composed, Mailing


class SqlAddressing(SqlMailings):
    """The ledger's second part: audiences, variants, deliveries."""

    def groups(self, mailing: Mailing) -> Sequence[Group]:
        """Return the groups its audience falls into at this moment."""
        catch_up(self._database, mailing.list_number)
        people = audience.audience(mailing)
        with self._database.reading() as connection:
            return _to_groups(connection, audience.groups(people))

    def sizes(self, mailing: Mailing) -> Mapping[Group, int]:
        """Return how many people of each group may be mailed."""
        catch_up(self._database, mailing.list_number)
        people = audience.audience(mailing)
        columns = [people.c[name] for name in audience.GROUP]
        query = (
            select(*columns, func.count().label("n"))
            .where(audience.mailable(people))
            .group_by(*columns)
        )
        with self._database.reading() as connection:
            return {_to_group(row): row.n for row in connection.execute(query)}

    def left_out(self, mailing: Mailing) -> Mapping[str, int]:
        """Return how many of the audience may not be mailed, by reason."""
        people = audience.audience(mailing)
        reason = func.coalesce(people.c.suppressed, people.c.resting).label("reason")
        query = (
            select(reason, func.count().label("n"))
            .where(audience.left_out(people))
            .group_by(reason)
        )
        with self._database.reading() as connection:
            return {row.reason: row.n for row in connection.execute(query)}

    def reader(
        self, mailing: Mailing, subscriber: int
    ) -> tuple[Addressee, Group] | None:
        """Return one active subscriber with their group."""
        catch_up(self._database, mailing.list_number)
        people = audience.audience(mailing)
        query = (
            select(
                *(people.c[name] for name in audience.GROUP),
                subscribers.c.uid,
                subscribers.c.address,
                first_seat().label("organization"),
                subscriptions.c.consented_on,
            )
            .select_from(people)
            .join(subscribers, subscribers.c.id == people.c.subscriber_id)
            .join(
                subscriptions,
                (subscriptions.c.subscriber_id == subscribers.c.id)
                & (subscriptions.c.list_number == mailing.list_number),
            )
            .where(people.c.subscriber_id == subscriber)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        addressee = Addressee(
            subscriber_id=subscriber,
            uid=row.uid,
            address=row.address,
            organization=row.organization,
            consented_on=row.consented_on,
        )
        return addressee, _to_group(row)

    def place(self, place_id: int) -> Place | None:
        """Return the place of a group."""
        query = select(places).where(places.c.id == place_id)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return to_place(row) if row else None

    def address(
        self,
        mailing: Mailing,
        composed: Sequence[Composed],
        assignment: Mapping[Group, bytes | None],
        *,
        batch_size: int,
        domains: Mapping[str, int],
        route: Route,
        at: datetime,
    ) -> Sequence[Group]:
        """Keep the variants and make every delivery, in one transaction."""
        domain = (
            audience.domain(domains, is_sqlite=self._database.is_sqlite)
            if domains
            else None
        )
        people = audience.audience(mailing, domain)
        with self._database.writing() as connection:
            first = connection.execute(
                update(mailings)
                .where(mailings.c.id == mailing.id, mailings.c.state == "planned")
                .values(state="sending")
            )
            if not first.rowcount:
                return []
            here = _to_groups(connection, audience.groups(people))
            unassigned = [group for group in here if group not in assignment]
            if unassigned:
                connection.rollback()
                return unassigned
            numbers = keep_variants(connection, mailing.id, composed)
            _keep_groups(connection, mailing, assignment, numbers)
            chosen = audience.deliveries(
                people,
                mailing_id=mailing.id,
                batch_size=batch_size,
                domains=domains,
                at=at,
            )
            connection.execute(
                self._database.insert(deliveries)
                .from_select(
                    [c.name for c in chosen.selected_columns], chosen.where(true())
                )
                .on_conflict_do_nothing()
            )
            made = make_batches(connection, mailing.id, route, domain=domain)
            finish(connection, mailing.id, at)
            if made:
                self._database.wake(connection, mailing.id, made)
        return []


def _to_groups(connection: Connection, query: Select[Any]) -> list[Group]:
    return [_to_group(row) for row in connection.execute(query)]


def _to_group(row: Any) -> Group:
    return Group(
        language=row.language,
        place_id=row.place_id,
        known_variant=row.known_variant,
        quiet_weeks=row.quiet_weeks,
        scope=row.scope,
    )


def keep_variants(
    connection: Connection, mailing_id: int, composed: Sequence[Composed]
) -> dict[bytes, int]:
    """Keep variants; returns their numbers by the hashes of their content."""
    numbers: dict[bytes, int] = {}
    for variant in composed:
        number = connection.scalar(
            insert(variants)
            .values(
                mailing_id=mailing_id,
                content_hash=variant.content_hash,
                language=variant.language,
                place=variant.place,
                subject=variant.subject,
                preheader=variant.preheader,
                html=variant.html.dump(),
                text=variant.text.dump(),
            )
            .returning(variants.c.id)
        )
        numbers[variant.content_hash] = int(number or 0)
        rows = [
            {
                "variant_id": number,
                "action_id": action_id,
                "version": version,
                "kind": kind,
            }
            for action_id, version, kind in variant.items
        ]
        if rows:
            connection.execute(insert(variant_items), rows)
    return numbers


def _keep_groups(
    connection: Connection,
    mailing: Mailing,
    assignment: Mapping[Group, bytes | None],
    numbers: Mapping[bytes, int],
) -> None:
    rows = [
        {
            "mailing_id": mailing.id,
            "language": group.language,
            "place_id": group.place_id,
            "known_variant": group.known_variant,
            "quiet_weeks": group.quiet_weeks,
            "scope": group.scope,
            "variant_id": numbers[content_hash] if content_hash else None,
        }
        for group, content_hash in assignment.items()
    ]
    if rows:
        connection.execute(insert(mailing_groups), rows)


def make_batches(
    connection: Connection,
    mailing_id: int,
    route: Route,
    *,
    domain: ColumnElement[str] | None = None,
    not_before: float = 0.0,
) -> int:
    """Make the batches of a mailing's waiting deliveries; returns how many."""
    planned = select(
        deliveries.c.variant_id, deliveries.c.seq, deliveries.c.mailing_id
    ).where(deliveries.c.mailing_id == mailing_id, deliveries.c.state == "pending")
    if domain is None:
        rows = planned.distinct()
    else:  # all of a batch goes to one domain, or to any that has no pace
        rows = (
            planned.add_columns(func.min(func.nullif(domain, "")).label("pace"))
            .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            .group_by(
                deliveries.c.variant_id, deliveries.c.seq, deliveries.c.mailing_id
            )
        )
    made = rows.subquery("made")
    point = routing.point(made.c.variant_id, made.c.seq)
    carrier, stand_in = routing.turns(route, point)
    chosen = {
        **dict(made.c),
        "state": literal("ready"),
        "point": point,
        "carrier": carrier,
        "stand_in": stand_in,
        "not_before": literal(not_before),
    }
    connection.execute(
        insert(batches).from_select(list(chosen), select(*chosen.values()))
    )
    mine = select(func.count()).where(batches.c.mailing_id == mailing_id)
    return int(connection.scalar(mine) or 0)
