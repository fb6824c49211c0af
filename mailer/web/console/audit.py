"""The audit log: who did what, when."""

from collections.abc import Collection, Mapping

from starlette.responses import Response
from starlette.routing import Route

from mailer.core.errors import NotFoundError
from mailer.web.console.door import Door, Visit

_AT_ONCE = 100  # rows of one page
_MOST_DIGITS = 18


def routes(door: Door) -> list[Route]:
    """Return the route of the log."""
    return [door.route("/console/audit", get=_show)]


def _show(visit: Visit) -> Response:
    work = visit.desk.work
    written = visit.request.query_params.get("before", "")
    readable = written.isascii() and written.isdigit() and len(written) <= _MOST_DIGITS
    found = work.records.latest(
        most=_AT_ONCE + 1, before=int(written) if readable else None
    )
    records = found[:_AT_ONCE]
    names = {one.actor: visit.desk.name(one) for one in work.accounts.every()}
    return visit.page(
        "audit.html",
        records=records,
        names=names,
        headlines=_headlines(visit, {one.thing for one in records}),
        older=records[-1].number if len(found) > _AT_ONCE else None,
        zone=work.zone.key,
    )


def _headlines(visit: Visit, things: Collection[str]) -> Mapping[str, str]:
    """Return how the calls among them are called; of one that is gone, nothing."""
    found: dict[str, str] = {}
    for thing in things:
        kind, _, name = thing.partition(" ")
        if kind != "blast":
            continue
        try:
            draft = visit.desk.work.calls.blasts.find(name).draft
        except NotFoundError:
            continue
        found[thing] = draft.wording(visit.language).subject
    return found
