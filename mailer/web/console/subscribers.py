"""Subscribers: looked up by address, or listed by organization, list and state."""

from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from mailer.core.errors import InputError
from mailer.ports.readership import Sought
from mailer.web.console import paths
from mailer.web.console.door import Door, Visit

PATH = "/console/subscribers"
STATES = ("active", "pending", "ended")
_UNREADABLE, _NOT_FOUND = 422, 404
_LONGEST = 300


def routes(door: Door) -> list[Route]:
    """Return the routes of the list, and of looking somebody up."""
    return [door.route(PATH, get=_list, post=_find)]


def _list(visit: Visit, status: int = 200, troubles: tuple[str, ...] = ()) -> Response:
    work, site = visit.desk.work, visit.desk.site
    name, slug = (
        paths.asked(visit, "organization", _LONGEST),
        paths.asked(visit, "list"),
    )
    state = paths.asked(visit, "state")
    numbers = {one.slug: number for number, one in site.lists.items()}
    organization = work.holdings.register.number(name) if name else None
    unknown = bool(name) and organization is None
    found = (
        []
        if unknown
        else work.holdings.readership.page(
            Sought(
                organization=organization,
                list_number=numbers.get(slug),
                state=state if state in STATES else None,
            ),
            before=paths.read(visit.request.query_params.get("before")),
            most=paths.AT_ONCE + 1,
        )
    )
    rows = found[: paths.AT_ONCE]
    chosen = {"organization": name, "list": slug, "state": state}
    more = {key: value for key, value in chosen.items() if value}
    onward = {**more, "before": rows[-1].number} if len(found) > len(rows) else None
    return visit.page(
        "subscribers.html",
        status,
        rows=rows,
        chosen=chosen,
        states=STATES,
        titles=titles(visit),
        unknown=unknown,
        onward=urlencode(onward) if onward else None,
        troubles=troubles,
    )


def titles(visit: Visit) -> dict[str, str]:
    """Return the lists' titles by slug."""
    lists = visit.desk.site.lists.values()
    return {each.slug: each.title(visit.language) for each in lists}


def _find(visit: Visit) -> Response:
    """Lead to whoever has an address; it is posted, so that no log has it."""
    try:
        address = visit.desk.site.check_address(visit.form.get("email", ""))
    except InputError:
        return _list(visit, _UNREADABLE, ("email",))
    found = visit.desk.work.holdings.readership.find(address)
    if found is None:
        return _list(visit, _NOT_FOUND, ("nobody",))
    return visit.to(f"{PATH}/{found}")
