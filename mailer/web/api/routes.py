"""Everything that programs may ask, under one root."""

from starlette.routing import Route

from mailer.web.api import (
    actions,
    audience,
    blasts,
    decisions,
    lists,
    mailings,
    sending,
)
from mailer.web.api.desk import Automation
from mailer.web.api.gate import Gate


def routes(api: Automation) -> list[Route]:
    """Return the routes, each behind a scope."""
    gate = Gate(api)
    parts = (sending, blasts, decisions, audience, mailings, actions, lists)
    return [route for part in parts for route in part.routes(gate)]
