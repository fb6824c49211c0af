"""Mailings and who gets them: made once, addressed by one statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    func,
    insert,
    literal,
    select,
    true,
    update,
)

from mailer.adapters.database import audience, audit
from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import first_seat
from mailer.adapters.database.places import to_place
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    lists,
    mailing_groups,
    mailings,
    places,
    subscribers,
    subscriptions,
    variant_items,
    variants,
)
from mailer.core.audience import Group
from mailer.core.errors import NotFoundError
from mailer.core.model import Place
from mailer.core.tokens import derive
from mailer.ports import Addressee, Composed, Mailing, Standing


def _mailings() -> Select[Any]:
    return select(mailings, lists.c.slug).join(
        lists, lists.c.number == mailings.c.list_number
    )


def to_mailing(row: RowMapping) -> Mailing:
    """Return the mailing in a row of `mailings` joined with its list."""
    return Mailing(
        id=row["id"],
        key=row["key"],
        list_number=row["list_number"],
        list_slug=row["slug"],
        edition=row["edition"],
        state=row["state"],
        due_at=row["due_at"],
        planned_at=row["planned_at"],
        as_of=row["as_of"],
        until=row["until"],
    )


class SqlMailings:
    """The ledger's first half: editions, audiences, variants, deliveries."""

    def __init__(self, database: Database, secret: bytes) -> None:
        """Take the secret from which each mailing's own is made."""
        self._database = database
        self._secret = secret

    # --- lists and editions

    def register(self, slugs: Sequence[str], *, at: datetime) -> Mapping[str, int]:
        """Return each list's number, giving one to those not seen before."""
        numbers = self._numbers()
        new = [slug for slug in slugs if slug not in numbers]
        if new:
            with self._database.writing() as connection:
                connection.execute(
                    self._database.insert(lists)
                    .values([{"slug": slug, "first_seen_at": at} for slug in new])
                    .on_conflict_do_nothing()
                )
            numbers = self._numbers()
        return {slug: numbers[slug] for slug in slugs}

    def _numbers(self) -> dict[str, int]:
        with self._database.reading() as connection:
            rows = connection.execute(select(lists.c.slug, lists.c.number))
            return {row.slug: row.number for row in rows}

    def first_seen(self, slug: str) -> datetime:
        """Return when this project first knew the list."""
        with self._database.reading() as connection:
            seen: datetime | None = connection.scalar(
                select(lists.c.first_seen_at).where(lists.c.slug == slug)
            )
        if seen is None:
            raise NotFoundError(f'there is no list "{slug}"; mailer lists shows them')
        return seen

    def make(
        self,
        *,
        list_slug: str,
        edition: str,
        kind: str,
        state: str,
        reason: str | None,
        due_at: datetime,
        as_of: datetime,
        until: datetime,
        planned_at: datetime,
    ) -> Mailing | None:
        """Make a mailing, or return None: there is one for this list and edition."""
        number = select(lists.c.number).where(lists.c.slug == list_slug)
        with self._database.writing() as connection:
            made = connection.scalar(
                self._database.insert(mailings)
                .values(
                    key=self.key(list_slug, edition),
                    list_number=number.scalar_subquery(),
                    edition=edition,
                    kind=kind,
                    state=state,
                    reason=reason,
                    due_at=due_at,
                    as_of=as_of,
                    until=until,
                    planned_at=planned_at,
                )
                .on_conflict_do_nothing()
                .returning(mailings.c.id)
            )
            if made is None:
                return None
            audit.record(
                connection,
                at=planned_at,
                actor="plan",
                verb=state,
                thing=f"mailing {list_slug}/{edition}",
            )
        return self.mailing(list_slug, edition)

    def key(self, list_slug: str, edition: str) -> bytes:
        """Return a mailing's own secret: the same in a preview and when it is sent."""
        return derive(self._secret, f"mailing {list_slug}/{edition}")[:16]

    def mailing(self, list_slug: str, edition: str) -> Mailing | None:
        """Return a mailing by its identity."""
        found = self._read(
            _mailings().where(lists.c.slug == list_slug, mailings.c.edition == edition)
        )
        return found[0] if found else None

    def between(self, list_slug: str, first: str, last: str) -> Sequence[Mailing]:
        """Return a list's mailings whose editions are these or between them."""
        return self._read(
            _mailings()
            .where(lists.c.slug == list_slug, mailings.c.edition.between(first, last))
            .order_by(mailings.c.edition)
        )

    def revive(self, mailing_id: int, *, as_of: datetime, until: datetime) -> bool:
        """Plan a missed mailing anew; False if it is not missed any more."""
        return self._move(
            mailing_id,
            "missed",
            state="planned",
            reason=None,
            planned_at=as_of,
            as_of=as_of,
            until=until,
        )

    def refresh(
        self, mailing_id: int, *, as_of: datetime, until: datetime
    ) -> Mailing | None:
        """Move a planned mailing's moment to now; None if it is not planned any more."""
        if not self._move(mailing_id, "planned", as_of=as_of, until=until):
            return None
        return self._read(_mailings().where(mailings.c.id == mailing_id))[0]

    def miss(self, mailing_id: int, *, reason: str) -> bool:
        """Mark a planned mailing as missed; False if it is not planned any more."""
        return self._move(mailing_id, "planned", state="missed", reason=reason)

    def _move(self, mailing_id: int, before: str, **values: Any) -> bool:
        with self._database.writing() as connection:
            moved = connection.execute(
                update(mailings)
                .where(mailings.c.id == mailing_id, mailings.c.state == before)
                .values(values)
            )
        return bool(moved.rowcount)

    def planned(self) -> Sequence[Mailing]:
        """Return the mailings that wait to be composed."""
        return self._read(_mailings().where(mailings.c.state == "planned"))

    def every(self) -> Sequence[Mailing]:
        """Return all mailings, newest first."""
        return self._read(_mailings().order_by(mailings.c.id.desc()))

    def _read(self, query: Select[Any]) -> Sequence[Mailing]:
        with self._database.reading() as connection:
            return [to_mailing(row) for row in connection.execute(query).mappings()]

    # --- composing

    def groups(self, mailing: Mailing) -> Sequence[Group]:
        """Return the groups its audience falls into at this moment."""
        people = audience.audience(mailing.list_number, mailing.as_of)
        with self._database.reading() as connection:
            return _to_groups(connection, audience.groups(people))

    def sizes(self, mailing: Mailing) -> Mapping[Group, int]:
        """Return how many people of each group may be mailed."""
        people = audience.audience(mailing.list_number, mailing.as_of)
        columns = [people.c[name] for name in audience.GROUP]
        query = (
            select(*columns, func.count().label("n"))
            .where(people.c.suppressed.is_(None), ~people.c.paused)
            .group_by(*columns)
        )
        with self._database.reading() as connection:
            return {_to_group(row): row.n for row in connection.execute(query)}

    def left_out(self, mailing: Mailing) -> Mapping[str, int]:
        """Return how many of the audience may not be mailed, by reason."""
        people = audience.audience(mailing.list_number, mailing.as_of)
        reason = func.coalesce(people.c.suppressed, "paused").label("reason")
        query = (
            select(reason, func.count().label("n"))
            .where(people.c.suppressed.is_not(None) | people.c.paused)
            .group_by(reason)
        )
        with self._database.reading() as connection:
            return {row.reason: row.n for row in connection.execute(query)}

    def reader(
        self, mailing: Mailing, subscriber: int
    ) -> tuple[Addressee, Group] | None:
        """Return one active subscriber with their group."""
        people = audience.audience(mailing.list_number, mailing.as_of)
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
        at: datetime,
    ) -> Sequence[Group]:
        """Keep the variants and make every delivery, in one transaction."""
        people = audience.audience(mailing.list_number, mailing.as_of)
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
            numbers = _keep_variants(connection, mailing, composed)
            _keep_groups(connection, mailing, assignment, numbers)
            chosen = audience.deliveries(
                people, mailing_id=mailing.id, batch_size=batch_size, at=at
            )
            connection.execute(
                self._database.insert(deliveries)
                .from_select(
                    [c.name for c in chosen.selected_columns], chosen.where(true())
                )
                .on_conflict_do_nothing()
            )
            _make_batches(connection, mailing)
            finish(connection, mailing.id, at)
        return []

    # --- reporting

    def standing(self, mailing_id: int) -> Standing:
        """Count a mailing's deliveries by state."""
        with self._database.reading() as connection:
            row = (
                connection.execute(
                    _mailings()
                    .add_columns(mailings.c.reason)
                    .where(mailings.c.id == mailing_id)
                )
                .mappings()
                .one()
            )
            counted = connection.execute(
                select(
                    deliveries.c.state,
                    deliveries.c.reason,
                    func.count().label("n"),
                )
                .where(deliveries.c.mailing_id == mailing_id)
                .group_by(deliveries.c.state, deliveries.c.reason)
            ).all()
            versions = connection.scalar(
                select(func.count())
                .select_from(variants)
                .where(variants.c.mailing_id == mailing_id)
            )
        states: dict[str, int] = {"pending": 0, "sent": 0}
        reasons: dict[str, int] = {}
        for state, reason, n in counted:
            states[state] = states.get(state, 0) + n
            if reason:
                name = f"{state}: {reason}"
                reasons[name] = reasons.get(name, 0) + n
        return Standing(
            mailing=f"{row['slug']}/{row['edition']}",
            state=row["state"],
            reason=row["reason"],
            audience=sum(states.values()),
            variants=int(versions or 0),
            deliveries=states,
            reasons=reasons,
        )


def _to_groups(connection: Connection, query: Select[Any]) -> list[Group]:
    return [_to_group(row) for row in connection.execute(query)]


def _to_group(row: Any) -> Group:
    return Group(
        language=row.language,
        place_id=row.place_id,
        known_variant=row.known_variant,
        quiet_weeks=row.quiet_weeks,
    )


def _keep_variants(
    connection: Connection, mailing: Mailing, composed: Sequence[Composed]
) -> dict[bytes, int]:
    numbers: dict[bytes, int] = {}
    for variant in composed:
        number = connection.scalar(
            insert(variants)
            .values(
                mailing_id=mailing.id,
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
            "variant_id": numbers[content_hash] if content_hash else None,
        }
        for group, content_hash in assignment.items()
    ]
    if rows:
        connection.execute(insert(mailing_groups), rows)


def _make_batches(connection: Connection, mailing: Mailing) -> None:
    planned = (
        select(
            deliveries.c.variant_id,
            deliveries.c.seq,
            deliveries.c.mailing_id,
        )
        .where(deliveries.c.mailing_id == mailing.id, deliveries.c.state == "pending")
        .distinct()
        .subquery()
    )
    connection.execute(
        insert(batches).from_select(
            ["variant_id", "seq", "mailing_id", "state"],
            select(
                planned.c.variant_id,
                planned.c.seq,
                planned.c.mailing_id,
                literal("ready"),
            ),
        )
    )


def finish(connection: Connection, mailing_id: int, at: datetime) -> None:
    """Close a mailing that has no open batch left; unresolved if any is unknown."""

    def having(*states: str) -> Any:
        return (
            select(batches.c.seq)
            .where(batches.c.mailing_id == mailing_id, batches.c.state.in_(states))
            .exists()
        )

    sending = (mailings.c.id == mailing_id) & (mailings.c.state == "sending")
    for state, guard in (
        ("unresolved", having("unknown")),
        ("finished", ~having("unknown")),
    ):
        connection.execute(
            update(mailings)
            .where(sending, guard, ~having("ready", "leased", "inflight"))
            .values(state=state, finished_at=at)
        )
