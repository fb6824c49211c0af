"""Editions as everybody may read them: nothing of anybody who got one."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from mailer.adapters.database.engine import Database
from mailer.adapters.database.publishing import current, to_posted
from mailer.adapters.database.schema import (
    action_versions,
    actions,
    mailings,
    variant_items,
    variants,
)
from mailer.core import snapshot
from mailer.core.digest import KNOWN
from mailer.core.envelope import Segments
from mailer.core.lists import Kind
from mailer.core.model import Facts
from mailer.ports import Contents, Edition, Message

# From the moment that the first letter may be on its way.
_WENT_OUT = ("sending", "paused", "finished", "unresolved")
# A letter to one person is a mailing as well: only what is named here is public.
_PUBLIC = (Kind.DIGEST.value, Kind.BLAST.value)
# Any variant of a digest tells of everything that is to come; they differ in what
# is new to whom. So a few tell all, where reading thousands would take seconds.
_FEW = 50


class SqlPublicEditions:
    """The ledger as the archive reads it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self, lists: Collection[int], *, limit: int) -> Sequence[Edition]:
        """Return what went out to these lists, newest first."""
        return self._read(mailings.c.list_number.in_(lists), limit)

    def edition(self, list_number: int, edition: str) -> Edition | None:
        """Return one edition, if it went out."""
        found = self._read(
            (mailings.c.list_number == list_number) & (mailings.c.edition == edition), 1
        )
        return found[0] if found else None

    def contents(self, edition: Edition) -> Contents:
        """Return what a digest told, as it stood and as it stands."""
        earlier = (
            select(mailings.c.id)
            .where(
                mailings.c.list_number == edition.list_number,
                mailings.c.state.in_(_WENT_OUT),
                mailings.c.kind == Kind.DIGEST.value,
                mailings.c.as_of < edition.as_of,
            )
            .order_by(mailings.c.as_of.desc(), mailings.c.id.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            told = _told(connection, edition.mailing_id, of_it_alone=True)
            one_before = connection.scalar(earlier)
            before = _told(connection, one_before) if one_before else None
            now = current().where(actions.c.id.in_(told)).order_by(actions.c.id)
            rows = connection.execute(now).mappings()
            standing = [to_posted(row).action for row in rows]
        return Contents(actions=standing, told=told, before=before)

    def message(self, edition: Edition, language: str) -> Message | None:
        """Return a blast's letter; the first of those in this language."""
        query = (
            select(variants.c.subject, variants.c.html)
            .where(variants.c.mailing_id == edition.mailing_id)
            .order_by(variants.c.language != language, variants.c.id)
            .limit(1)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        return Message(subject=row.subject, html=Segments.load(row.html))

    def _read(self, which: ColumnElement[bool], limit: int) -> Sequence[Edition]:
        query = (
            select(mailings)
            .where(
                which,
                mailings.c.state.in_(_WENT_OUT),
                mailings.c.kind.in_(_PUBLIC),
            )
            .order_by(mailings.c.as_of.desc(), mailings.c.id.desc())
            .limit(limit)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
            return [
                Edition(
                    mailing_id=row["id"],
                    list_number=row["list_number"],
                    edition=row["edition"],
                    kind=row["kind"],
                    as_of=row["as_of"],
                    until=row["until"],
                    revised_at=max(row["as_of"], _revised(connection, row["id"])),
                    subjects=_subjects(connection, row["id"], row["kind"]),
                )
                for row in rows
            ]


def _few(mailing_id: int) -> Select[Any]:
    return (
        select(variants.c.id)
        .where(variants.c.mailing_id == mailing_id)
        .order_by(variants.c.id)
        .limit(_FEW)
    )


def _told(
    connection: Connection, mailing_id: int, *, of_it_alone: bool = False
) -> Mapping[int, Facts]:
    """Return what a mailing's readers knew after it, or what it said itself."""
    newest = (
        select(
            variant_items.c.action_id,
            func.max(variant_items.c.version).label("version"),
        )
        .where(variant_items.c.variant_id.in_(_few(mailing_id)))
        .group_by(variant_items.c.action_id)
    )
    if of_it_alone:
        newest = newest.where(variant_items.c.kind != KNOWN)
    chosen = newest.subquery()
    query = select(action_versions.c.action_id, action_versions.c.facts).join(
        chosen,
        (chosen.c.action_id == action_versions.c.action_id)
        & (chosen.c.version == action_versions.c.version),
    )
    return {
        row.action_id: snapshot.load(row.facts) for row in connection.execute(query)
    }


def _revised(connection: Connection, mailing_id: int) -> Any:
    """Return when anything that a mailing told of was last recorded anew."""
    told = select(variant_items.c.action_id).where(
        variant_items.c.variant_id.in_(_few(mailing_id)),
        variant_items.c.kind != KNOWN,
    )
    query = select(func.max(action_versions.c.recorded_at)).where(
        action_versions.c.action_id.in_(told)
    )
    found = connection.scalar(query)
    if found is not None:
        return found
    return connection.scalar(
        select(mailings.c.as_of).where(mailings.c.id == mailing_id)
    )


def _subjects(
    connection: Connection, mailing_id: int, kind: str
) -> tuple[tuple[str, str], ...]:
    """Return one subject per language; a digest's speak of their readers' places."""
    if kind == Kind.DIGEST:
        return ()
    query = (
        select(variants.c.language, variants.c.subject)
        .where(variants.c.id.in_(_few(mailing_id)))
        .order_by(variants.c.id.desc())
    )
    # The last to be put in is the first variant of its language.
    found = {row.language: row.subject for row in connection.execute(query)}
    return tuple(sorted(found.items()))
