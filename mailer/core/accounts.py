"""People who sign in to the console, and how long what lets them in is good."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from mailer.core.roles import Permission, Role, granted, needs_second_factor

IDLE = timedelta(hours=2)  # a session that nobody uses ends
LONGEST = timedelta(hours=12)  # and every other after a day's work
SKEW = timedelta(minutes=5)  # by which the clocks of two machines may differ
FRESH = timedelta(minutes=15)  # so long nobody is asked for the password again
INVITED_FOR = timedelta(hours=48)
KNOWN_FOR = timedelta(days=60)  # a network from which somebody has signed in
CHALLENGED_FOR = timedelta(minutes=5)
RECOVERY_CODES = 10
SHORTEST = 12  # characters of a password (NIST SP 800-63B-4 §3.1.1.2 asks 8 with MFA)
MOST = 200  # characters; a longer one is no better and costs time
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without look-alikes
_CODE = re.compile(r"[a-z0-9]{10}")
_DIGITS = re.compile(r"[0-9]{6}")


class State(StrEnum):
    """How far somebody has come."""

    INVITED = "invited"  # has no password yet
    ACTIVE = "active"
    DISABLED = "disabled"


class Errand(StrEnum):
    """What a link to the console is for."""

    INVITE = "invite"  # a first password; it signs in, as there is nothing to steal
    RESET = "reset"  # another password; it never signs in


class Factor(StrEnum):
    """What somebody signs in with."""

    PASSWORD = "password"  # noqa: S105 - its name
    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may sign in."""

    number: int
    public_id: str  # 22 characters, random
    handle: bytes = field(repr=False)  # what passkeys know them by, 32 random bytes
    address: str = field(repr=False)
    name: str
    language: str
    roles: frozenset[Role]
    state: State
    created_at: datetime
    signed_in_at: datetime | None = None
    totp: bool = False
    passkeys: int = 0
    recovery_left: int = 0

    @property
    def has_second_factor(self) -> bool:
        """Whether a password alone does not let them in."""
        return self.totp or self.passkeys > 0

    @property
    def actor(self) -> str:
        """Return how records name them, without name or address."""
        return actor(self.number)

    @property
    def called(self) -> str:
        """Return how others read of them; whoever has not said a name, by address."""
        return self.name or self.address


def actor(number: int) -> str:
    """Return how records name the account of this number."""
    return f"account {number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody's browser, signed in."""

    number: int
    account: Account
    strong: bool  # a second factor, or a passkey, was shown
    how: Factor
    agent: str  # the browser in its own words
    began_at: datetime
    seen_at: datetime
    proven_at: datetime  # when it was last shown who sits there

    @property
    def permissions(self) -> frozenset[Permission]:
        """Return what they may do in this session."""
        return granted(self.account.roles, second_factor=self.strong)

    @property
    def owes_second_factor(self) -> bool:
        """Whether nothing else is open to them until they set one up."""
        return not self.strong and needs_second_factor(self.account.roles)

    def is_fresh(self, now: datetime) -> bool:
        """Whether what lets them in may be changed without asking who they are."""
        return -SKEW <= now - self.proven_at < FRESH


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A key pair whose private half never leaves somebody's device."""

    number: int
    account: int
    credential: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    counter: int
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A link to the console that is still good."""

    number: int
    account: Account
    errand: Errand
    until: datetime


def recovery_code(random: bytes) -> str:
    """Return a code of ten characters (49 bits) from at least ten random bytes."""
    # 31 characters do not divide 256: the unevenness costs a fiftieth of a bit.
    return "".join(_ALPHABET[octet % len(_ALPHABET)] for octet in random[:10])


def shown(code: str) -> str:
    """Write a recovery code so that it can be copied by hand."""
    return f"{code[:5]}-{code[5:]}"


def as_recovery(typed: str) -> str | None:
    """Return the recovery code that was typed, or None if it is none."""
    code = typed.casefold().replace("-", "").replace(" ", "")
    return code if _CODE.fullmatch(code) else None


def as_digits(typed: str) -> str | None:
    """Return the six digits that were typed, or None if there are not six."""
    digits = typed.replace(" ", "")
    return digits if _DIGITS.fullmatch(digits) else None


def is_acceptable(password: str, *, address: str, name: str = "") -> bool:
    """Whether a password is long enough and not what everybody would try first."""
    if not SHORTEST <= len(password) <= MOST or len(set(password)) < _KINDS:
        return False
    folded = password.casefold()
    local, _, domain = address.casefold().partition("@")
    named = [local, *domain.split("."), *name.casefold().split()]
    rest = folded
    for word in [*named, *_COMMON]:
        if len(word) >= _WORD:
            rest = rest.replace(word, "")
    return len(rest.strip("0123456789!.-_ ")) >= _REST


_KINDS = 5  # different characters
_WORD = 4  # characters of a word that is taken out
_REST = 5  # letters that must be left
_COMMON = ("password", "contraseña", "qwerty", "letmein", "welcome", "mailer", "abcdef")
