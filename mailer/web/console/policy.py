"""Which page needs which permission: the only place where that is said."""

from collections.abc import Mapping, Sequence

from starlette.routing import Route

from mailer.core.errors import ConfigError
from mailer.core.roles import Permission

ROOT = "/console"
_OWN, _ALL = Permission.OWN_ACCOUNT, Permission.OVERVIEW
_MODERATE, _ADMIN = Permission.MODERATE, Permission.ACCOUNTS
_STOP, _SETTLE = Permission.STOP, Permission.SETTLE
_ANYBODY = None  # whoever is signed out as well

Rules = Mapping[str, Mapping[str, Permission | None]]

RULES: Rules = {
    "/console": {"GET": _ALL},
    "/console/running": {"GET": _ALL},
    "/console/sign-in": {"GET": _ANYBODY, "POST": _ANYBODY},
    "/console/sign-in/passkey": {"POST": _ANYBODY},
    "/console/passkey": {"POST": _ANYBODY},
    "/console/set-up/{token}": {"GET": _ANYBODY, "POST": _ANYBODY},
    "/console/static/{file}": {"GET": _ANYBODY},
    "/console/sign-out": {"POST": _OWN},
    "/console/language": {"POST": _OWN},
    "/console/account": {"GET": _OWN, "POST": _OWN},
    "/console/account/proof": {"POST": _OWN},
    "/console/account/password": {"POST": _OWN},
    "/console/account/codes": {"GET": _OWN, "POST": _OWN},
    "/console/account/codes.png": {"GET": _OWN},
    "/console/account/passkeys": {"POST": _OWN},
    "/console/account/passkeys/new": {"POST": _OWN},
    "/console/account/recovery": {"POST": _OWN},
    "/console/account/sessions": {"POST": _OWN},
    # tokens of programs
    "/console/account/tokens": {"GET": _OWN, "POST": _OWN},
    "/console/requests": {"GET": _MODERATE},
    "/console/requests/{number}": {"GET": _MODERATE, "POST": _MODERATE},
    "/console/requests/{number}/address": {"POST": Permission.SEE_ADDRESSES},
    "/console/accounts": {"GET": _ADMIN, "POST": _ADMIN},
    "/console/accounts/{account}": {"GET": _ADMIN, "POST": _ADMIN},
    "/console/audit": {"GET": Permission.AUDIT},
    # mailings that were made
    "/console/mailings": {"GET": _ALL},
    "/console/mailings/{number}": {"GET": _ALL},
    "/console/mailings/{number}/report": {"POST": _ALL},
    "/console/mailings/{number}/halt": {"GET": _STOP, "POST": _STOP},
    "/console/live": {"GET": _ALL},
    "/console/stop": {"GET": _STOP, "POST": _STOP},
    "/console/start": {"POST": Permission.START},
    "/console/parked": {"GET": _SETTLE, "POST": _SETTLE},
    "/console/corrections": {"GET": _MODERATE},
    "/console/corrections/{action}": {"GET": _MODERATE, "POST": _MODERATE},
}


def rule(rules: Rules, path: str, method: str) -> Permission | None:
    """Return what a request needs; HEAD is asked as GET is."""
    return rules[path]["GET" if method == "HEAD" else method]


def check(routes: Sequence[Route], rules: Rules = RULES) -> None:
    """Refuse to start with a page that nobody has said who may open.

    Raises ConfigError naming it.
    """
    served = {
        (route.path, method)
        for route in routes
        for method in (route.methods or set()) - {"HEAD"}
    }
    ruled = {(path, method) for path, each in rules.items() for method in each}
    for path, method in sorted(served - ruled):
        raise ConfigError(
            f"{method} {path}: no entry says who may; add one in web/console/policy.py"
        )
    for path, method in sorted(ruled - served):
        raise ConfigError(
            f"{method} {path}: there is an entry and no page; take it out of"
            " web/console/policy.py"
        )
