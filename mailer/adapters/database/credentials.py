"""Passwords, phones, passkeys and recovery codes of accounts."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from mailer.adapters.credentials.sealing import Seal
from mailer.adapters.database import audit
from mailer.adapters.database.accounts import end_sessions, end_tokens
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import credentials
from mailer.core.accounts import Factor, Passkey

_PROPOSED = "proposed"
_NAME = 80  # characters


class SqlCredentials:
    """The port Credentials over a table."""

    def __init__(self, database: Database, *, seal: Seal, pepper: bytes) -> None:
        """Take what seals the secrets of phones, and the key of codes' hashes."""
        self._database = database
        self._seal = seal
        self._pepper = pepper

    def password(self, account: int) -> str | None:
        """Return the hash of the password."""
        found = self._secret(account, Factor.PASSWORD)
        return None if found is None else found.decode()

    def set_password(self, account: int, hashed: str, *, at: datetime) -> None:
        """Let this be the password; who knew the old one keeps no token either."""
        with self._database.writing() as connection:
            put_password(connection, account, hashed, at=at)
            end_tokens(connection, account, at=at)
            _changed(connection, account, "set password", at=at)

    def rehash(self, account: int, before: str, after: str) -> None:
        """Keep the same password under a newer hash; no session ends."""
        with self._database.writing() as connection:
            connection.execute(
                update(credentials)
                .where(
                    _of(account, Factor.PASSWORD),
                    credentials.c.secret == before.encode(),
                )
                .values(secret=after.encode())
            )

    def propose_totp(self, account: int, secret: str, *, at: datetime) -> None:
        """Keep the secret of a phone that has not shown a code yet."""
        sealed = self._seal.close(secret, about=_about(account))
        with self._database.writing() as connection:
            _replace(connection, account, _PROPOSED, sealed, at=at)

    def proposed_totp(self, account: int) -> str | None:
        """Return that secret."""
        return self._opened(account, self._secret(account, _PROPOSED))

    def accept_totp(self, account: int, step: int, *, at: datetime) -> bool:
        """Take the proposed secret from now on; False if there is none."""
        with self._database.writing() as connection:
            sealed = connection.scalar(
                delete(credentials)
                .where(_of(account, _PROPOSED))
                .returning(credentials.c.secret)
            )
            if sealed is None:
                return False
            _replace(connection, account, Factor.TOTP, sealed, counter=step, at=at)
            _changed(connection, account, "set up codes", at=at)
        return True

    def totp(self, account: int) -> str | None:
        """Return the secret of the phone."""
        return self._opened(account, self._secret(account, Factor.TOTP))

    def spend_totp(self, account: int, step: int, *, at: datetime) -> bool:
        """Use up the code of a time step and all before; False: used already."""
        with self._database.writing() as connection:
            spent = connection.execute(
                update(credentials)
                .where(_of(account, Factor.TOTP), credentials.c.counter < step)
                .values(counter=step, used_at=at)
            )
        return bool(spent.rowcount)

    def spend_recovery(self, account: int, code: str, *, at: datetime) -> bool:
        """Use up a recovery code; False: it is none, or was used."""
        with self._database.writing() as connection:
            spent = connection.execute(
                delete(credentials).where(
                    _of(account, Factor.RECOVERY),
                    credentials.c.secret == self._hashed(account, code),
                )
            )
            if spent.rowcount:
                _note(connection, account, "use recovery code", at=at)
        return bool(spent.rowcount)

    def set_recovery(self, account: int, codes: Sequence[str], *, at: datetime) -> None:
        """Let these be the recovery codes; no session ends."""
        rows = [
            _row(account, Factor.RECOVERY, self._hashed(account, code), at=at)
            for code in codes
        ]
        with self._database.writing() as connection:
            connection.execute(delete(credentials).where(_of(account, Factor.RECOVERY)))
            connection.execute(insert(credentials), rows)
            _note(connection, account, "make recovery codes", at=at)

    def passkey(self, credential: bytes) -> Passkey | None:
        """Return a passkey by the id that browsers give."""
        found = self._keys(credentials.c.external_id == credential)
        return found[0] if found else None

    def passkeys(self, account: int) -> Sequence[Passkey]:
        """Return somebody's passkeys, the oldest first."""
        return self._keys(credentials.c.account_id == account)

    def add_passkey(
        self,
        account: int,
        *,
        credential: bytes,
        public_key: bytes,
        counter: int,
        name: str,
        at: datetime,
    ) -> bool:
        """Keep a passkey; False: it is known already."""
        row = _row(account, Factor.PASSKEY, public_key, counter=counter, at=at)
        row |= {"external_id": credential, "name": name[:_NAME]}
        with self._database.writing() as connection:
            added = connection.scalar(
                self._database.insert(credentials)
                .values(row)
                .on_conflict_do_nothing()
                .returning(credentials.c.id)
            )
            if added is None:
                return False
            _changed(connection, account, "add passkey", at=at)
        return True

    def used_passkey(self, number: int, counter: int, *, at: datetime) -> bool:
        """Take note of its counter; False: a copy of the key was used since.

        Keys that are kept on several devices count nothing, and say 0 for ever.
        """
        mine = and_(
            credentials.c.id == number, credentials.c.kind == Factor.PASSKEY.value
        )
        grown = credentials.c.counter < counter
        if counter == 0:
            grown = or_(grown, credentials.c.counter == 0)
        with self._database.writing() as connection:
            used = connection.execute(
                update(credentials)
                .where(mine, grown)
                .values(counter=counter, used_at=at)
            )
        return bool(used.rowcount)

    def remove(
        self, account: int, factor: Factor, *, number: int | None = None, at: datetime
    ) -> bool:
        """Forget the phone, or one passkey; False: there was none."""
        chosen = _of(account, factor)
        if number is not None:
            chosen = and_(chosen, credentials.c.id == number)
        with self._database.writing() as connection:
            gone = connection.execute(delete(credentials).where(chosen)).rowcount
            if not gone:
                return False
            left = connection.scalar(
                select(func.count())
                .select_from(credentials)
                .where(
                    or_(_of(account, Factor.TOTP), _of(account, Factor.PASSKEY)),
                )
            )
            if not left:
                connection.execute(
                    delete(credentials).where(_of(account, Factor.RECOVERY))
                )
            _changed(connection, account, f"remove {factor.value}", at=at)
        return True

    def _keys(self, chosen: ColumnElement[bool]) -> Sequence[Passkey]:
        query = (
            select(credentials)
            .where(chosen, credentials.c.kind == Factor.PASSKEY.value)
            .order_by(credentials.c.id)
        )
        with self._database.reading() as connection:
            return [
                Passkey(
                    number=row.id,
                    account=row.account_id,
                    credential=bytes(row.external_id),
                    public_key=bytes(row.secret),
                    counter=row.counter,
                    name=row.name,
                    created_at=row.created_at,
                    used_at=row.used_at,
                )
                for row in connection.execute(query)
            ]

    def _secret(self, account: int, kind: str) -> bytes | None:
        with self._database.reading() as connection:
            found = connection.scalar(
                select(credentials.c.secret).where(_of(account, kind))
            )
        return None if found is None else bytes(found)

    def _opened(self, account: int, sealed: bytes | None) -> str | None:
        if sealed is None:
            return None
        return self._seal.open(sealed, about=_about(account))

    def _hashed(self, account: int, code: str) -> bytes:
        # A keyed hash is enough: a code has 49 random bits, which nobody remembers.
        return hmac.digest(self._pepper, f"{account} {code}".encode(), hashlib.sha256)


def put_password(
    connection: Connection, account: int, hashed: str, *, at: datetime
) -> None:
    """Let this be the password, in the transaction of what is the reason."""
    _replace(connection, account, Factor.PASSWORD, hashed.encode(), at=at)
    end_sessions(connection, account)


def _about(account: int) -> str:
    return f"codes of account {account}"


def _of(account: int, kind: str) -> ColumnElement[bool]:
    return and_(credentials.c.account_id == account, credentials.c.kind == str(kind))


def _row(
    account: int, kind: str, secret: bytes, *, counter: int = 0, at: datetime
) -> dict[str, Any]:
    return {
        "account_id": account,
        "kind": str(kind),
        "name": "",
        "secret": secret,
        "counter": counter,
        "created_at": at,
    }


def _replace(
    connection: Connection,
    account: int,
    kind: str,
    secret: bytes,
    *,
    counter: int = 0,
    at: datetime,
) -> None:
    connection.execute(delete(credentials).where(_of(account, kind)))
    row = _row(account, kind, secret, counter=counter, at=at)
    connection.execute(insert(credentials).values(row))


def _changed(connection: Connection, account: int, verb: str, *, at: datetime) -> None:
    end_sessions(connection, account)
    _note(connection, account, verb, at=at)


def _note(connection: Connection, account: int, verb: str, *, at: datetime) -> None:
    name = f"account {account}"
    audit.record(connection, at=at, actor=name, verb=verb, thing=name)
