"""The public pages: what takes place, and one action with its calendar file."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from itertools import groupby

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from mailer.adapters.calendar import calendar_file
from mailer.adapters.renderer.cleaning import cleaned
from mailer.core.model import Action, Contact
from mailer.ports import Posted, Pulse
from mailer.web.entries import calendar_entry, described, page_of, title
from mailer.web.event import event
from mailer.web.facts import is_over, shown, web
from mailer.web.fresh import fresh
from mailer.web.site import Site

MOST = 1000  # actions on one page, the soonest
_KEPT = 8  # languages whose page is not drawn anew until something changes
_NOT_FOUND = 404
# The page depends on the browser's language, so caches must keep one per language.
_VARIES = {"Vary": "Accept-Language"}

Draw = Callable[[str, Pulse], bytes]


def routes(site: Site) -> list[Route]:
    """Return the routes that everybody may read."""
    draw: Draw = lru_cache(maxsize=_KEPT)(lambda *what: _every(site, *what))

    def every(request: Request) -> Response:
        language, now = site.language(request), site.now()
        pulse = site.actions.pulse(now, off_since=now)
        headers = {**_VARIES, "Content-Language": language}
        return fresh(request, HTMLResponse(draw(language, pulse), headers=headers))

    def calendar(request: Request) -> Response:
        return fresh(request, _calendar(site, request, _found(site, request)))

    def one(request: Request) -> Response:
        return fresh(request, _one(site, request, _found(site, request)))

    return [
        Route("/actions", every),
        Route("/actions/{public_id}.ics", calendar),
        Route("/actions/{public_id}", one),
    ]


def _found(site: Site, request: Request) -> Posted:
    posted = site.actions.posted(request.path_params["public_id"])
    if posted is None:
        raise HTTPException(_NOT_FOUND)
    return posted


def _every(site: Site, language: str, _: Pulse) -> bytes:
    found = site.actions.listed(site.now(), limit=MOST)
    actions = sorted((shown(posted.action) for posted in found), key=_order)
    days = [
        (day, list(same_day))
        for day, same_day in groupby(actions, lambda action: action.facts.start_date)
    ]
    on = [action for action in actions if not action.facts.status.is_off]
    page = site.page(
        "actions.html",
        language,
        days=days,
        count=len(on),
        first=on[0].facts.start_date if on else None,
        last=on[-1].facts.start_date if on else None,
    )
    return bytes(page.body)


def _order(action: Action) -> tuple[date, bool, str, str, int]:
    facts = action.facts
    place = facts.place.label.casefold()
    clock = facts.start_time.isoformat() if facts.start_time else ""
    return facts.start_date, facts.status.is_off, place, clock, action.id


def _one(site: Site, request: Request, posted: Posted) -> Response:
    action = shown(posted.action)
    facts = action.facts
    language = site.language(request)
    page = site.page(
        "action.html",
        language,
        action=action,
        facts=facts,
        over=is_over(facts, site.now()),
        more_url=web(facts.url),
        contact=_contact(site, action),
        event=event(
            facts,
            name=title(site, facts, language),
            url=page_of(site, action.public_id),
            more_url=web(facts.url),
            description=described(site, facts, language),
            versions=site.actions.versions(action.public_id),
        ),
    )
    page.headers.update(_VARIES)
    return page


def _contact(site: Site, action: Action) -> Contact | None:
    """Return whom everybody may ask, with words fit to print."""
    contact = site.hosts.reachable(action.public_id)
    return cleaned(contact) if contact else None


def _calendar(site: Site, request: Request, posted: Posted) -> Response:
    entry = calendar_entry(site, posted, site.language(request))
    name = f"{entry.facts.start_date.isoformat()}-action.ics"
    disposition = f'attachment; filename="{name}"'
    return Response(
        calendar_file([entry]),
        media_type="text/calendar; charset=utf-8",
        headers={**_VARIES, "Content-Disposition": disposition},
    )
