"""What owners of an address ask about themselves: to be asked, to move, to move back."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    delete,
    insert,
    select,
    update,
)

from mailer.adapters.database import forgetting, moving, sitting
from mailer.adapters.database.engine import Database
from mailer.adapters.database.readers import masked
from mailer.adapters.database.requests import SqlRequests
from mailer.adapters.database.schema import (
    instance,
    requests,
    subscribers,
)
from mailer.core.requests import (
    Ask,
    Handing,
    Kind,
    Moved,
    Moving,
    Request,
    State,
    granted_until,
)
from mailer.core.tokens import encode

_MOVING = (Kind.MOVE, Kind.MOVE_BACK, Kind.SEAT, Kind.SEAT_BACK)
_THERE = {Kind.READDRESS: Kind.MOVE, Kind.HAND_OVER: Kind.SEAT}


class SqlRights:
    """The port Rights, in SQL."""

    def __init__(self, database: Database, requests: SqlRequests) -> None:
        """Take where requests are kept."""
        self._database = database
        self._requests = requests

    def ask(self, kind: Kind, uid: bytes, list_number: int, *, at: datetime) -> None:
        """Have the person behind a link asked, at their address, if it was they."""
        query = select(subscribers.c.address, subscribers.c.language).where(
            subscribers.c.uid == uid
        )
        with self._database.reading() as connection:
            person = connection.execute(query).first()
        if person is None:
            return
        self._requests.ask(
            Ask(
                kind=kind,
                address=person.address,
                language=person.language,
                list_number=list_number,
            ),
            at=at,
        )

    def address(self, uid: bytes) -> str | None:
        """Return the address of whoever has this random id."""
        query = select(subscribers.c.address).where(subscribers.c.uid == uid)
        with self._database.reading() as connection:
            found: str | None = connection.scalar(query)
        return found

    def forget(self, uid: bytes, number: int, *, at: datetime) -> None:
        """Let a request go that its owner says is not theirs."""
        with self._database.writing() as connection:
            person = moving.person(connection, uid)
            if person is None:
                return
            connection.execute(delete(requests).where(_mine(uid, number)))
            forgetting.forget_stranger(connection, person.id, at)

    def ask_at(
        self,
        request: Request,
        address: str,
        *,
        at: datetime,
        lists: Collection[int] | None = None,
    ) -> None:
        """Have the owner of another address asked about it."""
        who = request.subscriber or b""
        facts: dict[str, object] = {"from": who.hex()}
        goes: Sequence[int] = ()
        if request.kind is Kind.HAND_OVER:
            with self._database.reading() as connection:
                person = connection.execute(_whose(who)).first()
                seat = person and sitting.seat(connection, person.id, None)
                if not person or not seat:  # it was handed on meanwhile
                    return
                goes = [
                    each
                    for each in sitting.lists(connection, person.id)
                    if lists is None or each in lists
                ]
            facts["seat"] = seat.organization_id
        self._requests.ask(
            Ask(
                kind=_THERE[request.kind],
                address=address,
                language=request.language,
                list_number=request.list_number,
                joins=tuple(goes),
                about=who.hex(),
                facts=facts,
            ),
            at=at,
        )

    def handing(self, uid: bytes, number: int) -> Handing | None:
        """Return which seat a request is about, and the lists that go with it."""
        seating = (Kind.HAND_OVER, Kind.SEAT, Kind.SEAT_BACK)
        query = select(requests).where(_mine(uid, number), requests.c.kind.in_(seating))
        with self._database.reading() as connection:
            found = connection.execute(query).first()
            if found is None:
                return None
            whose = bytes.fromhex(found.facts.get("from", uid.hex()))
            holder = connection.execute(_whose(whose)).first()
            at = found.facts.get("seat")
            seat = holder and sitting.seat(connection, holder.id, at)
            if seat:
                at = seat.organization_id
            elif not _is_anew(found, holder):
                return None
            goes = sitting.lists(connection, holder.id) if holder else ()
            if found.kind == Kind.SEAT:
                goes = [each for each in goes if each in _agreed(found)]
            elif found.kind == Kind.SEAT_BACK:
                goes = _gone(found).ended
            name = sitting.name(connection, at) or ""
        return Handing(organization=name, lists=tuple(goes))

    def move(self, uid: bytes, number: int, *, at: datetime) -> Moved:
        """Let somebody move to the address that a link was mailed to, or back; once."""
        with self._database.writing() as connection:
            # No call begins meanwhile: intents lock this row to read it.
            connection.execute(select(instance.c.id).with_for_update())
            here, there = _parties(connection, uid, number)
            found = connection.execute(_asked(uid, number)).first()
            if found is None or _is_over(found, at):
                return Moved(what=Moving.OVER)
            if here is None or there is None:
                return Moved(what=Moving.OVER)
            if moving.is_busy(connection, here.id):
                return Moved(what=Moving.BUSY)
            _done(connection, number, at)
            if moving.is_known(connection, there):
                return Moved(what=Moving.KNOWN)
            moving.swap(connection, here, there)
            # What was asked under the new address would now be about the old one.
            connection.execute(
                delete(requests).where(
                    requests.c.subscriber_id == there.id,
                    requests.c.state.in_((State.ASKED, State.WRITTEN)),
                )
            )
            moving.record(connection, here.id, at)
            if Kind(found.kind) is Kind.MOVE_BACK:
                return Moved(what=Moving.DONE)
            # The row of the new address has the old one now.
            back = _way_back(connection, Kind.MOVE_BACK, found, here, at, to=there.id)
        return Moved(what=Moving.DONE, back=(uid, back))

    def sit(self, uid: bytes, number: int, *, at: datetime) -> Moved:
        """Let somebody take over a seat, or take theirs back; once."""
        with self._database.writing() as connection:
            # One at a time, like erasures: each locks several people.
            connection.execute(select(instance.c.id).with_for_update())
            holder, taker = _parties(connection, uid, number)
            found = connection.execute(_asked(uid, number)).first()
            if found is None or taker is None or _is_over(found, at):
                return Moved(what=Moving.OVER)
            if holder is not None and taker.id == holder.id:
                return Moved(what=Moving.OVER)
            _done(connection, number, at)
            if Kind(found.kind) is Kind.SEAT_BACK:
                return self._take_back(connection, found, holder, taker, at)
            seat = holder and sitting.seat(
                connection, holder.id, found.facts.get("seat")
            )
            if not holder or not seat:  # it was handed on meanwhile
                return Moved(what=Moving.OVER)
            if sitting.is_suppressed(connection, bytes(taker.address_hash)):
                return Moved(what=Moving.KNOWN)
            moved = sitting.give(connection, seat, taker.id)
            organization = sitting.name(connection, seat.organization_id)
            goes = sitting.lists(connection, holder.id)
            goes = [each for each in goes if each in _agreed(found)]
            gone = sitting.hand_on(
                self._database, connection, holder, taker, _agreed(found), at=at
            )
            back = _way_back(
                connection,
                Kind.SEAT_BACK,
                found,
                taker,
                at,
                to=holder.id,
                language=holder.language,
                facts={
                    "seat": seat.organization_id,
                    "role": seat.role,
                    "shared": not moved,
                    "given": list(gone.given),
                    "ended": list(gone.ended),
                    "placed": gone.placed,
                },
            )
        return Moved(
            what=Moving.DONE,
            back=(bytes(holder.uid), back),
            other=bytes(holder.uid),
            language=holder.language,
            organization=organization,
            successor=masked(taker.address),
            ended=tuple(gone.ended),
            kept=tuple(each for each in goes if each not in gone.ended),
            gets=tuple(goes),
        )

    def _take_back(
        self,
        connection: Connection,
        found: Row[Any],
        holder: Row[Any] | None,
        taker: Row[Any],
        at: datetime,
    ) -> Moved:
        """Let a seat and its lists be whose they were; what else was offered is over."""
        where = found.facts.get("seat")
        seat = holder and sitting.seat(connection, holder.id, where)
        anew = _is_anew(found, holder)
        if not seat and not anew:  # it was handed on meanwhile
            return Moved(what=Moving.OVER)
        if sitting.is_suppressed(connection, bytes(taker.address_hash)):
            return Moved(what=Moving.KNOWN)
        if anew:
            sitting.give_anew(connection, where, found.facts["role"], taker.id)
        elif seat:
            where = seat.organization_id
            sitting.give(connection, seat, taker.id)
        sitting.withdraw(connection, bytes(taker.uid), at)
        gone = sitting.hand_back(
            self._database,
            connection,
            holder,
            taker,
            _gone(found),
            since=found.asked_at,
            at=at,
        )
        return Moved(
            what=Moving.DONE,
            other=bytes(holder.uid) if holder else None,
            language=holder.language if holder else None,
            organization=sitting.name(connection, where),
            ended=tuple(gone.ended),
            kept=tuple(sitting.lists(connection, holder.id)) if holder else (),
            gets=tuple(sitting.lists(connection, taker.id)),
        )


def _is_anew(found: Row[Any], holder: Row[Any] | None) -> bool:
    """Whether a seat comes back that its taker does not have, and none is taken away.

    It was one with a seat that they had before, or they were erased with it.
    """
    is_known = found.kind == Kind.SEAT_BACK and "role" in found.facts
    return is_known and (holder is None or bool(found.facts["shared"]))


def _parties(connection: Connection, uid: bytes, number: int) -> tuple[Any, Any]:
    """Lock who has what a request is about, and whose link it is; None of nobody.

    As everybody does who holds both: the people, then their requests.
    """
    facts = connection.scalar(select(requests.c.facts).where(_mine(uid, number))) or {}
    whose = bytes.fromhex(facts.get("from", ""))
    rows = connection.execute(
        select(
            subscribers.c.id,
            subscribers.c.uid,
            subscribers.c.address,
            subscribers.c.address_hash,
            subscribers.c.language,
        )
        .where(subscribers.c.uid.in_((whose, uid)))
        .order_by(subscribers.c.id)
        .with_for_update()
    )
    found = {bytes(row.uid): row for row in rows}
    return found.get(whose), found.get(uid)


def _agreed(found: Any) -> Sequence[int]:
    """Return the lists that a colleague was asked about; once it was one, unnamed."""
    return [int(each) for each in found.joins] or [found.list_number]


def _gone(found: Any) -> sitting.Gone:
    """Return what went with a seat that may be taken back; once it was one list."""
    one = [found.list_number]
    return sitting.Gone(
        given=found.facts.get("given", [] if found.facts.get("keeps") else one),
        ended=found.facts.get("ended", one),
        placed=found.facts.get("placed", False),
    )


def _whose(uid: bytes) -> Any:
    return select(subscribers.c.id).where(subscribers.c.uid == uid)


def _mine(uid: bytes, number: int) -> Any:
    owner = select(subscribers.c.id).where(subscribers.c.uid == uid)
    return (requests.c.id == number) & (
        requests.c.subscriber_id == owner.scalar_subquery()
    )


def _is_over(found: Any, at: datetime) -> bool:
    return granted_until(Kind(found.kind), found.asked_at, found.written_at) <= at


def _asked(uid: bytes, number: int) -> Any:
    return (
        select(requests)
        .where(
            _mine(uid, number),
            requests.c.kind.in_(_MOVING),
            requests.c.state.in_((State.ASKED, State.WRITTEN)),
        )
        .with_for_update()
    )


def _done(connection: Connection, number: int, at: datetime) -> None:
    connection.execute(
        update(requests)
        .where(requests.c.id == number)
        .values(state=State.DONE.value, confirmed_at=at, address=None)
    )


def _way_back(
    connection: Connection,
    kind: Kind,
    found: Row[Any],
    whence: Row[Any],
    at: datetime,
    *,
    to: int,
    language: str | None = None,
    facts: Mapping[str, object] | None = None,
) -> int:
    """Keep what lets somebody take it back from whoever has it; returns its number."""
    owner = select(subscribers.c.address_hash).where(subscribers.c.id == to)
    uid = bytes(whence.uid).hex()
    made = connection.scalar(
        insert(requests)
        .values(
            public_id=encode(secrets.token_bytes(16)),
            kind=kind.value,
            state=State.WRITTEN.value,
            address_hash=connection.scalar(owner),
            subscriber_id=to,
            language=language or found.language,
            list_number=found.list_number,
            joins=[],
            about=f"{uid} {found.id}",
            facts={"from": uid, **(facts or {})},
            asked_at=at,
            written_at=at,
        )
        .returning(requests.c.id)
    )
    return int(made or 0)
