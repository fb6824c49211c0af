"""Who knows a version of an action that is not right any more.

What readers know is the variant that their subscription names, once those have caught
up with what was sent (`knowledge`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Subquery, func, select

from mailer.adapters.database import audience
from mailer.adapters.database.publishing import current, to_posted
from mailer.adapters.database.schema import (
    action_versions,
    actions,
    lists,
    mailings,
    subscriptions,
    variant_items,
    variants,
)
from mailer.core import changes, snapshot
from mailer.core.digest import KNOWN
from mailer.core.model import Action, Facts
from mailer.ports import CORRECTION, Mailing, Wrong

_MOVED_BACK = timedelta(days=366)  # how far a plan may be moved to an earlier day


def edition(wrong: Wrong) -> str:
    """Name the mailing that puts it right, the same whoever names it."""
    action = wrong.action
    return f"{CORRECTION}-{action.public_id}-{action.version}-{wrong.knows}"


def mail(wrong: Wrong) -> tuple[int, int, int]:
    """Return what makes a mailing of its own: list, what its readers know, action."""
    return wrong.list_number, wrong.knows, wrong.action.id


_Key = tuple[int, int, int, int, int]  # action, list, knows, version, who told it


def find(
    connection: Connection, at: datetime, public_id: str | None
) -> Sequence[Wrong]:
    """Return who knows an action in a version that is not right any more."""
    behind = connection.execute(_behind(at, public_id)).all()
    facts = _versions(connection, behind)
    now = _current(connection, {row.action_id for row in behind})
    groups: dict[_Key, list[Row[Any]]] = defaultdict(list)
    for row in behind:
        before, action = facts[row.action_id, row.version], now[row.action_id]
        ahead = max(changes.over_at(before), changes.over_at(action.facts)) > at
        if ahead and changes.differences(before, action.facts):
            teller = row.knows if row.kind != KNOWN else _teller(connection, row)
            key = (row.action_id, row.list_number, row.knows, row.version, teller)
            groups[key].append(row)
    readers, left_out = _readers(connection, behind, at)
    tellers = _mailings(connection, {key[-1] for key in groups})
    found = [
        Wrong(
            action=now[action_id],
            before=facts[action_id, version],
            list_number=list_number,
            list_slug=tellers[teller].slug,
            edition=tellers[teller].edition,
            sent_at=tellers[teller].planned_at
            if tellers[teller].kind == CORRECTION
            else tellers[teller].as_of,
            knows=knows,
            variants=tuple(sorted(row.variant_id for row in rows)),
            readers=_counted(readers, rows),
            left_out=_counted(left_out, rows),
        )
        for (action_id, list_number, knows, version, teller), rows in groups.items()
    ]
    sent = set(
        connection.scalars(
            select(mailings.c.edition).where(
                mailings.c.edition.in_([edition(each) for each in found])
            )
        )
    )
    return sorted(
        (each for each in found if each.readers and edition(each) not in sent),
        key=lambda each: (each.action.facts.start_date, each.action.id, mail(each)),
    )


def _behind(at: datetime, public_id: str | None) -> Any:
    """Select what somebody knows in a version that is not the current one."""
    known = (
        select(subscriptions.c.list_number, subscriptions.c.known_variant)
        .where(
            # Who has left is mailed nothing, and counted.
            subscriptions.c.state.in_(("active", "ended")),
            subscriptions.c.known_variant.is_not(None),
        )
        .distinct()
        .subquery("known")
    )
    query = (
        select(
            known.c.list_number,
            variants.c.mailing_id.label("knows"),
            variant_items.c.variant_id,
            variant_items.c.action_id,
            variant_items.c.version,
            variant_items.c.kind,
        )
        .select_from(known)
        .join(variants, variants.c.id == known.c.known_variant)
        .join(variant_items, variant_items.c.variant_id == known.c.known_variant)
        .join(actions, actions.c.id == variant_items.c.action_id)
        .where(
            variant_items.c.version < actions.c.version,
            actions.c.over_at > at - _MOVED_BACK,
        )
        .order_by(variant_items.c.variant_id, variant_items.c.action_id)
    )
    return query if public_id is None else query.where(actions.c.public_id == public_id)


def _versions(
    connection: Connection, behind: Sequence[Row[Any]]
) -> Mapping[tuple[int, int], Facts]:
    versions = {(row.action_id, row.version) for row in behind}
    query = select(
        action_versions.c.action_id, action_versions.c.version, action_versions.c.facts
    ).where(action_versions.c.action_id.in_({action for action, _ in versions}))
    return {
        (row.action_id, row.version): snapshot.load(row.facts)
        for row in connection.execute(query)
        if (row.action_id, row.version) in versions
    }


def _current(connection: Connection, numbers: Iterable[int]) -> Mapping[int, Action]:
    query = current().where(actions.c.id.in_(numbers))
    rows = connection.execute(query).mappings()
    return {row["id"]: to_posted(row).action for row in rows}


def _teller(connection: Connection, row: Row[Any]) -> int:
    """Return the latest mailing that told of an action which a later one left out."""
    told = connection.scalar(
        select(func.max(mailings.c.id))
        .join(variants, variants.c.mailing_id == mailings.c.id)
        .join(variant_items, variant_items.c.variant_id == variants.c.id)
        .where(
            mailings.c.list_number == row.list_number,
            mailings.c.id < row.knows,
            variant_items.c.action_id == row.action_id,
            variant_items.c.kind != KNOWN,
        )
    )
    return int(told or row.knows)


def _mailings(connection: Connection, numbers: Iterable[int]) -> Mapping[int, Any]:
    query = select(
        mailings.c.id,
        mailings.c.edition,
        mailings.c.kind,
        mailings.c.as_of,
        mailings.c.planned_at,
        lists.c.slug,
    ).join(lists, lists.c.number == mailings.c.list_number)
    rows = connection.execute(query.where(mailings.c.id.in_(numbers)))
    return {row.id: row for row in rows.all()}


_Counts = Mapping[tuple[int, int], Counter[str]]  # by list and variant


def _readers(
    connection: Connection, behind: Sequence[Row[Any]], at: datetime
) -> tuple[_Counts, _Counts]:
    """Count who would be mailed, by language, and who would not, by reason."""
    known = sorted({row.variant_id for row in behind})
    mailed: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    out: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for number in sorted({row.list_number for row in behind}):
        theirs = people(_of_list(number, at), known, at)
        reason = func.coalesce(theirs.c.suppressed, theirs.c.resting)
        alike = (theirs.c.known_variant, theirs.c.language, reason)
        query = select(*alike, func.count()).group_by(*alike)
        for variant, language, why, count in connection.execute(query):
            if why is None:
                mailed[number, variant][language] += count
            else:
                out[number, variant][why] += count
        for variant, count in connection.execute(_left(number, known)):
            out[number, variant]["left"] += count
    return mailed, out


def _left(number: int, known: Sequence[int]) -> Any:
    """Count those who know these variants of a list and are not on it any more."""
    theirs = subscriptions.c.known_variant
    return (
        select(theirs, func.count())
        .where(
            subscriptions.c.list_number == number,
            subscriptions.c.state == "ended",
            theirs.in_(known),
        )
        .group_by(theirs)
    )


def _counted(counts: _Counts, rows: Sequence[Row[Any]]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for row in rows:
        total += counts.get((row.list_number, row.variant_id), Counter())
    return dict(sorted(total.items()))


def _of_list(number: int, at: datetime) -> Mailing:
    """Return what stands for a mailing to a list while nothing is made yet."""
    return Mailing(
        id=0,
        key=b"",
        list_number=number,
        list_slug="",
        edition="",
        state="planned",
        due_at=at,
        planned_at=at,
        as_of=at,
        until=at,
        kind=CORRECTION,
    )


def people(
    mailing: Mailing,
    known: Sequence[int],
    at: datetime,
    domain: ColumnElement[str] | None = None,
) -> Subquery:
    """Return those of a list's audience at this moment who know these variants."""
    everybody = audience.audience(replace(mailing, as_of=at), domain)
    mine = everybody.c.known_variant.in_(known)
    return select(everybody).where(mine).subquery("audience_that_knows")
