"""Which page needs which permission: the only place where that is said."""

from collections.abc import Mapping, Sequence

from starlette.routing import Route

from mailer.core.errors import ConfigError
from mailer.core.roles import Permission

ROOT = "/console"
_OWN, _ALL = Permission.OWN_ACCOUNT, Permission.OVERVIEW
_MODERATE, _ADMIN = Permission.MODERATE, Permission.ACCOUNTS
_WRITE, _STOP = Permission.WRITE, Permission.STOP
_STOP, _SETTLE = Permission.STOP, Permission.SETTLE
_READ, _EDIT = Permission.READ_PEOPLE, Permission.EDIT_PEOPLE
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
    # Urgent calls: whoever may stop one sees it.
    "/console/calls": {"GET": _STOP},
    "/console/calls/new": {"GET": _WRITE, "POST": _WRITE},
    "/console/calls/{list}/{edition}": {"GET": _STOP},
    "/console/calls/{list}/{edition}/edit": {"GET": _WRITE, "POST": _WRITE},
    "/console/calls/{list}/{edition}/standing": {"GET": _STOP},
    "/console/calls/{list}/{edition}/preview": {"GET": _WRITE, "POST": _WRITE},
    "/console/calls/{list}/{edition}/message": {"GET": _WRITE},
    "/console/calls/{list}/{edition}/submit": {"POST": _WRITE},
    "/console/calls/{list}/{edition}/approve": {"POST": Permission.APPROVE},
    "/console/calls/{list}/{edition}/stop": {"POST": _STOP},
    "/console/calls/{list}/{edition}/resume": {"POST": Permission.APPROVE},
    "/console/calls/{list}/{edition}/cancel": {"POST": _STOP},
    "/console/calls/{list}/{edition}/test": {"POST": _WRITE},
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
    # organizations, people, lists, actions, settings
    "/console/organizations": {"GET": _READ},
    "/console/organizations/{number}": {"GET": _READ, "POST": _EDIT},
    "/console/organizations/{number}/merge": {"GET": _EDIT, "POST": _EDIT},
    "/console/organizations/{number}/part": {"POST": _EDIT},
    "/console/subscribers": {"GET": _READ, "POST": _READ},
    "/console/subscribers/{number}": {"GET": _READ, "POST": _EDIT},
    "/console/subscribers/{number}/address": {"POST": Permission.SEE_ADDRESSES},
    "/console/subscribers/{number}/data": {"POST": Permission.SEE_ADDRESSES},
    "/console/subscribers/{number}/erase": {"GET": _EDIT, "POST": _EDIT},
    "/console/suppressions": {"GET": _READ, "POST": _EDIT},
    "/console/suppressions/look": {"POST": _READ},
    "/console/lists": {"GET": _ALL},
    "/console/lists/{list}": {"GET": _ALL},
    "/console/lists/{list}/export": {"POST": Permission.EXPORT},
    "/console/actions": {"GET": _ALL},
    "/console/actions/{public_id}": {"GET": _ALL, "POST": _MODERATE},
    "/console/settings": {"GET": Permission.SETTINGS},
    "/console/doctor": {"GET": Permission.SETTINGS, "POST": Permission.SETTINGS},
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
