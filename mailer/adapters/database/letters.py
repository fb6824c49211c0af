"""The letters that requests ask for: each taken in hand, spent and recorded once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    and_,
    case,
    delete,
    exists,
    or_,
    select,
    update,
)

from mailer.adapters.database import forgetting
from mailer.adapters.database.engine import Database
from mailer.adapters.database.expiring import is_valid
from mailer.adapters.database.people import introduce
from mailer.adapters.database.schema import (
    IS_OPEN,
    cooldowns,
    requests,
    subscribers,
    suppressions,
)
from mailer.core.requests import (
    A_DAY,
    CLAIM,
    COOLDOWN,
    GIVEN,
    GRAVE,
    OWN,
    RETURN,
    RETURNING,
    Due,
    Kind,
    State,
    a_day,
    granted_until,
    is_grave,
)

_DAY = timedelta(days=1)
# A letter about it was begun, perhaps by a program that has crashed since.
_TAKEN = requests.c.written_at >= requests.c.asked_at


class SqlLetters:
    """The requests' first part: whom to write to."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        """Take the secret under which addresses are hashed."""
        self._database = database
        self._pepper = pepper

    def due(self, *, at: datetime, most: int = 100) -> Sequence[Due]:
        """Return whom to write to now; an address that is new becomes a person."""
        made: list[Due] = []
        with self._database.writing() as connection:
            rows = connection.execute(_asked(at, most)).mappings().all()
            seen: set[bytes] = set()
            for row in rows:
                grave = is_grave(Kind(row["kind"]))
                hashed = bytes(row["address_hash"])
                if hashed in seen and not grave:
                    continue  # one letter is about all that is asked
                # Nobody moves to an address that is not to be mailed; the form is the
                # place to return.
                allowed = frozenset() if row["kind"] in GIVEN else RETURNING
                if row["suppressed"] and row["suppressed"] not in allowed:
                    _forget(connection, row, at)
                    continue
                claimed = self._claim(connection, row, at)
                if claimed is None:
                    continue
                if not grave:
                    seen.add(hashed)
                made.append(claimed)
        return made

    def _claim(
        self, connection: Connection, row: RowMapping, at: datetime
    ) -> Due | None:
        """Take a letter in hand and spend it, both or neither; None: not now.

        A letter that was taken and did not come about is repeated under its name, and
        costs nothing more.
        """
        kind, hashed = Kind(row["kind"]), bytes(row["address_hash"])
        # As everybody does who holds several: the letters' count, the person, requests.
        with connection.begin_nested() as step:
            repeated = _is_repeated(row)
            if not repeated:
                grave = is_grave(kind)
                wait = (
                    RETURN if row["suppressed"] else timedelta(0) if grave else COOLDOWN
                )
                if not self._may(connection, hashed, wait, a_day(kind), at):
                    return None
            number, uid = self._person(connection, row, at)
            mine = requests.c.id == row["id"]
            language = _language(connection, row, number)
            taken = connection.execute(
                update(requests)
                .where(mine, requests.c.state == State.ASKED, _is_free(at))
                .values(written_at=at, subscriber_id=number, language=language)
            )
            if not taken.rowcount:  # by another process, just now
                step.rollback()
                return None
            joins = list(row["joins"])
            if kind not in GRAVE:
                others = connection.execute(
                    update(requests)
                    .where(
                        requests.c.address_hash == hashed,
                        IS_OPEN,  # so that SQLite looks there
                        requests.c.state == State.ASKED,
                        requests.c.kind.not_in(GRAVE),
                        ~mine,
                        is_valid(at),
                        # The same letter says the same.
                        *([_TAKEN] if repeated else ()),
                    )
                    .values(written_at=at, subscriber_id=number)
                    .returning(requests.c.id, requests.c.joins)
                ).all()
                joins += [each for _, more in sorted(others) for each in more]
        return Due(
            number=row["id"],
            name=f"request {row['public_id']} {row['asked_at'].isoformat()}",
            kind=kind,
            to=uid,
            language=language,
            list_number=row["list_number"],
            joins=tuple(dict.fromkeys(joins)),
            until=granted_until(kind, row["asked_at"], at),
        )

    def _may(
        self,
        connection: Connection,
        hashed: bytes,
        wait: timedelta,
        most: int,
        at: datetime,
    ) -> bool:
        """Spend one of an address's letters; False if it has had enough for now."""
        new = self._database.insert(cooldowns).values(
            address_hash=hashed, last_at=at, since=at, times=1
        )
        yesterday = cooldowns.c.since <= at - _DAY
        spent = new.on_conflict_do_update(
            index_elements=["address_hash"],
            set_={
                "last_at": at,
                "since": case((yesterday, at), else_=cooldowns.c.since),
                "times": case((yesterday, 1), else_=cooldowns.c.times + 1),
            },
            where=and_(
                cooldowns.c.last_at <= at - wait,
                or_(cooldowns.c.times < most, yesterday),
            ),
        ).returning(cooldowns.c.times)
        return connection.scalar(spent) is not None

    def _person(
        self, connection: Connection, row: RowMapping, at: datetime
    ) -> tuple[int, bytes]:
        """Return who has the address; its requests are theirs from now on."""
        number, uid = introduce(
            self._database,
            connection,
            row["address"],
            bytes(row["address_hash"]),
            language=row["language"],
            at=at,
        )
        # As everybody does who holds both: the person, then their requests.
        connection.execute(
            select(subscribers.c.id)
            .where(subscribers.c.id == number)
            .with_for_update(read=True, key_share=True)
        )
        return number, uid

    def written(self, due: Due, *, at: datetime) -> None:
        """Take note that the letter about these requests is on its way."""
        mine = select(subscribers.c.id).where(subscribers.c.uid == due.to)
        others = requests.c.id == due.number
        if not is_grave(due.kind):
            others |= requests.c.kind.not_in(GRAVE)
        with self._database.writing() as connection:
            connection.execute(
                update(requests)
                .where(
                    requests.c.subscriber_id == mine.scalar_subquery(),
                    requests.c.state == State.ASKED,
                    # What was asked since waits for a letter of its own.
                    _TAKEN,
                    others,
                )
                .values(state=State.WRITTEN.value, written_at=at)
            )


def _asked(at: datetime, most: int) -> Any:
    """Return what is to be written about, but for addresses that were, just now."""
    cooling = exists().where(
        cooldowns.c.address_hash == requests.c.address_hash,
        or_(
            and_(cooldowns.c.last_at > at - COOLDOWN, requests.c.kind.not_in(GRAVE)),
            and_(
                cooldowns.c.last_at > at - RETURN, suppressions.c.reason.in_(RETURNING)
            ),
            and_(
                cooldowns.c.times
                >= case((requests.c.kind.in_(OWN), a_day(OWN[0])), else_=A_DAY),
                cooldowns.c.since > at - _DAY,
            ),
        ),
    )
    return (
        select(requests, suppressions.c.reason.label("suppressed"))
        .outerjoin(suppressions, suppressions.c.address_hash == requests.c.address_hash)
        .where(
            requests.c.state == State.ASKED,
            _is_free(at),
            is_valid(at),
            or_(_TAKEN, ~cooling),
        )
        .order_by(requests.c.id)
        .limit(most)
    )


def _language(connection: Connection, row: RowMapping, number: int) -> str:
    """Return in which language to write: theirs, where another asked for the letter.

    Whoever hands over a seat has it in theirs; the colleague may read another.
    """
    language: str = row["language"]
    if Kind(row["kind"]) is not Kind.SEAT:
        return language
    theirs = select(subscribers.c.language).where(subscribers.c.id == number)
    return connection.scalar(theirs) or language


def _is_free(at: datetime) -> Any:
    """Whether nobody has a letter about it in hand; who had one may have crashed."""
    return or_(
        requests.c.written_at.is_(None),
        requests.c.written_at < requests.c.asked_at,
        requests.c.written_at <= at - CLAIM,
    )


def _is_repeated(row: RowMapping) -> bool:
    """Whether its letter was taken in hand and spent before."""
    return row["written_at"] is not None and row["written_at"] >= row["asked_at"]


def _forget(connection: Connection, row: RowMapping, at: datetime) -> None:
    """Delete a request, and forget whoever is known by nothing else."""
    person = row["subscriber_id"]
    connection.execute(
        select(subscribers.c.id).where(subscribers.c.id == person).with_for_update()
    )
    connection.execute(delete(requests).where(requests.c.id == row["id"]))
    if person is not None:
        forgetting.forget_stranger(connection, person, at)
