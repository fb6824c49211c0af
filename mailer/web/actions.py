"""The public pages: what takes place, and one action with its calendar file."""

from datetime import date, datetime
from itertools import groupby
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.adapters.calendar import calendar_file
from mailer.core.model import Action, Facts
from mailer.web.event import event
from mailer.web.site import Site

_NOT_FOUND = 404
# The page depends on the browser's language, so caches must keep one per language.
_SHORT = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Language"}


def routes(site: Site) -> list[Route]:
    """Return the routes that everybody may read."""

    def every(request: Request) -> Response:
        return _every(site, request)

    def calendar(request: Request) -> Response:
        return _calendar(site, request, _found(site, request))

    def one(request: Request) -> Response:
        return _one(site, request, _found(site, request))

    return [
        Route("/actions", every),
        Route("/actions/{public_id}.ics", calendar),
        Route("/actions/{public_id}", one),
    ]


def _found(site: Site, request: Request) -> Action:
    action = site.actions.action(request.path_params["public_id"])
    if action is None:
        raise HTTPException(_NOT_FOUND)
    return action


def _every(site: Site, request: Request) -> Response:
    actions = sorted(site.actions.upcoming(site.now()), key=_order)
    days = [
        (day, list(same_day))
        for day, same_day in groupby(actions, lambda action: action.facts.start_date)
    ]
    on = [action for action in actions if not action.facts.status.is_off]
    page = site.page(
        "actions.html",
        site.language(request),
        days=days,
        count=len(on),
        first=on[0].facts.start_date if on else None,
        last=on[-1].facts.start_date if on else None,
    )
    page.headers.update(_SHORT)
    return page


def _order(action: Action) -> tuple[date, bool, str, str, int]:
    facts = action.facts
    place = facts.place.label.casefold()
    clock = facts.start_time.isoformat() if facts.start_time else ""
    return facts.start_date, facts.status.is_off, place, clock, action.id


def _one(site: Site, request: Request, action: Action) -> Response:
    facts = action.facts.public
    page = site.page(
        "action.html",
        site.language(request),
        action=action,
        facts=facts,
        over=_is_over(facts, site.now()),
        more_url=_web(facts.url),
        event=event(
            facts,
            name=_name(site, facts),
            url=f"{site.base_url}/actions/{action.public_id}",
            more_url=_web(facts.url),
        ),
    )
    page.headers.update(_SHORT)
    return page


def _calendar(site: Site, request: Request, action: Action) -> Response:
    facts = action.facts.public
    language = site.language(request)
    file = calendar_file(
        action,
        domain=site.domain,
        url=f"{site.base_url}/actions/{action.public_id}",
        summary=_name(site, facts),
        description=site.pages.render("action.txt", language, facts=facts).strip(),
        stamp=site.now(),
    )
    name = f"{facts.start_date.isoformat()}-action.ics"
    disposition = f'attachment; filename="{name}"'
    return Response(
        file,
        media_type="text/calendar; charset=utf-8",
        headers={**_SHORT, "Content-Disposition": disposition},
    )


def _name(site: Site, facts: Facts) -> str:
    """Say what it is where no page stands around it: a calendar, a search result."""
    what = facts.title or facts.kind or site.coalition.name
    return f"{what[:1].upper()}{what[1:]}, {facts.place.label}"


def _web(url: str | None) -> str | None:
    """Return the address if it leads to the web; a source may hold anything."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None


def _is_over(facts: Facts, at: datetime) -> bool:
    today = at.astimezone(ZoneInfo(facts.time_zone)).date()
    return (facts.end_date or facts.start_date) < today
