"""Requests in SQL: kept once, written to a few times, granted once."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from mailer.adapters.database import audit, expiring, forgetting, granting
from mailer.adapters.database.letters import SqlLetters
from mailer.adapters.database.readers import masked
from mailer.adapters.database.schema import (
    IS_OPEN,
    requests,
    subscribers,
)
from mailer.core.errors import NotFoundError
from mailer.core.requests import (
    COOLDOWN,
    MODERATED,
    MOST_OPEN,
    Ask,
    Backlog,
    Kind,
    Request,
    State,
    fingerprint,
    is_grave,
)
from mailer.core.saying import says
from mailer.core.tokens import address_hash, encode

_OPEN = ("asked", "written")


class SqlRequests(SqlLetters):
    """The port Requests over tables."""

    def ask(self, ask: Ask, *, at: datetime) -> None:
        """Keep a request, or the newer facts of the one that is open."""
        hashed = address_hash(self._pepper, ask.address)
        alike = (requests.c.address_hash == hashed, requests.c.kind == ask.kind)
        others = select(func.count()).where(*alike, IS_OPEN).scalar_subquery()
        # Of each kind so many: who asks for one thing leaves room for another.
        again = exists().where(*alike, requests.c.about == ask.about, IS_OPEN)
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
            index_where=IS_OPEN,
            set_={
                "facts": new.excluded.facts,
                "language": new.excluded.language,
                "list_number": new.excluded.list_number,
                # Whoever lost the letter gets another, but not at once.
                "state": case((cooled, State.ASKED.value), else_=requests.c.state),
                "asked_at": case((cooled, at), else_=requests.c.asked_at),
            },
        )
        mine = (*alike, requests.c.about == ask.about, IS_OPEN)
        with self._database.writing() as connection:
            # A letter is out that names these: whoever asks anew takes none away.
            named = connection.scalar(
                select(requests.c.joins).where(*mine, ~cooled).with_for_update()
            )
            connection.execute(statement)
            together = [*dict.fromkeys([*(named or ()), *ask.joins])]
            connection.execute(update(requests).where(*mine).values(joins=together))

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
            forgetting.forget_stranger(connection, person, at)

    def waiting(
        self, kind: Kind | None = None, *, after: int = 0, most: int | None = None
    ) -> Sequence[Request]:
        """Return what waits for a moderator."""
        query = with_owner().where(
            requests.c.state == State.WAITING, requests.c.id > after
        )
        if kind is not None:
            query = query.where(requests.c.kind == kind)
        with self._database.reading() as connection:
            query = query.order_by(requests.c.id).limit(most)
            rows = connection.execute(query).mappings()
            return [to_request(row) for row in rows]

    def backlog(self) -> Backlog:
        """Count what waits for a moderator."""
        query = select(func.count(), func.min(requests.c.asked_at)).where(
            requests.c.state == State.WAITING
        )
        with self._database.reading() as connection:
            count, oldest = connection.execute(query).one()
        return Backlog(count=count, oldest=oldest)

    def decided(self, *, since: datetime, until: datetime) -> Sequence[Request]:
        """Return what moderators decided between these moments."""
        query = with_owner().where(
            requests.c.state.in_((State.DONE, State.DECLINED)),
            requests.c.kind.in_(MODERATED),
            requests.c.settled_at.between(since, until),
        )
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
                says(
                    "there is no request %(number)s; mailer requests lists what waits",
                    number=str(number),
                )
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
            return expiring.expire(connection, at)


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
