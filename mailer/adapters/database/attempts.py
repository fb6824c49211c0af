"""How often something was tried, counted by the database for all processes."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, insert, or_, select, update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import attempts, challenges, known_networks
from mailer.core.accounts import CHALLENGED_FOR, KNOWN_FOR, SKEW
from mailer.ports import Bucket

_OCTETS = 32


class SqlAttempts:
    """The port Attempts over tables."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        """Take the secret under which addresses and networks are hashed."""
        self._database = database
        self._pepper = pepper

    def spend(self, buckets: Sequence[Bucket], *, at: datetime) -> bool:
        """Count one attempt in each; False: one of them was full, and none counts."""
        named = {self._name(bucket.name): bucket for bucket in buckets}
        if self._is_full(named, at):  # whoever hammers must not lock out who writes
            return False
        with self._database.writing() as connection:
            for name in sorted(named):  # locked in one order by all
                bucket = named[name]
                if self._count(connection, name, bucket, at) > bucket.most:
                    connection.rollback()
                    return False
        return True

    def _is_full(self, named: dict[bytes, Bucket], at: datetime) -> bool:
        with self._database.reading() as connection:
            rows = connection.execute(
                select(attempts.c.name, attempts.c.times, attempts.c.until).where(
                    attempts.c.name.in_(list(named)), attempts.c.until > at
                )
            ).all()
        return any(
            row.times >= named[bytes(row.name)].most
            and row.until <= _end(named[bytes(row.name)], at) + SKEW
            for row in rows
        )

    def _count(
        self, connection: Connection, name: bytes, bucket: Bucket, at: datetime
    ) -> int:
        until = _end(bucket, at)
        # Also one that a clock began which was ahead: else it locks out for as long.
        over = or_(attempts.c.until <= at, attempts.c.until > until + SKEW)
        return int(
            connection.scalar(
                self._database.insert(attempts)
                .values(name=name, since=at, until=until, times=1)
                .on_conflict_do_update(
                    index_elements=["name"],
                    set_={
                        "times": case((over, 1), else_=attempts.c.times + 1),
                        "since": case((over, at), else_=attempts.c.since),
                        "until": case((over, until), else_=attempts.c.until),
                    },
                )
                .returning(attempts.c.times)
            )
            or 0
        )

    def give_back(self, buckets: Sequence[Bucket]) -> None:
        """Let the last attempt not count: it was no mistake."""
        names = [self._name(bucket.name) for bucket in buckets]
        with self._database.writing() as connection:
            for name in sorted(names):
                connection.execute(
                    update(attempts)
                    .where(attempts.c.name == name, attempts.c.times > 0)
                    .values(times=attempts.c.times - 1)
                )

    def knows(self, account: int, network: str, *, at: datetime) -> bool:
        """Whether somebody has signed in from this network lately."""
        with self._database.reading() as connection:
            found = connection.scalar(
                select(known_networks.c.id).where(
                    known_networks.c.account_id == account,
                    known_networks.c.network == self._network(account, network),
                    known_networks.c.seen_at > at - KNOWN_FOR,
                )
            )
        return found is not None

    def remember(self, account: int, network: str, *, at: datetime) -> None:
        """Take note that they did."""
        with self._database.writing() as connection:
            connection.execute(
                self._database.insert(known_networks)
                .values(
                    account_id=account,
                    network=self._network(account, network),
                    seen_at=at,
                )
                .on_conflict_do_update(
                    index_elements=["account_id", "network"], set_={"seen_at": at}
                )
            )

    def challenge(self, visitor: str, *, at: datetime) -> bytes:
        """Return 32 random bytes for a passkey to sign, for this visitor alone."""
        made = secrets.token_bytes(_OCTETS)
        with self._database.writing() as connection:
            connection.execute(
                insert(challenges).values(
                    hash=_bound(visitor, made), until=at + CHALLENGED_FOR
                )
            )
        return made

    def redeem(self, visitor: str, challenge: bytes, *, at: datetime) -> bool:
        """Use a challenge up; False: not theirs, over, or used."""
        with self._database.writing() as connection:
            used = connection.execute(
                delete(challenges).where(
                    challenges.c.hash == _bound(visitor, challenge),
                    challenges.c.until > at,
                )
            )
        return bool(used.rowcount)

    def sweep(self, *, at: datetime) -> None:
        """Forget what counts no more."""
        with self._database.writing() as connection:
            connection.execute(delete(attempts).where(attempts.c.until <= at))
            connection.execute(delete(challenges).where(challenges.c.until <= at))
            connection.execute(
                delete(known_networks).where(known_networks.c.seen_at <= at - KNOWN_FOR)
            )

    def _name(self, words: str) -> bytes:
        return hmac.digest(self._pepper, f"attempt {words}".encode(), hashlib.sha256)[
            :16
        ]

    def _network(self, account: int, network: str) -> bytes:
        # Of its own for each account, so that rows do not tell who sat together.
        return self._name(f"network {account} {network}")


def _bound(visitor: str, challenge: bytes) -> bytes:
    return hashlib.sha256(visitor.encode() + b"\0" + challenge).digest()


def _end(bucket: Bucket, at: datetime) -> datetime:
    """Return when a bucket is empty again that is begun now."""
    return at + timedelta(seconds=bucket.seconds)
