"""Somebody at the door → a session, or no; the same no for every reason.

What may be tried is counted before a password is looked at, for that takes a quarter
of a second. Whoever tries somebody else's address fills what strangers may try: from
a network that the account has signed in from, and with a passkey, it stays open.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailer.core.accounts import (
    Account,
    Factor,
    Session,
    State,
    as_digits,
    as_recovery,
)
from mailer.core.errors import InputError
from mailer.core.tokens import normalize
from mailer.ports import (
    Accounts,
    Attempts,
    Bucket,
    CodeBook,
    Credentials,
    Hashing,
    Keys,
    Sessions,
)

WINDOW = 15 * 60  # seconds in which attempts are counted
_EACH = 10  # wrong passwords of one address
_NETWORK = 30  # a whole meeting may sit behind one address
_STRANGERS = 300  # from everywhere together: 75 seconds of a processor
_KEYS = 60  # passkeys of one network; they cost little


class Refusal(StrEnum):
    """Why somebody is not let in, as far as they are told."""

    WRONG = "wrong"
    TOO_MANY = "too-many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What became of an attempt to sign in."""

    cookie: str | None = None
    account: Account | None = None
    refusal: Refusal | None = None


_WRONG = Entry(refusal=Refusal.WRONG)
_TOO_MANY = Entry(refusal=Refusal.TOO_MANY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorkeeper:
    """Lets people in."""

    accounts: Accounts
    credentials: Credentials
    sessions: Sessions
    attempts: Attempts
    passwords: Hashing
    codes: CodeBook
    keys: Keys
    clock: Callable[[], datetime]

    def by_password(
        self, address: str, password: str, code: str, *, network: str, agent: str
    ) -> Entry:
        """Sign in with a password, and a code of the phone or of recovery if set up."""
        at = self.clock()
        account = self.accounts.find(address)
        buckets = self._buckets(account, address, network, at)
        if not self.attempts.spend(buckets, at=at):
            return _TOO_MANY
        number = account.number if account else 0
        hashed = self.credentials.password(number)
        active = account is not None and account.state is State.ACTIVE
        right = self.passwords.matches(hashed if active else None, password)
        if account is None or not right or not self._proves(account, code, at):
            return _WRONG
        self.attempts.give_back(buckets)
        if hashed and self.passwords.is_outdated(hashed):
            self.credentials.rehash(number, hashed, self.passwords.hash(password))
        return self._in(
            account,
            strong=account.has_second_factor,
            how=Factor.PASSWORD,
            network=network,
            agent=agent,
        )

    def by_passkey(self, said: str, *, visitor: str, network: str, agent: str) -> Entry:
        """Sign in with a passkey, which stands for both factors."""
        at = self.clock()
        if not self._may_use_key(network, at):
            return _TOO_MANY
        try:
            answer = self.keys.read(said)
            passkey = self.credentials.passkey(answer.credential)
            fresh = self.attempts.redeem(visitor, answer.challenge, at=at)
            account = self._owner(passkey.account) if passkey else None
            if passkey is None or account is None or not fresh:
                return _WRONG
            counter = self.keys.counter(answer, passkey, account.handle)
        except InputError:
            return _WRONG
        if not self.credentials.used_passkey(passkey.number, counter, at=at):
            return _WRONG
        return self._in(
            account, strong=True, how=Factor.PASSKEY, network=network, agent=agent
        )

    def ask_for_passkey(self, visitor: str, *, network: str) -> str | None:
        """Return what asks a browser for a passkey, as JSON; None: too often."""
        at = self.clock()
        if not self._may_use_key(network, at):
            return None
        return self.keys.to_sign_in(self.attempts.challenge(visitor, at=at))

    def prove(self, session: Session, password: str) -> Refusal | None:
        """Take note that whoever is signed in knows the password; else why not."""
        at, number = self.clock(), session.account.number
        buckets = [Bucket(f"proof {number}", _EACH, WINDOW)]
        if not self.attempts.spend(buckets, at=at):
            return Refusal.TOO_MANY
        if not self.passwords.matches(self.credentials.password(number), password):
            return Refusal.WRONG
        self.attempts.give_back(buckets)
        self.sessions.prove(session.number, at=at)
        return None

    def welcome(self, account: Account, *, network: str, agent: str) -> Entry:
        """Sign in whoever has just set their first password."""
        return self._in(
            account, strong=False, how=Factor.PASSWORD, network=network, agent=agent
        )

    def _in(
        self, account: Account, *, strong: bool, how: Factor, network: str, agent: str
    ) -> Entry:
        at = self.clock()
        cookie = self.sessions.begin(
            account.number, strong=strong, how=how, agent=agent, at=at
        )
        self.attempts.remember(account.number, network, at=at)
        return Entry(cookie=cookie, account=account)

    def _buckets(
        self, account: Account | None, address: str, network: str, at: datetime
    ) -> Sequence[Bucket]:
        if account and self.attempts.knows(account.number, network, at=at):
            return [Bucket(f"known {account.number} {network}", _EACH, WINDOW)]
        return [
            Bucket(f"network {network}", _NETWORK, WINDOW),
            Bucket(f"address {normalize(address)}", _EACH, WINDOW),
            Bucket("strangers", _STRANGERS, WINDOW),
        ]

    def _may_use_key(self, network: str, at: datetime) -> bool:
        bucket = Bucket(f"keys {network}", 2 * _KEYS, WINDOW)  # asked, and answered
        return self.attempts.spend([bucket], at=at)

    def _owner(self, number: int) -> Account | None:
        found = [one for one in self.accounts.every() if one.number == number]
        return found[0] if found and found[0].state is State.ACTIVE else None

    def _proves(self, account: Account, code: str, at: datetime) -> bool:
        """Whether the second factor is right; who has set up none owes none yet."""
        if not account.has_second_factor:
            return True
        digits, recovery = as_digits(code), as_recovery(code)
        if digits and account.totp:
            secret = self.credentials.totp(account.number)
            step = secret and self.codes.step(secret, digits, at=at)
            return bool(step) and self.credentials.spend_totp(
                account.number, int(step or 0), at=at
            )
        return recovery is not None and self.credentials.spend_recovery(
            account.number, recovery, at=at
        )
