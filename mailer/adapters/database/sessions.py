"""Who is signed in: server-side, so that it can be ended."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, insert, update

from mailer.adapters.database.accounts import to_account, with_factors
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import accounts, sessions
from mailer.core.accounts import IDLE, LONGEST, SKEW, Factor, Session, State

_OCTETS = 32
_AGENT = 200  # characters
_SELDOM = timedelta(minutes=1)  # a page that is read need not be a write each time
_COLUMNS = [
    sessions.c[name].label(f"session_{name}")
    for name in ("id", "strong", "how", "agent", "began_at", "seen_at", "proven_at")
]


class SqlSessions:
    """The port Sessions over a table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self, account: int, *, strong: bool, how: Factor, agent: str, at: datetime
    ) -> str:
        """Sign somebody in; returns what the cookie holds, 256 random bits."""
        cookie = secrets.token_urlsafe(_OCTETS)
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(~_alive(at)))
            connection.execute(
                insert(sessions).values(
                    hash=_hash(cookie),
                    account_id=account,
                    strong=strong,
                    how=how.value,
                    agent=agent[:_AGENT],
                    began_at=at,
                    seen_at=at,
                    proven_at=at,
                )
            )
            connection.execute(
                update(accounts).where(accounts.c.id == account).values(signed_in_at=at)
            )
        return cookie

    def who(self, cookie: str, *, at: datetime, touch: bool = True) -> Session | None:
        """Return whose cookie it is; None: nobody's, ended, or idle for too long."""
        found = self._read(sessions.c.hash == _hash(cookie), at)
        if not found:
            return None
        (session,) = found
        if touch and at - session.seen_at >= _SELDOM:
            self._write(session.number, seen_at=at)
        return session

    def prove(self, number: int, *, at: datetime) -> None:
        """Take note that it was shown once more who sits there."""
        self._write(number, proven_at=at)

    def end(self, account: int, number: int | None = None) -> None:
        """End one session of an account, or all."""
        chosen = sessions.c.account_id == account
        if number is not None:
            chosen = and_(chosen, sessions.c.id == number)
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(chosen))

    def listed(self, account: int, *, at: datetime) -> Sequence[Session]:
        """Return somebody's sessions, the latest used first."""
        return self._read(sessions.c.account_id == account, at)

    def _read(self, chosen: ColumnElement[bool], at: datetime) -> Sequence[Session]:
        query = (
            with_factors()
            .add_columns(*_COLUMNS)
            .join(sessions, sessions.c.account_id == accounts.c.id)
            .where(chosen, _alive(at), accounts.c.state == State.ACTIVE.value)
            .order_by(sessions.c.seen_at.desc(), sessions.c.id.desc())
        )
        with self._database.reading() as connection:
            return [_session(row) for row in connection.execute(query)]

    def _write(self, number: int, **values: Any) -> None:
        with self._database.writing() as connection:
            connection.execute(
                update(sessions).where(sessions.c.id == number).values(values)
            )


def _hash(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()


def _alive(at: datetime) -> ColumnElement[bool]:
    return and_(
        sessions.c.seen_at > at - IDLE,
        sessions.c.began_at > at - LONGEST,
        # A clock that was ahead would have made one that lasts until it is caught up.
        sessions.c.seen_at <= at + SKEW,
        sessions.c.began_at <= at + SKEW,
    )


def _session(row: Any) -> Session:
    return Session(
        number=row.session_id,
        account=to_account(row),
        strong=row.session_strong,
        how=Factor(row.session_how),
        agent=row.session_agent,
        began_at=row.session_began_at,
        seen_at=row.session_seen_at,
        proven_at=row.session_proven_at,
    )
