"""Lists and mailings: every edition made once, by a UNIQUE key."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    RowMapping,
    Select,
    select,
    update,
)

from mailer.adapters.database import audit
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import (
    lists,
    mailings,
)
from mailer.core.errors import NotFoundError
from mailer.core.tokens import Link, Purpose, derive
from mailer.ports import NOTE, Mailing


def with_lists() -> Select[Any]:
    """Select mailings, each with the name of its list."""
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
        kind=row["kind"],
        link=_link(row["link"]),
    )


def _link(kept: Mapping[str, Any] | None) -> Link | None:
    return Link(Purpose[kept["purpose"]], kept["number"]) if kept else None


class SqlMailings:
    """The ledger's first half: editions, audiences, variants, deliveries."""

    def __init__(self, database: Database, secret: bytes) -> None:
        """Take the secret from which each mailing's own is made."""
        self._database = database
        self._secret = secret

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
            with_lists().where(lists.c.slug == list_slug, mailings.c.edition == edition)
        )
        return found[0] if found else None

    def between(self, list_slug: str, first: str, last: str) -> Sequence[Mailing]:
        """Return a list's mailings whose editions are these or between them."""
        return self._read(
            with_lists()
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
        return self._read(with_lists().where(mailings.c.id == mailing_id))[0]

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
        return self._read(with_lists().where(mailings.c.state == "planned"))

    def every(self) -> Sequence[Mailing]:
        """Return all mailings but the notes to single persons, newest first."""
        query = with_lists().where(mailings.c.kind != NOTE)
        return self._read(query.order_by(mailings.c.id.desc()))

    def _read(self, query: Select[Any]) -> Sequence[Mailing]:
        with self._database.reading() as connection:
            return [to_mailing(row) for row in connection.execute(query).mappings()]
