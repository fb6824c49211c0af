"""Links that let somebody set a password, once, within two days."""

from datetime import datetime

from sqlalchemy import Connection, insert, update

from mailer.adapters.database import audit
from mailer.adapters.database.accounts import end_tokens, to_account, with_factors
from mailer.adapters.database.credentials import put_password
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import accounts, invitations
from mailer.core.accounts import INVITED_FOR, Errand, Invitation, State

_NAME = 80  # characters


class SqlInvitations:
    """The port Invitations over a table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(
        self, account: int, uid: bytes, errand: Errand, *, by: str, at: datetime
    ) -> int:
        """Make a link to whoever has this random id; older ones of theirs end."""
        with self._database.writing() as connection:
            connection.execute(
                update(invitations)
                .where(
                    invitations.c.account_id == account,
                    invitations.c.closed_at.is_(None),
                )
                .values(closed_at=at)
            )
            number = connection.scalar(
                insert(invitations)
                .values(
                    account_id=account,
                    uid=uid,
                    errand=errand.value,
                    made_at=at,
                    until=at + INVITED_FOR,
                )
                .returning(invitations.c.id)
            )
            audit.record(
                connection,
                at=at,
                actor=by,
                verb="make link",
                thing=f"account {account}",
                detail={"for": errand.value},
            )
        return int(number or 0)

    def open(self, number: int, uid: bytes, *, at: datetime) -> Invitation | None:
        """Return what a link is for; None: used, over, ended, or never made."""
        with self._database.reading() as connection:
            return _open(connection, number, uid, at)

    def use(
        self,
        number: int,
        uid: bytes,
        *,
        name: str,
        language: str,
        hashed: str,
        at: datetime,
    ) -> Invitation | None:
        """Set the password of an open link, and close it; None: it was not open."""
        with self._database.writing() as connection:
            closed = connection.execute(
                update(invitations)
                .where(
                    invitations.c.id == number,
                    invitations.c.uid == uid,
                    invitations.c.closed_at.is_(None),
                    invitations.c.until > at,
                )
                .values(closed_at=at)
            )
            found = _open(connection, number, uid, at, closed=True)
            if not closed.rowcount or found is None:
                connection.rollback()
                return None
            account = found.account.number
            put_password(connection, account, hashed, at=at)
            end_tokens(connection, account, at=at)  # made by who knew the old one
            connection.execute(
                update(accounts)
                .where(accounts.c.id == account)
                .values(name=name[:_NAME], language=language, state=State.ACTIVE.value)
            )
            audit.record(
                connection,
                at=at,
                actor=found.account.actor,
                verb="set password",
                thing=found.account.actor,
                detail={"by link": found.errand.value},
            )
        return found


def _open(
    connection: Connection,
    number: int,
    uid: bytes,
    at: datetime,
    *,
    closed: bool = False,
) -> Invitation | None:
    query = (
        with_factors()
        .add_columns(invitations.c.errand, invitations.c.until)
        .join(invitations, invitations.c.account_id == accounts.c.id)
        .where(
            invitations.c.id == number,
            invitations.c.uid == uid,
            invitations.c.until > at,
            accounts.c.state != State.DISABLED.value,
        )
    )
    if not closed:
        query = query.where(invitations.c.closed_at.is_(None))
    row = connection.execute(query).first()
    if row is None:
        return None
    return Invitation(
        number=number,
        account=to_account(row),
        errand=Errand(row.errand),
        until=row.until,
    )
