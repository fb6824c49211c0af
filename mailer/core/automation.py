"""What a program may do in somebody's name: tokens, their scopes, how long they are good.

A token never grants more than its account's roles do at the moment of the call.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mailer.core.accounts import Account
from mailer.core.roles import Permission, granted

PREFIX = "cm_"  # by which scanners of published code find one that got out
USUALLY = timedelta(days=90)
LONGEST = timedelta(days=365)
MOST = 50  # that are good, of one account
LONGEST_NAME = 80  # characters
_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")


class Scope(StrEnum):
    """One thing that a token is made for."""

    OVERVIEW = "overview"  # mailings, lists and actions, in counts
    READ = "read"  # urgent calls, their previews and reports, and audiences
    WRITE = "write"  # keep, change and check drafts
    SUBMIT = "submit"  # ask for an approval
    APPROVE = "approve"  # let what somebody else wrote go out
    STOP = "stop"  # one mailing, or all of them
    RESUME = "resume"  # go on with one that was stopped
    START = "start"  # go on after everything was stopped


NEEDS: Mapping[Scope, Permission] = {
    Scope.OVERVIEW: Permission.OVERVIEW,
    Scope.READ: Permission.WRITE,
    Scope.WRITE: Permission.WRITE,
    Scope.SUBMIT: Permission.WRITE,
    Scope.APPROVE: Permission.APPROVE,
    Scope.STOP: Permission.STOP,
    Scope.RESUME: Permission.APPROVE,  # what waits leaves after it
    Scope.START: Permission.START,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """What lets a program in, without the secret that it shows."""

    number: int
    account: Account
    name: str
    scopes: frozenset[Scope]
    strong: bool  # made where a second factor had been shown
    made_at: datetime
    until: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def usable(self) -> frozenset[Scope]:
        """Return what it may do now, as far as the account still may."""
        return self.scopes & grantable(self.account, strong=self.strong)

    def is_good(self, at: datetime) -> bool:
        """Whether it lets anybody in."""
        return self.revoked_at is None and at < self.until


def grantable(account: Account, *, strong: bool) -> frozenset[Scope]:
    """Return what a token of this account may do.

    `strong`: a second factor was shown to whoever made it; only then it may approve.
    """
    permissions = granted(account.roles, second_factor=account.has_second_factor)
    may = {scope for scope, needed in NEEDS.items() if needed in permissions}
    if not (strong and account.has_second_factor):
        may.discard(Scope.APPROVE)
    return frozenset(may)


def looks_like_one(words: str) -> bool:
    """Whether it is worth asking the database."""
    return _TOKEN.fullmatch(words) is not None


def in_order(scopes: Collection[Scope]) -> list[str]:
    """Return scopes by name, as they are listed everywhere."""
    return [scope.value for scope in Scope if scope in scopes]
