"""What introductions are decided by: who seeks, what must end, who the two are."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    update,
)

from mailer.adapters.database.notes import edition_of
from mailer.adapters.database.places import to_place
from mailer.adapters.database.publishing import current, to_posted
from mailer.adapters.database.schema import (
    action_targets,
    actions,
    deliveries,
    hosts,
    introductions,
    mailings,
    places,
    subscribers,
    suppressions,
    variants,
)
from mailer.core.envelope import Segments
from mailer.core.introductions import (
    LEAST,
    REST,
    WINDOW,
    Ending,
    Seeker,
    State,
    letter,
    signature,
)
from mailer.core.model import Action, ActionStatus
from mailer.ports import NOTE, Host, Party

_OFF = [status.value for status in ActionStatus if status.is_off]
_LIVE = introductions.c.state.in_((State.ASKED.value, State.AGREED.value))
_SENT = ("finished", "cancelled")
_NOBODY = "the other host was erased"
_EMPTY = Segments(texts=("",), slots=()).dump()


def seeking(connection: Connection, at: datetime) -> dict[str, Any]:
    """Return what `match` takes: who could be asked now, and who was before."""
    lately = exists().where(
        or_(
            introductions.c.first_host_id == subscribers.c.id,
            introductions.c.second_host_id == subscribers.c.id,
        ),
        introductions.c.proposed_at > at - REST,
    )
    query = (
        select(subscribers.c.id.label("host"), actions.c.id.label("action"))
        .add_columns(actions.c.starts_at, places)
        .select_from(hosts)
        .join(actions, actions.c.id == hosts.c.action_id)
        .join(subscribers, subscribers.c.id == hosts.c.subscriber_id)
        .join(places, places.c.id == actions.c.place_id)
        .outerjoin(
            suppressions, suppressions.c.address_hash == subscribers.c.address_hash
        )
        .where(
            _may_be_written_to(),
            hosts.c.connect,
            actions.c.starts_at > at + LEAST,
            actions.c.status.not_in(_OFF),
            ~lately,
        )
    )
    rows = connection.execute(query).mappings().all()
    targets = _targets(connection, {row["action"] for row in rows})
    seekers = [
        Seeker(
            host=row["host"],
            action=row["action"],
            starts_at=row["starts_at"],
            place=to_place(row),
            targets=targets[row["action"]],
        )
        for row in rows
    ]
    before = connection.execute(
        select(introductions).where(
            or_(
                introductions.c.first_host_id.in_({one.host for one in seekers}),
                introductions.c.second_host_id.in_({one.host for one in seekers}),
            )
        )
    ).all()
    return {
        "seekers": seekers,
        "acquainted": {(row.first_host_id, row.second_host_id) for row in before},
        "joined": {
            tuple(sorted((row.first_action_id, row.second_action_id))) for row in before
        },
    }


def _targets(
    connection: Connection, chosen: Collection[int]
) -> Mapping[int, Collection[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    query = select(action_targets).where(action_targets.c.action_id.in_(chosen))
    for row in connection.execute(query):
        found[row.action_id].add(row.target_id)
    return found


def _may_be_written_to() -> ColumnElement[bool]:
    """Tell that somebody is there: the row of an erased person has no address."""
    return and_(subscribers.c.address != "", suppressions.c.reason.is_(None))


# --- what must end


def ended(connection: Connection, at: datetime) -> Mapping[int, Ending]:
    """Return what cannot come about any more, with the reason."""
    sides = (
        (introductions.c.first_action_id, introductions.c.first_host_id),
        (introductions.c.second_action_id, introductions.c.second_host_id),
    )
    mine = or_(*(actions.c.id == action for action, _ in sides))
    off = exists().where(mine, actions.c.status.in_(_OFF))
    over = exists().where(mine, actions.c.over_at <= at)
    gone = or_(*(~_wished(action, host) for action, host in sides))
    late = and_(
        introductions.c.state == State.ASKED, introductions.c.proposed_at <= at - WINDOW
    )
    reason = case(
        (off, Ending.CANCELLED.value),
        (over, Ending.OVER.value),
        (gone, Ending.GONE.value),
        (late, Ending.UNANSWERED.value),
    ).label("reason")
    query = select(introductions.c.id, reason).where(_LIVE, or_(off, over, gone, late))
    return {row.id: Ending(row.reason) for row in connection.execute(query)}


def wishes(connection: Connection, number: int, side: str) -> bool:
    """Tell whether one of the two still wishes to be connected, and can be."""
    action, host = (
        introductions.c[f"{side}_action_id"],
        introductions.c[f"{side}_host_id"],
    )
    query = select(introductions.c.id).where(
        introductions.c.id == number, _wished(action, host)
    )
    return connection.scalar(query) is not None


def _wished(action: Column[Any], host: Column[Any]) -> ColumnElement[bool]:
    return (
        select(hosts.c.subscriber_id)
        .join(subscribers, subscribers.c.id == hosts.c.subscriber_id)
        .outerjoin(
            suppressions, suppressions.c.address_hash == subscribers.c.address_hash
        )
        .where(
            hosts.c.action_id == action,
            hosts.c.subscriber_id == host,
            hosts.c.connect,
            _may_be_written_to(),
        )
        .correlate(introductions)
        .exists()
    )


def stale(connection: Connection, at: datetime) -> bool:
    """Tell whether something that was said can be forgotten."""
    query = select(introductions.c.id).where(_forgettable(at)).limit(1)
    return connection.scalar(query) is not None


def forget(connection: Connection, at: datetime) -> None:
    """Forget who said what of introductions that nobody can answer any more."""
    connection.execute(
        update(introductions)
        .where(_forgettable(at))
        .values(first_reply=None, second_reply=None)
    )


def _forgettable(at: datetime) -> ColumnElement[bool]:
    return and_(
        introductions.c.state == State.ENDED,
        introductions.c.proposed_at <= at - WINDOW,
        func.coalesce(introductions.c.first_reply, introductions.c.second_reply).is_not(
            None
        ),
    )


# --- who the two are


def person(connection: Connection, uid: bytes) -> int | None:
    """Return the number of whoever has this random id."""
    return connection.scalar(select(subscribers.c.id).where(subscribers.c.uid == uid))


def actions_of(
    connection: Connection, rows: Iterable[RowMapping]
) -> Mapping[int, Action]:
    """Return the actions of these introductions, as they are now."""
    return {number: action for number, (action, _) in _stated(connection, rows).items()}


def parties(
    connection: Connection, rows: Sequence[RowMapping]
) -> Mapping[int, tuple[Party, Party]]:
    """Return the two of each introduction, in three statements at most."""
    stated = _stated(connection, rows)
    numbers = {row[f"{side}_host_id"] for row in rows for side in ("first", "second")}
    people = {
        row.id: row
        for row in connection.execute(
            select(subscribers).where(subscribers.c.id.in_(numbers))
        )
    }

    def party(row: RowMapping, side: str) -> Party:
        one = people[row[f"{side}_host_id"]]
        action, name = stated[row[f"{side}_action_id"]]
        host = Host(uid=bytes(one.uid), language=one.language, action=action)
        return Party(host=host, name=signature(name), address=one.address)

    return {row["id"]: (party(row, "first"), party(row, "second")) for row in rows}


def _stated(
    connection: Connection, rows: Iterable[RowMapping]
) -> Mapping[int, tuple[Action, str | None]]:
    numbers = {row[f"{side}_action_id"] for row in rows for side in ("first", "second")}
    query = current().where(actions.c.id.in_(numbers))
    return {
        row["id"]: (to_posted(row).action, row["contact"].get("name"))
        for row in connection.execute(query).mappings()
    }


# --- the letters with addresses


def carried(connection: Connection) -> Mapping[int, Sequence[int]]:
    """Return those whose letters are both out of our hands, with their mailings."""
    query = select(introductions.c.id).where(
        introductions.c.state == State.INTRODUCED, introductions.c.cleared_at.is_(None)
    )
    editions = {
        edition_of(letter(number, side)): number
        for number in connection.scalars(query)
        for side in (0, 1)
    }
    if not editions:
        return {}
    sent: dict[int, list[int]] = defaultdict(list)
    letters = select(mailings.c.id, mailings.c.edition).where(
        mailings.c.kind == NOTE,
        mailings.c.edition.in_(list(editions)),
        mailings.c.state.in_(_SENT),
    )
    for row in connection.execute(letters):
        sent[editions[row.edition]].append(row.id)
    return {number: each for number, each in sent.items() if len(each) > 1}


def empty(connection: Connection, letters: Mapping[int, Sequence[int]]) -> None:
    """Leave nothing of these letters but that they were sent."""
    numbers = [mailing for each in letters.values() for mailing in each]
    connection.execute(
        update(variants)
        .where(variants.c.mailing_id.in_(numbers))
        .values(html=_EMPTY, text=_EMPTY)
    )


def withdraw(connection: Connection, person: int, at: datetime) -> None:
    """Let no letter leave that says who somebody is, and keep none that did.

    One that is in a call ends as it would have; it is emptied once that is over.
    """
    hosted = or_(
        introductions.c.first_host_id == person,
        introductions.c.second_host_id == person,
    )
    numbers = connection.scalars(select(introductions.c.id).where(hosted)).all()
    named = [edition_of(letter(number, side)) for number in numbers for side in (0, 1)]
    if not named:
        return
    theirs = select(mailings.c.id).where(
        mailings.c.kind == NOTE, mailings.c.edition.in_(named)
    )
    connection.execute(
        update(deliveries)
        .where(deliveries.c.mailing_id.in_(theirs), deliveries.c.state == "pending")
        .values(state="skipped", reason=_NOBODY, changed_at=at)
    )
    under_way = select(deliveries.c.mailing_id).where(
        deliveries.c.mailing_id.in_(theirs),
        deliveries.c.state.in_(("inflight", "unknown", "parked")),
    )
    connection.execute(
        update(variants)
        .where(
            variants.c.mailing_id.in_(theirs),
            variants.c.mailing_id.not_in(under_way),
        )
        .values(html=_EMPTY, text=_EMPTY)
    )
