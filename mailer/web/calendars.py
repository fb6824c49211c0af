"""Calendars to subscribe to: all actions, or those of one region."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.adapters.calendar import Subscription, calendar_file
from mailer.core.regions import Region
from mailer.core.states import state_name
from mailer.ports import Pulse
from mailer.web.entries import calendar_entry
from mailer.web.fresh import fresh
from mailer.web.site import Site

MOST = 1000  # events in one calendar, the soonest
# Programs ask once a day or once an hour; one that asked yesterday must hear of it.
CANCELLATIONS_KEPT = timedelta(days=30)
EVERY = timedelta(hours=1)
_KEPT = 128  # calendars that are not drawn anew until something changes
_NOT_FOUND = 404

Draw = Callable[[Region | None, str, Pulse], bytes]


def routes(site: Site) -> list[Route]:
    """Return the routes of calendars that programs fetch again and again."""
    draw: Draw = lru_cache(maxsize=_KEPT)(lambda *what: _draw(site, *what))

    def calendar(request: Request) -> Response:
        region = _asked_for(site, request.path_params["region"])
        language = site.asked_language(request)
        pulse = site.actions.pulse(site.now(), off_since=_off_since(site))
        answer = Response(
            draw(region, language, pulse),
            media_type="text/calendar; charset=utf-8",
            headers={"Content-Language": language},
        )
        return fresh(request, answer, changed_at=site.latest(pulse.changed_at))

    return [Route("/calendar/{region}.ics", calendar)]


def _asked_for(site: Site, slug: str) -> Region | None:
    """Return the region, None for all; raises HTTPException 404 for no region."""
    if slug == "all":
        return None
    for region in site.actions.regions(site.now()):
        if region.slug == slug:
            return region
    region = Region(country="US", code=slug.removeprefix("us-").upper())
    # Whoever subscribes to a state before its first action must not be turned away.
    if region.slug == slug and region_name(region) != region.code:
        return region
    raise HTTPException(_NOT_FOUND)


def region_name(region: Region) -> str:
    """Return "California" for US-CA; what has no name of its own is its code."""
    return state_name(region.code, region.country) or region.code


def _off_since(site: Site) -> datetime:
    return site.now() - CANCELLATIONS_KEPT


def _draw(site: Site, region: Region | None, language: str, _: Pulse) -> bytes:
    found = site.actions.listed(
        site.now(), off_since=_off_since(site), region=region, limit=MOST
    )
    name = region_name(region) if region else None
    slug = region.slug if region else "all"
    return calendar_file(
        [calendar_entry(site, posted, language) for posted in found],
        subscription=Subscription(
            name=site.words("calendar.txt", language, region=name),
            url=f"{site.base_url}/calendar/{slug}.ics?lang={language}",
            every=EVERY,
        ),
    )
