"""The mailing lists as their files define them, and who is on them, in figures."""

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from mailer.adapters import sheets
from mailer.core import editions
from mailer.core.lists import MailingList
from mailer.web.console.door import Door, Visit

PATH = "/console/lists"
_NOT_FOUND = 404
_COLUMNS = ("email", "organization", "place", "language", "consent_at")


def routes(door: Door) -> list[Route]:
    """Return the routes of lists."""
    return [
        door.route(PATH, get=_list),
        door.route(f"{PATH}/{{list}}", get=_show),
        door.route(f"{PATH}/{{list}}/export", post=_export),
    ]


def _list(visit: Visit) -> Response:
    tally = visit.desk.work.holdings.tally()
    lists = visit.desk.site.lists.values()
    return visit.page(
        "lists.html",
        lists=[(one, tally.get(one.slug, {}), _due(visit, one)) for one in lists],
    )


def _show(visit: Visit) -> Response:
    number, one = _found(visit)
    return visit.page(
        "list.html",
        number=number,
        one=one,
        counts=visit.desk.work.holdings.tally().get(one.slug, {}),
        due=_due(visit, one),
    )


def _found(visit: Visit) -> tuple[int, MailingList]:
    slug = visit.request.path_params["list"]
    for number, one in visit.desk.site.lists.items():
        if one.slug == slug:
            return number, one
    raise HTTPException(_NOT_FOUND)


def _due(visit: Visit, one: MailingList) -> object:
    if one.cadence is None:
        return None
    return editions.next_due(one.cadence, visit.desk.now).due_at


def _export(visit: Visit) -> Response:
    """Hand out who gets a list; that is on record before the first row leaves."""
    number, one = _found(visit)
    rows = visit.desk.work.holdings.readership.export(
        number, by=visit.by, at=visit.desk.now
    )
    day = visit.desk.local(visit.desk.now).date().isoformat()
    return StreamingResponse(
        sheets.written(
            _COLUMNS,
            (
                (
                    row.address,
                    row.organization,
                    row.place,
                    row.language,
                    row.consented_on.isoformat() if row.consented_on else None,
                )
                for row in rows
            ),
        ),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{one.slug}-{day}.csv"'},
    )
