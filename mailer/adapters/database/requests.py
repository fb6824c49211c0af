"""Requests in SQL: kept once, written to a few times, granted once."""

import secrets
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
    func,
    literal,
    or_,
    select,
    text,
    update,
)

from mailer.adapters.database import audit, erasing, granting
from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import introduce
from mailer.adapters.database.readers import masked
from mailer.adapters.database.schema import (
    cooldowns,
    requests,
    subscribers,
    suppressions,
)
from mailer.core.errors import NotFoundError
from mailer.core.requests import (
    A_DAY,
    CLAIM,
    COOLDOWN,
    GIVEN,
    GRAVE,
    MODERATED,
    MOST_OPEN,
    OWN,
    RETURN,
    RETURNING,
    Ask,
    Due,
    Kind,
    Request,
    State,
    a_day,
    fingerprint,
    granted_until,
    is_grave,
    valid_for,
)
from mailer.core.tokens import address_hash, encode

_DAY = timedelta(days=1)
_KEPT = timedelta(days=30)  # what was decided, for those who ask why
_LOT = 1000  # forgotten in one transaction; whoever asks meanwhile waits for it
_OPEN = ("asked", "written")
# As the index says it: SQLite looks there for no other words.
_IS_OPEN = text("state IN ('asked', 'written')")
# A letter about it was begun, perhaps by a program that has crashed since.
_TAKEN = requests.c.written_at >= requests.c.asked_at


class SqlRequests:
    """The port Requests over tables."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        """Take the secret under which addresses are hashed."""
        self._database = database
        self._pepper = pepper

    def ask(self, ask: Ask, *, at: datetime) -> None:
        """Keep a request, or the newer facts of the one that is open."""
        hashed = address_hash(self._pepper, ask.address)
        alike = (requests.c.address_hash == hashed, requests.c.kind == ask.kind)
        others = select(func.count()).where(*alike, _IS_OPEN).scalar_subquery()
        # Of each kind so many: who asks for one thing leaves room for another.
        again = exists().where(*alike, requests.c.about == ask.about, _IS_OPEN)
        room = or_(others < MOST_OPEN, again)
        kept = {
            "public_id": encode(secrets.token_bytes(16)),
            "kind": ask.kind.value,
            "state": State.ASKED.value,
            "address": ask.address,
            "address_hash": hashed,
            "language": ask.language,
            "list_number": ask.list_number,
            "joins": list(ask.joins),
            "about": ask.about,
            "facts": dict(ask.facts),
            "asked_at": at,
        }
        row = select(
            *(literal(value, requests.c[name].type) for name, value in kept.items())
        ).where(room)
        new = self._database.insert(requests).from_select(list(kept), row)
        cooled = requests.c.written_at.is_(None) | (
            requests.c.written_at <= at - COOLDOWN
        )
        statement = new.on_conflict_do_update(
            index_elements=["address_hash", "kind", "about"],
            index_where=_IS_OPEN,
            set_={
                "facts": new.excluded.facts,
                "language": new.excluded.language,
                "list_number": new.excluded.list_number,
                "joins": new.excluded.joins,
                # Whoever lost the letter gets another, but not at once.
                "state": case((cooled, State.ASKED.value), else_=requests.c.state),
                "asked_at": case((cooled, at), else_=requests.c.asked_at),
            },
        )
        with self._database.writing() as connection:
            connection.execute(statement)

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
            taken = connection.execute(
                update(requests)
                .where(mine, requests.c.state == State.ASKED, _is_free(at))
                .values(written_at=at, subscriber_id=number)
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
                        _IS_OPEN,  # so that SQLite looks there
                        requests.c.state == State.ASKED,
                        requests.c.kind.not_in(GRAVE),
                        ~mine,
                        _is_valid(at),
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
            language=row["language"],
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

    def open_for(self, uid: bytes, number: int, *, at: datetime) -> Sequence[Request]:
        """Return what a link grants: all that is open, or the one grave request."""
        with self._database.reading() as connection:
            return _open_for(connection, uid, number, at)

    def find(self, uid: bytes, number: int) -> Request | None:
        """Return the request that a link is about."""
        query = with_owner().where(requests.c.id == number, subscribers.c.uid == uid)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return to_request(row) if row else None

    def confirm(
        self, uid: bytes, number: int, *, at: datetime, shown: str | None = None
    ) -> Sequence[Request]:
        """Grant all that the link grants, once."""
        granted: list[Request] = []
        with self._database.writing() as connection:
            # As whoever erases or moves them does: the person, then their requests.
            connection.execute(
                select(subscribers.c.id)
                .where(subscribers.c.uid == uid)
                .with_for_update(key_share=True)
            )
            found = _open_for(connection, uid, number, at, keep=True)
            if shown not in (None, fingerprint(found)):
                return []  # somebody asked anew, after the page was read
            for each in found:
                state = State.WAITING if each.kind in MODERATED else State.DONE
                moved = connection.execute(
                    update(requests)
                    .where(requests.c.id == each.number, requests.c.state.in_(_OPEN))
                    .values(state=state.value, confirmed_at=at, address=None)
                )
                if moved.rowcount:
                    granting.grant(self._database, connection, each, at=at)
                    granted.append(each)
        return granted

    def refuse(self, uid: bytes, number: int, *, at: datetime) -> None:
        """Suppress whoever says that they did not ask, and forget what was asked."""
        with self._database.writing() as connection:
            # As whoever confirms: of two presses at once the second finds nothing.
            person = connection.scalar(
                select(subscribers.c.id)
                .where(subscribers.c.uid == uid)
                .with_for_update()
            )
            hashed = connection.scalar(
                select(requests.c.address_hash).where(
                    requests.c.id == number,
                    requests.c.state.in_(_OPEN),
                    requests.c.subscriber_id == person,
                )
            )
            if person is None or hashed is None:
                return
            granting.refuse(self._database, connection, bytes(hashed), at=at)
            erasing.forget_stranger(connection, person, at)

    def waiting(self, kind: Kind | None = None) -> Sequence[Request]:
        """Return what waits for a moderator."""
        query = with_owner().where(requests.c.state == State.WAITING)
        if kind is not None:
            query = query.where(requests.c.kind == kind)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(requests.c.id)).mappings()
            return [to_request(row) for row in rows]

    def request(self, number: int) -> Request:
        """Return one request; raises NotFoundError."""
        with self._database.reading() as connection:
            query = with_owner().where(requests.c.id == number)
            row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFoundError(
                f"there is no request {number}; mailer requests lists what waits"
            )
        return to_request(row)

    def settle(
        self,
        number: int,
        *,
        accepted: bool,
        by: str,
        at: datetime,
        reason: str | None = None,
    ) -> bool:
        """Close a request that waited; whoever comes second changes nothing."""
        state = State.DONE if accepted else State.DECLINED
        with self._database.writing() as connection:
            moved = connection.execute(
                update(requests)
                .where(requests.c.id == number, requests.c.state == State.WAITING)
                .values(state=state.value, settled_at=at, settled_by=by, reason=reason)
                .returning(requests.c.kind)
            ).first()
            if moved is None:
                return False
            audit.record(
                connection,
                at=at,
                actor=by,
                verb="accept" if accepted else "decline",
                thing=f"request {number}",
                detail={"kind": moved.kind},
            )
        return True

    def expire(self, *, at: datetime) -> int:
        """Forget what was not granted in time, and people known by nothing else."""
        with self._database.writing() as connection:
            late = or_(
                *(
                    (requests.c.kind == kind) & ~_is_recent(at - valid_for(kind))
                    for kind in Kind
                )
            )
            decided = requests.c.state.in_((State.DONE, State.DECLINED))
            closed = func.coalesce(requests.c.settled_at, requests.c.confirmed_at)
            over = _drop(connection, and_(_IS_OPEN, late), at)
            # Whoever moved has left a row with the old address behind.
            _drop(connection, and_(decided, closed < at - _KEPT), at)
            connection.execute(
                delete(cooldowns).where(cooldowns.c.last_at < at - RETURN)
            )
        return over


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
            _is_valid(at),
            or_(_TAKEN, ~cooling),
        )
        .order_by(requests.c.id)
        .limit(most)
    )


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


def _is_valid(at: datetime) -> Any:
    return or_(
        *((requests.c.kind == kind) & _is_recent(at - valid_for(kind)) for kind in Kind)
    )


def _is_recent(since: datetime) -> Any:
    """Whether it was asked since, or a letter about it went out.

    One that was only begun counts for nothing: it may never come about.
    """
    written = (requests.c.state == State.WRITTEN) & (requests.c.written_at >= since)
    return or_(requests.c.asked_at >= since, written)


def _drop(connection: Connection, which: Any, at: datetime) -> int:
    """Delete a lot of requests, and forget whoever is known by nothing else.

    Waits for nobody: of whom something is being done at this moment, the next time.
    """
    lot = connection.execute(
        select(requests.c.id, requests.c.subscriber_id).where(which).limit(_LOT)
    ).all()
    # As everybody does who holds both: the person, then their requests.
    people = connection.scalars(
        select(subscribers.c.id)
        .where(subscribers.c.id.in_({row.subscriber_id for row in lot} - {None}))
        .with_for_update(skip_locked=True)
    ).all()
    free = (
        select(requests.c.id)
        .where(
            requests.c.id.in_([row.id for row in lot]),
            which,
            or_(
                requests.c.subscriber_id.is_(None), requests.c.subscriber_id.in_(people)
            ),
        )
        .with_for_update(skip_locked=True)
    )
    numbers = connection.scalars(free).all()
    connection.execute(delete(requests).where(requests.c.id.in_(numbers)))
    for person in people:
        erasing.forget_stranger(connection, person, at)
    return len(numbers)


def _forget(connection: Connection, row: RowMapping, at: datetime) -> None:
    """Delete a request, and forget whoever is known by nothing else."""
    person = row["subscriber_id"]
    connection.execute(
        select(subscribers.c.id).where(subscribers.c.id == person).with_for_update()
    )
    connection.execute(delete(requests).where(requests.c.id == row["id"]))
    if person is not None:
        erasing.forget_stranger(connection, person, at)


def with_owner() -> Any:
    """Select requests, each with who has the address."""
    return select(
        requests, subscribers.c.uid, subscribers.c.address.label("theirs")
    ).outerjoin(subscribers, subscribers.c.id == requests.c.subscriber_id)


def _open_for(
    connection: Connection,
    uid: bytes,
    number: int,
    at: datetime,
    *,
    keep: bool = False,  # as it is, until the transaction ends
) -> Sequence[Request]:
    mine = (
        with_owner()
        .where(subscribers.c.uid == uid, requests.c.state.in_(_OPEN))
        .order_by(requests.c.id)
    )
    if keep:
        mine = mine.with_for_update(of=requests)
    found = [to_request(row) for row in connection.execute(mine).mappings()]
    valid = [each for each in found if at < each.granted_until()]
    asked = [each for each in valid if each.number == number]
    if asked and not is_grave(asked[0].kind):
        return [each for each in valid if not is_grave(each.kind)]
    return asked


def to_request(row: RowMapping) -> Request:
    """Return the request in a row of `with_owner`."""
    return Request(
        number=row["id"],
        public_id=row["public_id"],
        kind=Kind(row["kind"]),
        state=State(row["state"]),
        language=row["language"],
        list_number=row["list_number"],
        joins=tuple(row["joins"]),
        about=row["about"],
        facts=row["facts"],
        masked_address=masked(row["address"] or row["theirs"] or "@"),
        subscriber=bytes(row["uid"]) if row["uid"] else None,
        asked_at=row["asked_at"],
        written_at=row["written_at"],
        confirmed_at=row["confirmed_at"],
        settled_at=row["settled_at"],
        reason=row["reason"],
    )
