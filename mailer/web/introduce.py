"""The link that asks a host whether they want to meet another: a page, and a press."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as Visit
from starlette.responses import Response
from starlette.routing import Route

from mailer.core.introductions import Reply
from mailer.core.tokens import Claim, Purpose
from mailer.ports import Offered
from mailer.web.facts import shown
from mailer.web.form import Fields, fields
from mailer.web.site import Site
from mailer.web.visit import claimed

_REPLIES = {
    "agree": Reply.AGREED,
    "decline": Reply.DECLINED,
    "undo": None,
}


def routes(site: Site) -> list[Route]:
    """Return the route of the links that ask hosts whether they want to meet."""

    async def page(visit: Visit) -> Response:
        claim = claimed(site, visit, Purpose.INTRODUCE)
        if visit.method == "POST":
            form = await fields(visit)
            return await run_in_threadpool(_act, site, visit, claim, form)
        return await run_in_threadpool(_show, site, visit, claim)

    return [Route("/i/{token}", page, methods=["GET", "POST"])]


def _show(site: Site, visit: Visit, claim: Claim) -> Response:
    offered = site.introductions.offered(claim.uid, claim.list_number, at=site.now())
    if offered is None:
        return site.page("neutral.html", site.language(visit))
    return _page(site, visit, offered)


def _act(site: Site, visit: Visit, claim: Claim, form: Fields) -> Response:
    action = form.get("action", "")
    if action not in _REPLIES:
        return _show(site, visit, claim)
    offered = site.introductions.answer(
        claim.uid, claim.list_number, _REPLIES[action], at=site.now()
    )
    if offered is None:
        return site.page("neutral-done.html", site.language(visit))
    return _page(site, visit, offered)


def _page(site: Site, visit: Visit, offered: Offered) -> Response:
    mine = offered.mine
    other = shown(offered.other)
    return site.page(
        "introduction.html",
        site.language(visit, mine.host.language),
        standing=offered.standing.value,
        reply=offered.reply.value if offered.reply else None,
        facts=other.facts,
        public_id=other.public_id,
        own=shown(mine.host.action).facts.place.label,
        signature=mine.name,
        address=mine.address,
    )
