"""Feeds in Atom: actions, editions; and the page that says what one can subscribe to."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.adapters.atom import Entry, Feed, atom
from mailer.ports import Edition, Pulse
from mailer.web.calendars import region_name
from mailer.web.entries import feed_entry
from mailer.web.fresh import fresh
from mailer.web.site import Site
from mailer.web.titles import edition_title

MOST_ACTIONS, MOST_EDITIONS = 200, 20  # entries
_KEPT = 16  # feeds that are not drawn anew until something changes
_NOT_FOUND = 404

Draw = Callable[[str, Pulse, datetime], bytes]


def routes(site: Site) -> list[Route]:
    """Return the routes of the feeds and of their page."""
    draw: Draw = lru_cache(maxsize=_KEPT)(lambda *what: _actions(site, *what))

    def actions(request: Request) -> Response:
        language = site.asked_language(request)
        now = site.now()
        pulse = site.actions.pulse(now, off_since=now)
        changed_at = site.latest(pulse.changed_at)
        feed = draw(language, pulse, changed_at)
        return fresh(request, _answer(feed, language), changed_at=changed_at)

    def editions(request: Request) -> Response:
        language = site.asked_language(request)
        if not site.archived:
            raise HTTPException(_NOT_FOUND)
        found = site.editions.latest(site.archived, limit=MOST_EDITIONS)
        changed_at = site.latest(max((e.revised_at for e in found), default=None))
        feed = _editions(site, language, found, changed_at)
        return fresh(request, _answer(feed, language), changed_at=changed_at)

    def everything(request: Request) -> Response:
        return fresh(request, _page(site, request))

    return [
        Route("/feeds", everything),
        Route("/feeds/actions.atom", actions),
        Route("/feeds/editions.atom", editions),
    ]


def _answer(feed: bytes, language: str) -> Response:
    return Response(
        feed,
        media_type="application/atom+xml; charset=utf-8",
        headers={"Content-Language": language},
    )


def _actions(site: Site, language: str, _: Pulse, changed_at: datetime) -> bytes:
    found = site.actions.listed(site.now(), limit=MOST_ACTIONS)
    newest_first = sorted(found, key=lambda posted: posted.revised_at, reverse=True)
    return _feed(
        site,
        "actions",
        language,
        [feed_entry(site, posted, language) for posted in newest_first],
        changed_at,
    )


def _editions(
    site: Site, language: str, found: Sequence[Edition], changed_at: datetime
) -> bytes:
    entries = [_edition(site, edition, language) for edition in found]
    entries.sort(key=lambda entry: entry.updated, reverse=True)
    return _feed(site, "editions", language, entries, changed_at)


def _edition(site: Site, edition: Edition, language: str) -> Entry:
    mailing_list = site.lists[edition.list_number]
    name = f"{mailing_list.slug}/{edition.edition}"
    first = edition.as_of.date().isoformat()
    title = edition_title(site, edition, language)
    return Entry(
        id=f"tag:{site.domain},{first}:edition/{name}",
        title=title,
        url=f"{site.base_url}/editions/{name}?lang={language}",
        summary=site.words("edition-entry.txt", language, title=title),
        published=edition.as_of,
        updated=edition.revised_at,
    )


def _feed(
    site: Site,
    name: str,
    language: str,
    entries: Sequence[Entry],
    changed_at: datetime,
) -> bytes:
    return atom(
        Feed(
            url=f"{site.base_url}/feeds/{name}.atom?lang={language}",
            title=site.words(f"feed-{name}.txt", language),
            page=f"{site.base_url}/{name}?lang={language}",
            author=site.coalition.name,
            language=language,
            updated=max((entry.updated for entry in entries), default=changed_at),
            entries=entries,
        )
    )


def _page(site: Site, request: Request) -> Response:
    now = site.now()
    regions = sorted(
        (region_name(region), region.slug, to_come)
        for region, to_come in site.actions.regions(now).items()
        if region.slug
    )
    page = site.page(
        "feeds.html",
        site.language(request),
        base_url=site.base_url,
        regions=[each for each in regions if each[2]],
    )
    page.headers["Vary"] = "Accept-Language"
    return page
