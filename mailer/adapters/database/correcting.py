"""Those who know a wrong version of an action, found and written to by few statements.

What readers know is the variant that their subscription names. A correction leaves them
with a variant of its own: all that they knew, and the action as it is. So the next
edition tells nobody twice, and a plan that goes back and forth is followed.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from sqlalchemy import (
    Connection,
    Subquery,
    insert,
    literal,
    select,
    true,
)

from mailer.adapters.database import audience, audit, outdated
from mailer.adapters.database.addressing import keep_variants, make_batches
from mailer.adapters.database.closing import finish
from mailer.adapters.database.engine import Database
from mailer.adapters.database.knowledge import catch_up
from mailer.adapters.database.mailings import to_mailing, with_lists
from mailer.adapters.database.schema import (
    actions,
    deliveries,
    lists,
    mailing_groups,
    mailings,
    variant_items,
)
from mailer.core.digest import KNOWN, ItemKind
from mailer.core.errors import RefusedError
from mailer.core.model import Action
from mailer.core.saying import says
from mailer.core.tokens import derive
from mailer.ports import CORRECTION, NOTE, Carriage, Composed, Mailing, Wrong

_ON_ITS_WAY = ("planned", "sending", "paused")

_Reader = tuple[int, str]  # the variant that they know, and their language


class SqlCorrections:
    """The port Corrections over the ledger's tables."""

    def __init__(self, database: Database, secret: bytes) -> None:
        """Take the secret from which each mailing's own is made."""
        self._database = database
        self._secret = secret

    def wrong(self, at: datetime, public_id: str | None = None) -> Sequence[Wrong]:
        """Return who knows a version that is no longer right."""
        with self._database.reading() as connection:
            numbers = list(connection.scalars(select(lists.c.number)))
        for number in numbers:
            catch_up(self._database, number)
        with self._database.reading() as connection:
            return outdated.find(connection, at, public_id)

    def send(
        self,
        wrong: Sequence[Wrong],
        letter: Callable[[Wrong, str], Composed],
        carriage: Callable[[Wrong], Carriage],
        *,
        at: datetime,
        by: str,
    ) -> Sequence[int]:
        """Make a mailing for each mail that was wrong, in one transaction."""
        letters: dict[_Reader, Composed] = {}
        for each in wrong:
            for language in each.readers:
                composed = letter(each, language)
                letters.update({(one, language): composed for one in each.variants})
        by_mail = sorted(wrong, key=outdated.mail)
        with self._database.writing() as connection:
            for each in wrong:
                _refuse_stale(connection, each.action)
                _refuse_busy(connection, each)
            return [
                self._send(connection, list(same), letters, carriage, at=at, by=by)
                for _, same in groupby(by_mail, key=outdated.mail)
            ]

    def _send(
        self,
        connection: Connection,
        wrong: Sequence[Wrong],
        letters: Mapping[_Reader, Composed],
        carriage_of: Callable[[Wrong], Carriage],
        *,
        at: datetime,
        by: str,
    ) -> int:
        first = wrong[0]
        mailing, carriage = self._make(connection, first, at), carriage_of(first)
        known = [variant for each in wrong for variant in each.variants]
        domains = carriage.domains
        domain = (
            audience.domain(domains, is_sqlite=self._database.is_sqlite)
            if domains
            else None
        )
        people = outdated.people(mailing, known, at, domain)
        _keep(connection, mailing, first.action, people, letters)
        rows = audience.deliveries(
            people,
            mailing_id=mailing.id,
            batch_size=carriage.batch_size,
            domains=domains,
            at=at,
        )
        connection.execute(
            self._database.insert(deliveries)
            .from_select([c.name for c in rows.selected_columns], rows.where(true()))
            .on_conflict_do_nothing()
        )
        batches = make_batches(connection, mailing.id, carriage.route, domain=domain)
        finish(connection, mailing.id, at)
        if batches:
            self._database.wake(connection, mailing.id, batches)
        audit.record(
            connection,
            at=at,
            actor=by,
            verb="correct",
            thing=f"action {first.action.public_id}",
            detail={"mailing": mailing.id, "version": first.action.version},
        )
        return mailing.id

    def _make(self, connection: Connection, wrong: Wrong, at: datetime) -> Mailing:
        """Make the mailing under a name of its own; raises RefusedError if it is there.

        Its moment is that of the edition which its readers know the list by: whoever
        gets one every other week does not wait longer because of it.
        """
        edition = outdated.edition(wrong)
        moment = select(mailings.c.as_of).where(mailings.c.id == wrong.knows)
        name = f"{wrong.list_slug}/{edition}"
        number = connection.scalar(
            self._database.insert(mailings)
            .values(
                key=derive(self._secret, name)[:16],
                list_number=wrong.list_number,
                edition=edition,
                kind=CORRECTION,
                state="sending",
                due_at=at,
                as_of=moment.scalar_subquery(),
                until=at,
                planned_at=at,
            )
            .on_conflict_do_nothing()
            .returning(mailings.c.id)
        )
        if number is None:
            raise RefusedError(
                says(
                    "%(name)s was sent already: nobody is mailed twice. See mailer"
                    " status %(name)s",
                    name=name,
                )
            )
        query = with_lists().where(mailings.c.id == number)
        return to_mailing(connection.execute(query).mappings().one())


def _keep(
    connection: Connection,
    mailing: Mailing,
    action: Action,
    people: Subquery,
    letters: Mapping[_Reader, Composed],
) -> None:
    """Keep a variant for each language and each variant that is known, and who gets it."""
    groups = connection.execute(audience.groups(people)).mappings().all()
    numbers: dict[_Reader, int] = {}
    for group in groups:
        reader = (group["known_variant"], group["language"])
        if reader not in letters:
            raise RefusedError(
                says(
                    "readers of a wrong mail chose another language just now; nothing"
                    " was sent, run it again"
                )
            )
        if reader not in numbers:
            numbers[reader] = _keep_variant(
                connection, mailing, action, letters[reader], reader[0]
            )
    rows = [
        {
            **group,
            "mailing_id": mailing.id,
            "variant_id": numbers[group["known_variant"], group["language"]],
        }
        for group in groups
    ]
    if rows:
        connection.execute(insert(mailing_groups), rows)


def _keep_variant(
    connection: Connection,
    mailing: Mailing,
    action: Action,
    letter: Composed,
    known: int,
) -> int:
    """Keep a letter with all that its readers knew, and this action as it is."""
    own = hashlib.sha256(letter.content_hash + str(known).encode()).digest()
    kind = ItemKind.CANCELLED if action.facts.status.is_off else ItemKind.CHANGED
    composed = replace(
        letter, content_hash=own, items=((action.id, action.version, kind.value),)
    )
    number = keep_variants(connection, mailing.id, [composed])[own]
    columns = {
        "variant_id": literal(number),
        "action_id": variant_items.c.action_id,
        "version": variant_items.c.version,
        "kind": literal(KNOWN),
    }
    others = select(*columns.values()).where(
        variant_items.c.variant_id == known, variant_items.c.action_id != action.id
    )
    connection.execute(insert(variant_items).from_select(list(columns), others))
    return number


def _refuse_stale(connection: Connection, action: Action) -> None:
    version = connection.scalar(
        select(actions.c.version).where(actions.c.id == action.id).with_for_update()
    )
    if version != action.version:
        raise RefusedError(
            says(
                "action %(action)s was changed just now, and nothing was sent; look at"
                " it again: mailer corrections send %(action)s --dry-run",
                action=action.public_id,
            )
        )


def _refuse_busy(connection: Connection, wrong: Wrong) -> None:
    """Refuse while somebody may learn more from a mail that is not there yet."""
    busy = connection.scalar(
        select(mailings.c.edition)
        .where(
            mailings.c.list_number == wrong.list_number,
            mailings.c.kind != NOTE,
            mailings.c.state.in_(_ON_ITS_WAY),
        )
        .order_by(mailings.c.id)
        .limit(1)
    )
    if busy is not None:
        name = f"{wrong.list_slug}/{busy}"
        raise RefusedError(
            says(
                "%(name)s is on its way; wait until it has gone out, or end it: mailer"
                " cancel %(name)s. Nothing was sent",
                name=name,
            )
        )
