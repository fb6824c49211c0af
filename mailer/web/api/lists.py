"""The lists: how many are on each, and when its next edition is due."""

from starlette.responses import Response
from starlette.routing import Route

from mailer.core.automation import Scope
from mailer.pipeline import describe
from mailer.web.api.gate import Call, Gate, answered, asks


def routes(gate: Gate) -> list[Route]:
    """Return the route of the lists."""
    return [gate.route("/lists", get=asks(Scope.OVERVIEW, _every))]


def _every(call: Call) -> Response:
    counts, at = call.api.counts(), call.at
    rows = [
        describe.mailing_list(each, counts.get(slug, {}), at)
        for slug, each in call.api.lists.items()
    ]
    return answered({"lists": rows})
