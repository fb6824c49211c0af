"""Mailings: which there were, how far one is, hold it, go on, end it."""

from dataclasses import asdict
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from mailer.core.automation import Scope
from mailer.core.errors import NotFoundError
from mailer.pipeline.halt import Halter
from mailer.ports import Mailing
from mailer.web.api import bodies
from mailer.web.api.gate import Call, Gate, acts, answered, asks

_MOST = 100  # mailings in one answer, the newest
_PATH = "/mailings"
_ONE = f"{_PATH}/{{list}}/{{edition}}"


def routes(gate: Gate) -> list[Route]:
    """Return the routes of what is sent, or was."""
    return [
        gate.route(_PATH, get=asks(Scope.OVERVIEW, _list)),
        gate.route(_ONE, get=asks(Scope.OVERVIEW, _show)),
        gate.route(f"{_ONE}/pause", post=acts(Scope.STOP, _pause)),
        gate.route(f"{_ONE}/resume", post=acts(Scope.RESUME, _resume)),
        gate.route(f"{_ONE}/cancel", post=acts(Scope.STOP, _cancel)),
    ]


def _list(call: Call) -> Response:
    found = call.api.following.page((), most=_MOST)
    return answered({"mailings": [_row(each) for each in found]})


def _row(mailing: Mailing) -> dict[str, Any]:
    return {
        "mailing": _name(mailing),
        "kind": mailing.kind,
        "state": mailing.state,
        "due_at": mailing.due_at,
    }


def _name(mailing: Mailing) -> str:
    return f"{mailing.list_slug}/{mailing.edition}"


def _show(call: Call) -> Response:
    return _standing(call, _found(call))


def _standing(call: Call, mailing: Mailing) -> Response:
    ledger = call.api.ledger
    return answered(
        {
            "kind": mailing.kind,
            **asdict(ledger.standing(mailing.id)),
            "in_hand": ledger.in_hand(mailing.id),
        }
    )


def _found(call: Call) -> Mailing:
    path = call.request.path_params
    found = call.api.ledger.mailing(path["list"], path["edition"])
    if found is None or found.is_note:
        raise NotFoundError(f"there is no mailing {call.named}")
    return found


def _pause(call: Call) -> Response:
    mailing, reason = _found(call), bodies.reason(call.said, "paused by a person")
    _halter(call).pause(mailing, reason=reason)
    return _standing(call, mailing)


def _resume(call: Call) -> Response:
    mailing, reason = _found(call), bodies.reason(call.said, "resumed by a person")
    _halter(call).resume(mailing, reason=reason)
    return _standing(call, mailing)


def _cancel(call: Call) -> Response:
    mailing, reason = _found(call), bodies.reason(call.said, "cancelled by a person")
    _halter(call).cancel(mailing, reason=reason)
    return _standing(call, mailing)


def _halter(call: Call) -> Halter:
    return call.api.halter(call.token.account)
