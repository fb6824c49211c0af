"""What lets somebody in, changed by themselves; it signs them out everywhere else."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.core.accounts import (
    RECOVERY_CODES,
    Factor,
    Session,
    as_digits,
    recovery_code,
)
from mailer.core.errors import InputError, RefusedError
from mailer.core.roles import needs_second_factor
from mailer.ports import (
    Attempts,
    Bucket,
    CodeBook,
    Credentials,
    Hashing,
    Keys,
    Sessions,
)

_TRIES = Bucket("", 20, 15 * 60)
_RANDOM = 16  # octets per code


@dataclass(frozen=True, slots=True, kw_only=True)
class Locksmith:
    """Changes the locks of somebody who is signed in; returns their new cookie."""

    credentials: Credentials
    sessions: Sessions
    attempts: Attempts
    passwords: Hashing
    codes: CodeBook
    keys: Keys
    clock: Callable[[], datetime]

    def set_password(self, session: Session, password: str) -> str:
        """Let this be the password."""
        hashed = self.passwords.hash(password)
        number = session.account.number
        self.credentials.set_password(number, hashed, at=self.clock())
        return self._again(session, strong=session.strong)

    def propose_codes(self, session: Session) -> str:
        """Return a new secret for a phone; nothing changes until it shows a code."""
        secret = self.codes.secret()
        number = session.account.number
        self.credentials.propose_totp(number, secret, at=self.clock())
        return secret

    def accept_codes(self, session: Session, typed: str) -> str | None:
        """Take the phone from now on, if this is its code."""
        at, number = self.clock(), session.account.number
        bucket = _TRIES._replace(name=f"proposed {number}")
        if not self.attempts.spend([bucket], at=at):
            return None
        secret, digits = self.credentials.proposed_totp(number), as_digits(typed)
        if secret is None or digits is None:
            return None
        step = self.codes.step(secret, digits, at=at)
        if step is None or not self.credentials.accept_totp(number, step, at=at):
            return None
        return self._again(session, strong=True)

    def ask_for_key(self, session: Session, visitor: str) -> str:
        """Return what asks the browser for a new passkey, as JSON."""
        account = session.account
        known = self.credentials.passkeys(account.number)
        challenge = self.attempts.challenge(visitor, at=self.clock())
        return self.keys.to_make(account, known, challenge)

    def add_key(self, session: Session, said: str, *, visitor: str, name: str) -> str:
        """Take a passkey from now on; raises InputError if it proves nothing."""
        at = self.clock()
        answer = self.keys.read(said)
        if not self.attempts.redeem(visitor, answer.challenge, at=at):
            raise InputError("that took too long; try again")
        made = self.keys.made(answer)
        if not self.credentials.add_passkey(
            session.account.number,
            credential=made.credential,
            public_key=made.public_key,
            counter=made.counter,
            name=name,
            at=at,
        ):
            raise InputError("this passkey is known already")
        return self._again(session, strong=True)

    def remove(
        self, session: Session, factor: Factor, number: int | None = None
    ) -> str | None:
        """Forget a second factor; None: there was none.

        Raises RefusedError for the last one of somebody whose roles need one.
        """
        account = session.account
        last = account.totp + account.passkeys <= 1
        if last and needs_second_factor(account.roles):
            raise RefusedError("your roles need a second factor: set up another first")
        gone = self.credentials.remove(
            account.number, factor, number=number, at=self.clock()
        )
        return self._again(session, strong=not last) if gone else None

    def recovery(self, session: Session) -> Sequence[str]:
        """Return new recovery codes, which nobody can be shown again."""
        made = [
            recovery_code(secrets.token_bytes(_RANDOM)) for _ in range(RECOVERY_CODES)
        ]
        self.credentials.set_recovery(session.account.number, made, at=self.clock())
        return made

    def _again(self, session: Session, *, strong: bool) -> str:
        return self.sessions.begin(
            session.account.number,
            strong=strong,
            how=session.how,
            agent=session.agent,
            at=self.clock(),
        )
