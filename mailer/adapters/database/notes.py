"""Letters to one person as mailings of one: the ledger's promises hold for them too."""

import hashlib
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, insert, select

from mailer.adapters.database.addressing import keep_variants, make_batches
from mailer.adapters.database.closing import finish
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import (
    deliveries,
    mailings,
    subscribers,
    suppressions,
)
from mailer.core.errors import NotFoundError
from mailer.core.requests import RETURNING
from mailer.core.routes import Route
from mailer.core.tokens import Link, derive
from mailer.ports import NOTE, Composed

_FIRST = -1.0  # before every batch of an edition: somebody waits for it


class SqlNotes:
    """The port Notes over the ledger's tables."""

    def __init__(self, database: Database, secret: bytes) -> None:
        """Take the secret from which each mailing's own is made."""
        self._database = database
        self._secret = secret

    def post(
        self,
        composed: Composed,
        *,
        to: bytes,
        name: str,
        list_number: int,
        link: Link | None,
        returning: bool = False,
        route: Route,
        at: datetime,
    ) -> bool:
        """Put a letter to one subscriber on its way; of one name, the first alone."""
        edition = edition_of(name)
        with self._database.writing() as connection:
            number = connection.scalar(
                self._database.insert(mailings)
                .values(
                    key=derive(self._secret, f"note {name}")[:16],
                    list_number=list_number,
                    edition=edition,
                    kind=NOTE,
                    state="sending",
                    due_at=at,
                    as_of=at,
                    until=at,
                    planned_at=at,
                    link=link and {"purpose": link.purpose.name, "number": link.number},
                    remembered=True,  # it tells of no actions
                )
                .on_conflict_do_nothing()
                .returning(mailings.c.id)
            )
            if number is None:
                return False
            self._address(
                connection,
                number,
                composed,
                to,
                at,
                in_spite_of=RETURNING if returning else frozenset(),
            )
            made = make_batches(connection, number, route, not_before=_FIRST)
            finish(connection, number, at)
            if made:
                self._database.wake(connection, number, made)
        return True

    def unused(self, names: Collection[str]) -> Collection[str]:
        """Return those of these names under which no letter was ever put there."""
        by_edition = {edition_of(name): name for name in names}
        query = select(mailings.c.edition).where(mailings.c.edition.in_(by_edition))
        with self._database.reading() as connection:
            for used in connection.scalars(query):
                by_edition.pop(used, None)
        return list(by_edition.values())

    def _address(
        self,
        connection: Connection,
        number: int,
        composed: Composed,
        to: bytes,
        at: datetime,
        *,
        in_spite_of: Collection[str],
    ) -> None:
        variant = keep_variants(connection, number, [composed])[composed.content_hash]
        person = connection.execute(
            select(
                subscribers.c.id,
                subscribers.c.address_hash,
                suppressions.c.reason,
            )
            .outerjoin(
                suppressions,
                suppressions.c.address_hash == subscribers.c.address_hash,
            )
            .where(subscribers.c.uid == to)
        ).first()
        if person is None:
            raise NotFoundError("a note to somebody who is no longer there")
        out = person.reason if person.reason not in in_spite_of else None
        connection.execute(
            insert(deliveries).values(
                mailing_id=number,
                subscriber_id=person.id,
                address_hash=person.address_hash,
                variant_id=variant,
                seq=None if out else 0,
                state="suppressed" if out else "pending",
                reason=out,
                changed_at=at,
            )
        )


def edition_of(name: str) -> str:
    """Return an edition that no list has, and that tells nothing of its name."""
    return f"{NOTE}-{hashlib.blake2b(name.encode(), digest_size=16).hexdigest()}"
