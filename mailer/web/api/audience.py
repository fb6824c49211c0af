"""Whom a rule means, how many would get a blast now, and who would not, and why."""

from starlette.responses import Response
from starlette.routing import Route

from mailer.core import rule as rules
from mailer.core.automation import Scope
from mailer.core.errors import InputError
from mailer.pipeline import describe
from mailer.web.api import bodies
from mailer.web.api.gate import Call, Gate, answered, asks


def routes(gate: Gate) -> list[Route]:
    """Return the route of the card."""
    return [gate.route("/audience", post=asks(Scope.READ, _card))]


def _card(call: Call) -> Response:
    sent = call.said
    bodies.only(sent, ("list", "rule", "urgent"))
    slug = bodies.text(sent, "list", "")
    if slug not in call.api.lists:
        raise InputError(f"list: name one of {', '.join(call.api.lists)}")
    rule = rules.read(sent.get("rule", {"include": []}), name="rule")
    try:
        located, card, terms = call.api.audience(
            rule, slug, bodies.flag(sent, "urgent")
        )
    except InputError as error:
        raise InputError(f"rule: {error}") from None
    return answered(describe.audience(located, card, terms))
