"""What a reader chose of one list, kept with what it was before."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from mailer.adapters.database import leaving
from mailer.adapters.database.schema import (
    preference_changes,
    subscribers,
    subscriptions,
)
from mailer.core import preferences, scope
from mailer.core.preferences import UNDOABLE, Change, Choices, Frequency

CHOSE = "chose"  # the kind of consent event that is neither granted nor withdrawn
_COLUMNS = (
    subscribers.c.language,
    subscriptions.c.frequency,
    subscriptions.c.scope,
    subscriptions.c.quiet_weeks,
    subscriptions.c.paused_until,
)


def choices(row: RowMapping) -> Choices:
    """Return what a row of subscriber and subscription says."""
    return Choices(
        language=row["language"],
        frequency=Frequency(row["frequency"]),
        scope=scope.parse(row["scope"]),
        quiet_weeks=row["quiet_weeks"],
        paused_until=row["paused_until"],
    )


def choose(
    connection: Connection,
    uid: bytes,
    list_number: int,
    chosen: Choices,
    *,
    how: str,
    at: datetime,
    by: str = leaving.READER,
) -> bool:
    """Keep a reader's choices, and how they were before; False if nothing changes.

    `by` is who did it for them, at their request.
    """
    held = _held(connection, uid, list_number)
    if held is None:
        return False
    before, after = preferences.differences(choices(held).standing(at), chosen)
    if not after:
        return False
    _keep(
        connection,
        held["id"],
        list_number,
        chosen,
        how=how,
        changed=after,
        at=at,
        by=by,
    )
    remember(connection, held["id"], list_number, before=before, after=after, at=at)
    return True


def undo(
    connection: Connection, uid: bytes, list_number: int, number: int, *, at: datetime
) -> bool:
    """Take back one change, but for what was chosen anew since then."""
    held = _held(connection, uid, list_number)
    row = connection.execute(
        select(preference_changes)
        .join(subscribers, subscribers.c.id == preference_changes.c.subscriber_id)
        .where(
            preference_changes.c.id == number,
            preference_changes.c.list_number == list_number,
            preference_changes.c.undone_at.is_(None),
            subscribers.c.uid == uid,
        )
    ).mappings()
    found = row.first()
    if held is None or found is None:
        return False
    connection.execute(
        update(preference_changes)
        .where(preference_changes.c.id == number)
        .values(undone_at=at)
    )
    change = to_change(found)
    mine = leaving.to(uid, *change.left)
    back = leaving.resume(connection, mine, how="undo", at=at)
    now = choices(held).standing(at)
    chosen = preferences.undone(now, change).standing(at)
    _, after = preferences.differences(now, chosen)
    if after:
        _keep(
            connection,
            held["id"],
            list_number,
            chosen,
            how="undo",
            changed=after,
            at=at,
        )
    return bool(after or back)


def remember(
    connection: Connection,
    subscriber: int,
    list_number: int,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    left: Sequence[int] = (),
    at: datetime,
) -> None:
    """Keep a change for as long as it can be taken back, and let older ones go."""
    mine = (preference_changes.c.subscriber_id == subscriber) & (
        preference_changes.c.list_number == list_number
    )
    connection.execute(
        delete(preference_changes).where(
            mine, preference_changes.c.changed_at < at - UNDOABLE
        )
    )
    connection.execute(
        insert(preference_changes).values(
            subscriber_id=subscriber,
            list_number=list_number,
            changed_at=at,
            before=dict(before),
            after=dict(after),
            lists_left=list(left),
        )
    )


def to_change(row: RowMapping) -> Change:
    """Return what a row of `preference_changes` says."""
    return Change(
        number=row["id"],
        at=row["changed_at"],
        before=row["before"],
        after=row["after"],
        left=tuple(row["lists_left"]),
    )


def _held(connection: Connection, uid: bytes, list_number: int) -> RowMapping | None:
    """Read a subscription, and let nobody else change it until this one is done."""
    query = (
        select(subscribers.c.id, *_COLUMNS)
        .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
        .where(subscribers.c.uid == uid, subscriptions.c.list_number == list_number)
        .with_for_update()
    )
    return connection.execute(query).mappings().first()


def _keep(
    connection: Connection,
    subscriber: int,
    list_number: int,
    chosen: Choices,
    *,
    how: str,
    changed: Mapping[str, Any],
    at: datetime,
    by: str = leaving.READER,
) -> None:
    connection.execute(
        update(subscriptions)
        .where(
            subscriptions.c.subscriber_id == subscriber,
            subscriptions.c.list_number == list_number,
        )
        .values(
            frequency=chosen.frequency.value,
            scope=str(chosen.scope),
            quiet_weeks=chosen.quiet_weeks,
            paused_until=chosen.paused_until,
            changed_at=at,
        )
    )
    if "language" in changed:
        connection.execute(
            update(subscribers)
            .where(subscribers.c.id == subscriber)
            .values(language=chosen.language)
        )
    leaving.record(
        connection,
        subscriber,
        list_number,
        kind=CHOSE,
        how=how,
        changed=changed,
        at=at,
        by=by,
    )
