"""The tokens of programs, each belonging to an account."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, insert, select, update

from mailer.adapters.database import audit
from mailer.adapters.database.accounts import to_account, with_factors
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import accounts, api_tokens
from mailer.core.accounts import State
from mailer.core.automation import (
    MOST,
    PREFIX,
    ApiToken,
    Scope,
    in_order,
    looks_like_one,
)
from mailer.core.errors import RefusedError

_OCTETS = 32
_SELDOM = timedelta(minutes=1)
_COLUMNS = [
    api_tokens.c[name].label(f"token_{name}")
    for name in (
        "id",
        "name",
        "scopes",
        "strong",
        "made_at",
        "until",
        "used_at",
        "revoked_at",
    )
]


class SqlApiTokens:
    """The port ApiTokens over a table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(
        self,
        account: int,
        *,
        name: str,
        scopes: Collection[Scope],
        strong: bool,
        until: datetime,
        by: str,
        at: datetime,
    ) -> tuple[ApiToken, str]:
        """Keep a new one; returns it with its secret: a prefix, and 256 random bits."""
        secret = PREFIX + secrets.token_urlsafe(_OCTETS)
        with self._database.writing() as connection:
            good = connection.scalar(
                select(func.count())
                .select_from(api_tokens)
                .where(api_tokens.c.account_id == account, _good(at))
            )
            if int(good or 0) >= MOST:
                raise RefusedError(
                    f"this account has {MOST} tokens that are good; revoke one first"
                )
            number = connection.scalar(
                insert(api_tokens)
                .values(
                    hash=_hash(secret),
                    account_id=account,
                    name=name,
                    scopes=in_order(scopes),
                    strong=strong,
                    made_at=at,
                    until=until,
                )
                .returning(api_tokens.c.id)
            )
            audit.record(
                connection,
                at=at,
                actor=by,
                verb="make token",
                thing=f"account {account}",
                detail={"token": number, "scopes": in_order(scopes)},
            )
            row = connection.execute(_with_owners().where(api_tokens.c.id == number))
            return _token(row.one()), secret

    def bearer(self, secret: str, *, at: datetime) -> ApiToken | None:
        """Return whose secret it is; None: nobody's, over, revoked, or disabled."""
        if not looks_like_one(secret):
            return None
        found = self._read(
            api_tokens.c.hash == _hash(secret),
            _good(at),
            accounts.c.state == State.ACTIVE.value,
        )
        if not found:
            return None
        (token,) = found
        if token.used_at is None or at - token.used_at >= _SELDOM:
            with self._database.writing() as connection:
                connection.execute(
                    update(api_tokens)
                    .where(api_tokens.c.id == token.number)
                    .values(used_at=at)
                )
        return token

    def listed(self, account: int | None = None) -> Sequence[ApiToken]:
        """Return somebody's tokens, or everybody's: the newest first."""
        return self._read(*([] if account is None else [accounts.c.id == account]))

    def revoke(
        self, number: int, *, account: int | None = None, by: str, at: datetime
    ) -> bool:
        """End a token now; False: there is none that is good, or another account's."""
        chosen = [api_tokens.c.id == number, _good(at)]
        if account is not None:
            chosen.append(api_tokens.c.account_id == account)
        with self._database.writing() as connection:
            owner = connection.scalar(
                update(api_tokens)
                .where(*chosen)
                .values(revoked_at=at)
                .returning(api_tokens.c.account_id)
            )
            if owner is None:
                return False
            audit.record(
                connection,
                at=at,
                actor=by,
                verb="revoke token",
                thing=f"account {owner}",
                detail={"token": number},
            )
        return True

    def _read(self, *chosen: ColumnElement[bool]) -> Sequence[ApiToken]:
        query = _with_owners().where(*chosen).order_by(api_tokens.c.id.desc())
        with self._database.reading() as connection:
            return [_token(row) for row in connection.execute(query)]


def _with_owners() -> Select[Any]:
    return (
        with_factors()
        .add_columns(*_COLUMNS)
        .join(api_tokens, api_tokens.c.account_id == accounts.c.id)
    )


def _good(at: datetime) -> ColumnElement[bool]:
    return api_tokens.c.revoked_at.is_(None) & (api_tokens.c.until > at)


def _hash(secret: str) -> bytes:
    # Nobody guesses 256 random bits, so that no slow hash is needed.
    return hashlib.sha256(secret.encode()).digest()


def _token(row: Any) -> ApiToken:
    known = set(Scope)
    return ApiToken(
        number=row.token_id,
        account=to_account(row),
        name=row.token_name,
        scopes=frozenset(Scope(each) for each in row.token_scopes if each in known),
        strong=row.token_strong,
        made_at=row.token_made_at,
        until=row.token_until,
        used_at=row.token_used_at,
        revoked_at=row.token_revoked_at,
    )
