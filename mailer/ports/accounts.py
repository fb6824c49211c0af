"""Where accounts, what lets them in, and what tried to get in are kept."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from mailer.core.accounts import (
    Account,
    Errand,
    Factor,
    Invitation,
    Passkey,
    Session,
    State,
)
from mailer.core.roles import Role


class Accounts(Protocol):
    """The people who may sign in. Every change is audited in its own transaction."""

    def find(self, address: str) -> Account | None:
        """Return whoever has this address."""
        ...

    def account(self, public_id: str) -> Account:
        """Return one account; raises NotFoundError."""
        ...

    def every(self) -> Sequence[Account]:
        """Return all accounts, the oldest first."""
        ...

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
        ...

    def give(
        self, account: Account, roles: Collection[Role], *, by: str, at: datetime
    ) -> None:
        """Let these be the roles; every session ends, as its rights have changed.

        Raises RefusedError if nobody would be left who can invite people.
        """
        ...

    def turn(self, account: Account, state: State, *, by: str, at: datetime) -> None:
        """Disable an account, which ends its sessions, or let it in again.

        Raises RefusedError if nobody would be left who can invite people.
        """
        ...

    def describe(self, account: Account, *, name: str, language: str) -> None:
        """Keep how they are called and in which language they read."""
        ...


class Credentials(Protocol):
    """What lets somebody in. Every change of it ends all sessions of the account."""

    def password(self, account: int) -> str | None:
        """Return the hash of the password."""
        ...

    def set_password(self, account: int, hashed: str, *, at: datetime) -> None:
        """Let this be the password."""
        ...

    def rehash(self, account: int, before: str, after: str) -> None:
        """Keep the same password under a newer hash; no session ends."""
        ...

    def propose_totp(self, account: int, secret: str, *, at: datetime) -> None:
        """Keep the secret of a phone that has not shown a code yet."""
        ...

    def proposed_totp(self, account: int) -> str | None:
        """Return that secret."""
        ...

    def accept_totp(self, account: int, step: int, *, at: datetime) -> bool:
        """Take the proposed secret from now on; False if there is none."""
        ...

    def totp(self, account: int) -> str | None:
        """Return the secret of the phone."""
        ...

    def spend_totp(self, account: int, step: int, *, at: datetime) -> bool:
        """Use up the code of a time step and all before; False: used already."""
        ...

    def spend_recovery(self, account: int, code: str, *, at: datetime) -> bool:
        """Use up a recovery code; False: it is none, or was used."""
        ...

    def set_recovery(self, account: int, codes: Sequence[str], *, at: datetime) -> None:
        """Let these be the recovery codes; no session ends."""
        ...

    def passkey(self, credential: bytes) -> Passkey | None:
        """Return a passkey by the id that browsers give."""
        ...

    def passkeys(self, account: int) -> Sequence[Passkey]:
        """Return somebody's passkeys, the oldest first."""
        ...

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
        ...

    def used_passkey(self, number: int, counter: int, *, at: datetime) -> bool:
        """Take note of its counter; False: a copy of the key was used since."""
        ...

    def remove(
        self, account: int, factor: Factor, *, number: int | None = None, at: datetime
    ) -> bool:
        """Forget the phone, or one passkey; False: there was none.

        With the last second factor the recovery codes go, too.
        """
        ...


class Sessions(Protocol):
    """Who is signed in; only a hash of what a cookie holds is kept."""

    def begin(
        self, account: int, *, strong: bool, how: Factor, agent: str, at: datetime
    ) -> str:
        """Sign somebody in; returns what the cookie holds, 256 random bits."""
        ...

    def who(self, cookie: str, *, at: datetime, touch: bool = True) -> Session | None:
        """Return whose cookie it is; None: nobody's, ended, or idle for too long.

        Without `touch` it goes on being idle: no person asked.
        """
        ...

    def prove(self, number: int, *, at: datetime) -> None:
        """Take note that it was shown once more who sits there."""
        ...

    def end(self, account: int, number: int | None = None) -> None:
        """End one session of an account, or all."""
        ...

    def listed(self, account: int, *, at: datetime) -> Sequence[Session]:
        """Return somebody's sessions, the latest used first."""
        ...


class Invitations(Protocol):
    """Links that let somebody set a password, once."""

    def make(
        self, account: int, uid: bytes, errand: Errand, *, by: str, at: datetime
    ) -> int:
        """Make a link to whoever has this random id; older ones of theirs end."""
        ...

    def open(self, number: int, uid: bytes, *, at: datetime) -> Invitation | None:
        """Return what a link is for; None: used, over, ended, or never made."""
        ...

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
        ...


class Bucket(NamedTuple):
    """So many attempts in so many seconds, under one name."""

    name: str
    most: int
    seconds: int


class Attempts(Protocol):
    """What tried to get in, counted in every process at once; only hashes are kept."""

    def spend(self, buckets: Sequence[Bucket], *, at: datetime) -> bool:
        """Count one attempt in each; False: one of them was full, and none counts."""
        ...

    def give_back(self, buckets: Sequence[Bucket]) -> None:
        """Let the last attempt not count: it was no mistake."""
        ...

    def knows(self, account: int, network: str, *, at: datetime) -> bool:
        """Whether somebody has signed in from this network lately."""
        ...

    def remember(self, account: int, network: str, *, at: datetime) -> None:
        """Take note that they did."""
        ...

    def challenge(self, visitor: str, *, at: datetime) -> bytes:
        """Return 32 random bytes for a passkey to sign, for this visitor alone."""
        ...

    def redeem(self, visitor: str, challenge: bytes, *, at: datetime) -> bool:
        """Use a challenge up; False: not theirs, over, or used."""
        ...

    def sweep(self, *, at: datetime) -> None:
        """Forget what counts no more."""
        ...


class Hashing(Protocol):
    """Makes and checks hashes of passwords; each takes a quarter of a second."""

    def hash(self, password: str) -> str:
        """Return the hash."""
        ...

    def matches(self, hashed: str | None, password: str) -> bool:
        """Whether it is the password; for no hash the same work, and no."""
        ...

    def is_outdated(self, hashed: str) -> bool:
        """Whether it was made with other parameters than today's."""
        ...


class CodeBook(Protocol):
    """Knows the codes that a phone shows."""

    def secret(self) -> str:
        """Return a new secret for a phone."""
        ...

    def step(self, secret: str, code: str, *, at: datetime) -> int | None:
        """Return the time step that a code is of; None: of none near this moment."""
        ...


class Signed(NamedTuple):
    """What a browser says of a passkey, before anything of it is believed."""

    said: dict[str, Any]
    credential: bytes
    challenge: bytes


class Made(NamedTuple):
    """A new passkey that a browser has proven to have."""

    credential: bytes
    public_key: bytes
    counter: int


class Keys(Protocol):
    """Asks browsers for passkeys, and checks what they answer."""

    def to_make(
        self, account: Account, known: Sequence[Passkey], challenge: bytes
    ) -> str:
        """Return what asks a browser for a new passkey, as JSON."""
        ...

    def to_sign_in(self, challenge: bytes) -> str:
        """Return what asks a browser for a passkey of this site, as JSON."""
        ...

    def read(self, words: str) -> Signed:
        """Take an answer apart; raises InputError if it is none."""
        ...

    def made(self, answer: Signed) -> Made:
        """Return the new passkey; raises InputError if the answer proves none."""
        ...

    def counter(self, answer: Signed, passkey: Passkey, handle: bytes) -> int:
        """Return how often the passkey was used; raises InputError if unproven."""
        ...
