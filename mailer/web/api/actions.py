"""The actions to come."""

from starlette.responses import Response
from starlette.routing import Route

from mailer.core.automation import Scope
from mailer.pipeline import describe
from mailer.web.api.gate import Call, Gate, answered, asks


def routes(gate: Gate) -> list[Route]:
    """Return the route of the actions, soonest first."""
    return [gate.route("/actions", get=asks(Scope.OVERVIEW, _coming))]


def _coming(call: Call) -> Response:
    found = call.api.coming()
    return answered({"actions": [describe.action(*each) for each in found]})
