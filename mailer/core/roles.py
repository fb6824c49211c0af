"""Who may do what in the console: one table, and what it does not grant is denied."""

from collections.abc import Collection, Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a coordinator is trusted with; an account has any number of them."""

    AUTHOR = "author"  # writes urgent calls
    APPROVER = "approver"  # lets them go out
    MODERATOR = "moderator"  # decides what visitors' requests become
    ADMIN = "admin"  # invites people and gives them roles
    AUDITOR = "auditor"  # reads who did what


class Permission(StrEnum):
    """What a page or a program may be asked to do; every route needs one of them."""

    OWN_ACCOUNT = "own-account"  # one's own password, passkeys, sessions
    OVERVIEW = "overview"  # what is under way, in counts
    WRITE = "write"  # draft and submit an urgent call
    APPROVE = "approve"  # let somebody else's go out
    STOP = "stop"  # pause or end what is being sent
    SETTLE = "settle"  # say what became of what nobody knows of: some may get it twice
    START = "start"  # let sending go on after all of it was stopped
    MODERATE = "moderate"  # accept and decline requests
    SEE_ADDRESSES = "see-addresses"  # unmasked; each look is logged
    ACCOUNTS = "accounts"  # invite, give roles, disable
    AUDIT = "audit"  # read who did what


_EVERYBODY = frozenset(Role)
POLICY: Mapping[Permission, frozenset[Role]] = {
    Permission.OWN_ACCOUNT: _EVERYBODY,
    Permission.OVERVIEW: _EVERYBODY,
    Permission.WRITE: frozenset({Role.AUTHOR, Role.APPROVER}),
    Permission.APPROVE: frozenset({Role.APPROVER}),
    Permission.STOP: frozenset({Role.AUTHOR, Role.APPROVER, Role.ADMIN}),
    Permission.SETTLE: frozenset({Role.APPROVER, Role.ADMIN}),
    Permission.START: frozenset({Role.ADMIN}),
    Permission.MODERATE: frozenset({Role.MODERATOR}),
    Permission.SEE_ADDRESSES: frozenset({Role.MODERATOR}),
    Permission.ACCOUNTS: frozenset({Role.ADMIN}),
    Permission.AUDIT: frozenset({Role.AUDITOR, Role.ADMIN}),
}
# These can mail everybody, or let somebody in who can: a stolen password must not do.
STRONG = frozenset({Role.APPROVER, Role.ADMIN})


def needs_second_factor(roles: Collection[Role]) -> bool:
    """Whether nothing but the own account is open to a password alone."""
    return not STRONG.isdisjoint(roles)


def granted(
    roles: Collection[Role], *, second_factor: bool = True
) -> frozenset[Permission]:
    """Return what somebody with these roles may do, as they have signed in."""
    if not second_factor and needs_second_factor(roles):
        return frozenset({Permission.OWN_ACCOUNT})
    return frozenset(
        permission
        for permission, allowed in POLICY.items()
        if not allowed.isdisjoint(roles)
    )
