"""The archive: every edition of the lists that have one, as everybody may read it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.adapters.renderer.copies import Copy
from mailer.core import archive
from mailer.core.archive import Since
from mailer.core.lists import Kind
from mailer.ports import Edition
from mailer.web.facts import shown
from mailer.web.fresh import fresh
from mailer.web.site import Site
from mailer.web.titles import day_of, edition_title

MOST = 200  # editions on one page, the newest
_KEPT = 64  # copies that are not drawn anew until one of their actions changes
_NOT_FOUND = 404
_HIDDEN = {"X-Robots-Tag": "noindex"}
_VARIES = {"Vary": "Accept-Language"}
_YEAR = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """An edition in one language."""

    copy: Copy
    since: tuple[Since, ...]  # what was corrected after it was sent


Draw = Callable[[Edition, str], _Drawn]


def routes(site: Site) -> list[Route]:
    """Return the routes of the archive; without a public list nothing is found."""
    draw: Draw = lru_cache(maxsize=_KEPT)(lambda *what: _draw(site, *what))

    def every(request: Request) -> Response:
        return fresh(request, _every(site, request))

    def one(request: Request) -> Response:
        edition = _found(site, request)
        language = site.language(request)
        page = _page(site, edition, language, draw(edition, language))
        return fresh(request, page, changed_at=site.latest(edition.revised_at))

    def sheet(request: Request) -> Response:
        edition, language = _found(site, request), request.path_params["language"]
        if language not in site.coalition.languages:
            raise HTTPException(_NOT_FOUND)
        copy = draw(edition, language).copy
        # An address with the version of another sheet must not keep this one.
        headers = _YEAR if request.query_params.get("v") == copy.version else {}
        answer = Response(copy.css, media_type="text/css", headers=headers)
        return fresh(request, answer)

    return [
        Route("/editions", every),
        Route("/editions/{list}/{edition}", one),
        Route("/editions/{list}/{edition}/{language}.css", sheet),
    ]


def _found(site: Site, request: Request) -> Edition:
    """Find an edition of a public list: a private one is as unknown as any other."""
    for number in site.archived:
        if site.lists[number].slug == request.path_params["list"]:
            name = request.path_params["edition"]
            if edition := site.editions.edition(number, name):
                return edition
    raise HTTPException(_NOT_FOUND)


def _every(site: Site, request: Request) -> Response:
    if not site.archived:
        raise HTTPException(_NOT_FOUND)
    language = site.language(request)
    found = site.editions.latest(site.archived, limit=MOST)
    by_list = sorted(found, key=lambda edition: edition.list_number)
    groups = [
        (
            site.lists[number].title(language),
            [
                (
                    f"{site.root}/editions/{site.lists[number].slug}/{edition.edition}",
                    day_of(site, edition),
                    dict(edition.subjects).get(language),
                )
                for edition in group
            ],
        )
        for number, group in groupby(by_list, lambda edition: edition.list_number)
    ]
    hidden = not all(site.lists[number].search_engines for number in site.archived)
    page = site.page("editions.html", language, lists=groups, hidden=hidden)
    page.headers.update({**_VARIES, **(_HIDDEN if hidden else {})})
    return page


def _page(site: Site, edition: Edition, language: str, drawn: _Drawn) -> Response:
    mailing_list = site.lists[edition.list_number]
    here = f"{site.root}/editions/{mailing_list.slug}/{edition.edition}"
    hidden = not mailing_list.search_engines
    page = site.page(
        "edition.html",
        language,
        copy=drawn.copy,
        sheet=f"{here}/{language}.css?v={drawn.copy.version}",
        called=edition_title(site, edition, language),
        list_title=mailing_list.title(language),
        day=day_of(site, edition),
        since=[(each.action, each.told) for each in drawn.since],
        hidden=hidden,
    )
    page.headers.update({**_VARIES, **(_HIDDEN if hidden else {})})
    return page


def _draw(site: Site, edition: Edition, language: str) -> _Drawn:
    if edition.kind == Kind.DIGEST:
        return _digest(site, edition, language)
    message = site.editions.message(edition, language)
    if message is None:
        raise HTTPException(_NOT_FOUND)
    copy = site.copies.letter(
        message.subject, message.html, instead=_instead(site, language)
    )
    return _Drawn(copy=copy, since=())


def _digest(site: Site, edition: Edition, language: str) -> _Drawn:
    mailing_list = site.lists[edition.list_number]
    contents = site.editions.contents(edition)
    corrected = archive.copy_of(
        contents.actions,
        told=contents.told,
        before=contents.before,
        list_slug=mailing_list.slug,
        edition=edition.edition,
        language=language,
        as_of=edition.as_of,
        until=edition.until,
    )
    copy = site.copies.digest(
        corrected.digest, mailing_list=mailing_list, instead=_instead(site, language)
    )
    since = (replace(one, action=shown(one.action)) for one in corrected.since)
    return _Drawn(copy=copy, since=tuple(since))


def _instead(site: Site, language: str) -> str:
    """Return what is said where a reader found why they get it."""
    return site.words("copy.txt", language)
