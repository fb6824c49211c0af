"""The audit log: who did what, when."""

from starlette.responses import Response
from starlette.routing import Route

from mailer.web.console import besides, deeds, paths
from mailer.web.console.door import Door, Visit
from mailer.web.console.things import named

_AT_ONCE = 100  # rows of one page


def routes(door: Door) -> list[Route]:
    """Return the route of the log."""
    return [door.route("/console/audit", get=_show)]


def _show(visit: Visit) -> Response:
    work = visit.desk.work
    found = work.records.latest(
        most=_AT_ONCE + 1,
        before=paths.read(visit.request.query_params.get("before")),
    )
    records = [(one, besides.parts(one)) for one in found[:_AT_ONCE]]
    things = {one.thing for one, _ in records}
    things |= {one.actor for one, _ in records if deeds.kind(one.actor) == "account"}
    things |= {part.thing for _, parts in records for part in parts if part.thing}
    called = named(visit, things)
    return visit.page(
        "audit.html",
        records=records,
        things=called,
        names={thing: one.words for thing, one in called.items()},
        deed=deeds.did,
        doer=deeds.who,
        older=found[_AT_ONCE - 1].number if len(found) > _AT_ONCE else None,
        zone=work.zone.key,
    )
