"""Introductions: who is proposed to whom, what they say, and who may know whom."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select, update

from mailer.adapters.database import acquainting, audit
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import introductions
from mailer.core import changes
from mailer.core.introductions import (
    WINDOW,
    Ending,
    Reply,
    Standing,
    State,
    match,
)
from mailer.core.model import Action
from mailer.ports import Agreed, Introduction, Offered, Party, Proposed

_BY = "introductions"
_ADVISORY = 7236483  # proposals of two tickers follow one another
_SIDES = ("first", "second")


class SqlIntroductions:
    """The port Introductions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def settle(self, *, at: datetime) -> int:
        """End what cannot come about; forget what was said of what is over."""
        with self._database.reading() as connection:
            nothing = not (
                acquainting.ended(connection, at) or acquainting.stale(connection, at)
            )
        if nothing:
            return 0
        with self._database.writing() as connection:
            ended = acquainting.ended(connection, at)
            for number, ending in ended.items():
                _move(connection, number, State.ENDED, at, ending=ending.value)
                _record(connection, number, "end", at)
            acquainting.forget(connection, at)
        return len(ended)

    def propose(self, *, at: datetime) -> int:
        """Find who could meet; the same again while nobody else proposes."""
        with self._database.reading() as connection:
            if not match(**acquainting.seeking(connection, at)):
                return 0
        with self._database.writing() as connection:
            if not self._database.is_sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY)))
            pairs = match(**acquainting.seeking(connection, at))
            for pair in pairs:
                number = connection.scalar(
                    self._database.insert(introductions)
                    .values(
                        first_host_id=pair.first.host,
                        second_host_id=pair.second.host,
                        first_action_id=pair.first.action,
                        second_action_id=pair.second.action,
                        state=State.ASKED.value,
                        proposed_at=at,
                    )
                    .returning(introductions.c.id)
                )
                _record(connection, int(number or 0), "propose", at)
        return len(pairs)

    def to_ask(self) -> Sequence[Proposed]:
        """Return those who were not written to yet."""
        query = select(introductions).where(
            introductions.c.state == State.ASKED, introductions.c.asked_at.is_(None)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(introductions.c.id)).mappings()
            found = acquainting.parties(connection, rows.all())
        return [
            Proposed(number=number, hosts=(one.host, other.host))
            for number, (one, other) in found.items()
        ]

    def asked(self, numbers: Sequence[int], *, at: datetime) -> None:
        """Take note that they were."""
        self._note(numbers, asked_at=at)

    def offered(self, uid: bytes, number: int, *, at: datetime) -> Offered | None:
        """Return what one of the two sees."""
        with self._database.reading() as connection:
            return _seen(connection, uid, _row(connection, number), at)

    def answer(
        self, uid: bytes, number: int, reply: Reply | None, *, at: datetime
    ) -> Offered | None:
        """Keep what one of the two says; who is second to agree settles it."""
        with self._database.writing() as connection:
            row = _row(connection, number, lock=True)
            seen = _seen(connection, uid, row, at)
            if (
                row is None
                or seen is None
                or seen.standing is not Standing.OPEN
                or seen.reply is reply
            ):
                return seen
            column = f"{_side(connection, uid, row)}_reply"
            connection.execute(
                update(introductions)
                .where(introductions.c.id == number)
                .values({column: reply})
            )
            # What was said is for nobody to read, not even here.
            _record(connection, number, "answer", at, by="host")
            said = {**row, column: reply}
            both = all(said[f"{side}_reply"] == Reply.AGREED for side in _SIDES)
            if (
                both
                and row["state"] == State.ASKED
                and number not in acquainting.ended(connection, at)
            ):
                _move(connection, number, State.AGREED, at)
                _record(connection, number, "agree", at)
            return _seen(connection, uid, _row(connection, number), at)

    def to_tell(self, *, at: datetime) -> Sequence[Agreed]:
        """Return those who have both agreed, but for those that must end instead."""
        query = select(introductions).where(introductions.c.state == State.AGREED)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(introductions.c.id)).mappings()
            found = acquainting.parties(connection, rows.all())
            ended = acquainting.ended(connection, at)
        return [
            Agreed(number=number, parties=parties)
            for number, parties in found.items()
            if number not in ended
        ]

    def told(self, numbers: Sequence[int], *, at: datetime) -> None:
        """Take note that each was written to."""
        self._note(numbers, state=State.INTRODUCED.value)
        with self._database.writing() as connection:
            for number in numbers:
                _record(connection, number, "introduce", at)

    def clear(self, *, at: datetime) -> int:
        """Empty our copies of the letters that are sent."""
        with self._database.reading() as connection:
            if not acquainting.carried(connection):
                return 0
        with self._database.writing() as connection:
            carried = acquainting.carried(connection)
            acquainting.empty(connection, carried)
            connection.execute(
                update(introductions)
                .where(introductions.c.id.in_(list(carried)))
                .values(cleared_at=at)
            )
        return len(carried)

    def every(self) -> Sequence[Introduction]:
        """Return all, the newest first."""
        query = select(introductions).order_by(introductions.c.id.desc())
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
            found = acquainting.actions_of(connection, rows)
        return [
            Introduction(
                number=row["id"],
                state=State(row["state"]),
                ending=Ending(row["ending"]) if row["ending"] else None,
                proposed_at=row["proposed_at"],
                settled_at=row["settled_at"],
                actions=(
                    found[row["first_action_id"]],
                    found[row["second_action_id"]],
                ),
            )
            for row in rows
        ]

    def _note(self, numbers: Sequence[int], **values: Any) -> None:
        if not numbers:
            return
        with self._database.writing() as connection:
            connection.execute(
                update(introductions)
                .where(introductions.c.id.in_(numbers))
                .values(**values)
            )


def _row(
    connection: Connection, number: int, *, lock: bool = False
) -> RowMapping | None:
    query = select(introductions).where(introductions.c.id == number)
    if lock:
        query = query.with_for_update()
    return connection.execute(query).mappings().first()


def _side(connection: Connection, uid: bytes, row: RowMapping) -> str | None:
    """Return which of the two this is; None for anybody else."""
    person = acquainting.person(connection, uid)
    mine = [side for side in _SIDES if row[f"{side}_host_id"] == person]
    return mine[0] if mine else None


def _seen(
    connection: Connection, uid: bytes, row: RowMapping | None, at: datetime
) -> Offered | None:
    """Return what one of the two sees: of the other, only what everybody may know."""
    side = _side(connection, uid, row) if row else None
    if row is None or side is None:
        return None
    both = acquainting.parties(connection, [row])[row["id"]]
    mine, other = both if side == "first" else both[::-1]
    reply = row[f"{side}_reply"]
    return Offered(
        mine=mine,
        other=other.host.action,
        reply=Reply(reply) if reply else None,
        standing=_standing(connection, row, side, both, at),
    )


def _standing(
    connection: Connection,
    row: RowMapping,
    side: str,
    both: tuple[Party, Party],
    at: datetime,
) -> Standing:
    """Tell how it stands for one of the two.

    That the other has declined, left or was suppressed changes nothing: it looks open
    until nobody could answer any more.
    """
    if row["state"] in (State.AGREED, State.INTRODUCED):
        return Standing.INTRODUCED
    late = at >= row["proposed_at"] + WINDOW
    if late or any(_is_off(one.host.action, at) for one in both):
        return Standing.CLOSED
    if not acquainting.wishes(connection, row["id"], side):
        return Standing.CLOSED
    return Standing.OPEN


def _is_off(action: Action, at: datetime) -> bool:
    return action.facts.status.is_off or changes.over_at(action.facts) <= at


def _move(
    connection: Connection, number: int, state: State, at: datetime, **values: Any
) -> None:
    connection.execute(
        update(introductions)
        .where(introductions.c.id == number)
        .values(state=state.value, settled_at=at, **values)
    )


def _record(
    connection: Connection, number: int, verb: str, at: datetime, *, by: str = _BY
) -> None:
    audit.record(connection, at=at, actor=by, verb=verb, thing=f"introduction {number}")
