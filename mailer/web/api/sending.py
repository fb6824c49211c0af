"""All sending: whether it is stopped, stop it, start it; and whose token this is."""

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from mailer.core.automation import Scope, in_order
from mailer.web.api import bodies
from mailer.web.api.gate import Call, Gate, acts, answered, asks


def routes(gate: Gate) -> list[Route]:
    """Return the routes of everything at once."""
    return [
        gate.route("", get=asks(None, _self)),
        gate.route("/stop", post=acts(Scope.STOP, _stop)),
        gate.route("/start", post=acts(Scope.START, _start)),
    ]


def _self(call: Call) -> Response:
    token = call.token
    return answered(
        {
            "account": token.account.public_id,
            "token": {
                "number": token.number,
                "name": token.name,
                "scopes": in_order(token.usable),
                "until": token.until,
            },
            "sending": _sending(call),
        }
    )


def _sending(call: Call) -> dict[str, Any]:
    stop = call.api.switch.stopped()
    return {
        "stopped": stop is not None,
        "reason": stop.reason if stop else None,
        "since": stop.since if stop else None,
        "in_hand": call.api.ledger.in_hand(None),
    }


def _stop(call: Call) -> Response:
    reason = bodies.reason(call.said, "stopped by a person")
    call.api.switch.stop(reason=reason, actor=call.actor, at=call.at)
    return answered(_sending(call))


def _start(call: Call) -> Response:
    bodies.only(call.said, ())
    before = call.api.switch.start(actor=call.actor, at=call.at)
    return answered({**_sending(call), "was": before.reason if before else None})
