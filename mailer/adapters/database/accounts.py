"""The accounts of the console."""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, select, update

from mailer.adapters.database import audit
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import (
    accounts,
    api_tokens,
    credentials,
    sessions,
)
from mailer.core.accounts import Account, Factor, State
from mailer.core.errors import NotFoundError, RefusedError
from mailer.core.roles import Role
from mailer.core.saying import says
from mailer.core.tokens import address_hash

_HANDLE = 32  # octets
_NAME = 80  # characters


def with_factors() -> Select[Any]:
    """Select accounts, each with how many second factors it has."""

    def count(kind: Factor) -> Any:
        mine = credentials.c.account_id == accounts.c.id
        return (
            select(func.count())
            .select_from(credentials)
            .where(mine, credentials.c.kind == kind.value)
            .scalar_subquery()
            .label(kind.value)
        )

    return select(
        accounts, count(Factor.TOTP), count(Factor.PASSKEY), count(Factor.RECOVERY)
    )


def to_account(row: Any) -> Account:
    """Return the account in a row of `with_factors`."""
    return Account(
        number=row.id,
        public_id=row.public_id,
        handle=bytes(row.handle),
        address=row.address,
        name=row.name,
        language=row.language,
        roles=frozenset(Role(each) for each in row.roles),
        state=State(row.state),
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
        totp=bool(row.totp),
        passkeys=row.passkey,
        recovery_left=row.recovery,
    )


def end_sessions(connection: Connection, account: int) -> None:
    """Sign somebody out everywhere, in the transaction of what is the reason."""
    connection.execute(delete(sessions).where(sessions.c.account_id == account))


def end_tokens(connection: Connection, account: int, *, at: datetime) -> None:
    """Revoke all tokens of an account, in the transaction of what is the reason."""
    mine, good = api_tokens.c.account_id == account, api_tokens.c.until > at
    connection.execute(
        update(api_tokens)
        .where(mine, good, api_tokens.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )


class SqlAccounts:
    """The port Accounts over tables."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        """Take the secret under which addresses are hashed."""
        self._database = database
        self._pepper = pepper

    def find(self, address: str) -> Account | None:
        """Return whoever has this address."""
        hashed = address_hash(self._pepper, address)
        return self._one(with_factors().where(accounts.c.address_hash == hashed))

    def account(self, public_id: str) -> Account:
        """Return one account; raises NotFoundError."""
        found = self._one(with_factors().where(accounts.c.public_id == public_id))
        if found is None:
            raise NotFoundError("there is no such account; mailer admin list shows all")
        return found

    def every(self) -> Sequence[Account]:
        """Return all accounts, the oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(with_factors().order_by(accounts.c.id))
            return [to_account(row) for row in rows]

    def create(
        self,
        address: str,
        *,
        language: str,
        roles: Collection[Role],
        by: str,
        at: datetime,
    ) -> Account:
        """Make an account without a password; raises RefusedError: there is one."""
        with self._database.writing() as connection:
            number = connection.scalar(
                self._database.insert(accounts)
                .values(
                    public_id=secrets.token_urlsafe(16),
                    handle=secrets.token_bytes(_HANDLE),
                    address=address,
                    address_hash=address_hash(self._pepper, address),
                    name="",
                    language=language,
                    roles=_words(roles),
                    state=State.INVITED.value,
                    created_at=at,
                )
                .on_conflict_do_nothing()
                .returning(accounts.c.id)
            )
            if number is None:
                raise RefusedError(
                    says("there is an account with this address already")
                )
            detail = {"roles": _words(roles)}
            _note(connection, number, "invite", by=by, at=at, **detail)
            row = connection.execute(with_factors().where(accounts.c.id == number))
            return to_account(row.one())

    def give(
        self, account: Account, roles: Collection[Role], *, by: str, at: datetime
    ) -> None:
        """Let these be the roles; every session ends, as its rights have changed."""
        with self._database.writing() as connection:
            if Role.ADMIN not in roles:
                _keep_an_admin(connection, but=account.number)
            connection.execute(
                update(accounts)
                .where(accounts.c.id == account.number)
                .values(roles=_words(roles))
            )
            end_sessions(connection, account.number)
            detail = {"was": _words(account.roles), "roles": _words(roles)}
            _note(connection, account.number, "give roles", by=by, at=at, **detail)

    def turn(self, account: Account, state: State, *, by: str, at: datetime) -> None:
        """Disable an account, which ends its sessions and tokens, or let it in again."""
        with self._database.writing() as connection:
            if state is State.DISABLED:
                _keep_an_admin(connection, but=account.number)
                end_tokens(connection, account.number, at=at)
            if state is State.ACTIVE and not _has_password(connection, account.number):
                state = State.INVITED
            connection.execute(
                update(accounts)
                .where(accounts.c.id == account.number)
                .values(state=state.value)
            )
            end_sessions(connection, account.number)
            verb = "disable" if state is State.DISABLED else "enable"
            _note(connection, account.number, verb, by=by, at=at)

    def describe(self, account: Account, *, name: str, language: str) -> None:
        """Keep how they are called and in which language they read."""
        with self._database.writing() as connection:
            connection.execute(
                update(accounts)
                .where(accounts.c.id == account.number)
                .values(name=name[:_NAME], language=language)
            )

    def _one(self, query: Select[Any]) -> Account | None:
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return to_account(row) if row else None


def _has_password(connection: Connection, number: int) -> bool:
    found = connection.scalar(
        select(credentials.c.id).where(
            credentials.c.account_id == number,
            credentials.c.kind == Factor.PASSWORD.value,
        )
    )
    return found is not None


def _words(roles: Collection[Role]) -> list[str]:
    return [role.value for role in Role if role in roles]


def _keep_an_admin(connection: Connection, *, but: int) -> None:
    """Refuse to leave the console to nobody; an admin who never signed in is nobody."""
    # All are locked, so that two admins cannot take each other's role at once.
    rows = connection.execute(
        select(accounts.c.id, accounts.c.roles, accounts.c.state)
        .order_by(accounts.c.id)
        .with_for_update()
    ).all()
    admins = [row for row in rows if Role.ADMIN in row.roles]
    if not any(row.id == but for row in admins):
        return
    if not any(row.id != but and row.state == State.ACTIVE for row in admins):
        raise RefusedError(
            says(
                "nobody would be left who can invite people: make somebody else an"
                " admin first, or: mailer admin create ADDRESS"
            )
        )


def _note(
    connection: Connection,
    number: int,
    verb: str,
    *,
    by: str,
    at: datetime,
    **detail: object,
) -> None:
    audit.record(
        connection,
        at=at,
        actor=by,
        verb=verb,
        thing=f"account {number}",
        detail=detail,
    )
