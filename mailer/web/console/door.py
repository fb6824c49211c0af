"""The way to every page of the console: who asks, whether they may, and from where."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mailer.core.accounts import Session
from mailer.core.roles import Permission
from mailer.web.console import cookie as cookies, policy
from mailer.web.console.desk import Desk
from mailer.web.form import Fields, fields
from mailer.web.guard import network

_SEE_OTHER, _FORBIDDEN, _UNREADABLE = 303, 403, 422
_SAFE = ("GET", "HEAD")
_WITHIN = re.compile(r"/console(/[A-Za-z0-9/_-]*)?")
_LONGEST = 200  # characters of what a browser says of itself
_HEADERS = {
    # The referrer stays among our pages; without one, browsers send no Origin either.
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; script-src 'self';"
    " style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "X-Robots-Tag": "noindex, nofollow",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request that may be answered."""

    desk: Desk
    request: Request
    cookie: str
    session: Session | None
    form: Fields

    @property
    def mine(self) -> Session:
        """Return the session of a page that only those signed in may open."""
        if self.session is None:
            raise LookupError("a page for everybody asked who is signed in")
        return self.session

    @property
    def by(self) -> str:
        """Return how records name whoever asks."""
        return self.mine.account.actor

    @property
    def network(self) -> str:
        """Return where the request comes from."""
        return network(self.request)

    @property
    def agent(self) -> str:
        """Return what the browser says of itself."""
        return self.request.headers.get("user-agent", "")[:_LONGEST]

    @property
    def language(self) -> str:
        """Return the language of the page: asked for, their own, the browser's."""
        own = self.session.account.language if self.session else None
        return self.desk.site.language(self.request, own)

    def page(self, name: str, status: int = 200, **values: object) -> Response:
        """Render a page of the console."""
        session = self.session
        shared: dict[str, object] = {
            "csrf": cookies.token(self.cookie),
            "assets": self.desk.assets.names,
            "session": session,
            "me": session.account if session else None,
            "may": {each.value for each in session.permissions} if session else (),
            "local": self.desk.local,
            "here": self.request.url.path,
            "done": self.request.query_params.get("done"),
            "next": None,
            "form": {},
            "troubles": (),
        }
        return self.desk.site.page(
            f"console/{name}", self.language, status, **(shared | values)
        )

    def to(self, path: str, *, cookie: str | None = None) -> Response:
        """Lead on to another page, after something was done."""
        answer = RedirectResponse(f"{self.desk.site.root}{path}", _SEE_OTHER)
        if cookie is not None:
            self.desk.cookie.put(answer, cookie)
        return answer


Handler = Callable[[Visit], Response]


class Door:
    """Makes routes of handlers, which are called only for those who may."""

    def __init__(self, desk: Desk, rules: policy.Rules = policy.RULES) -> None:
        self._desk = desk
        self._rules = rules

    def route(
        self, path: str, *, get: Handler | None = None, post: Handler | None = None
    ) -> Route:
        """Return the route of a page; POST is read as a form and checked as ours."""
        handlers = {"GET": get, "HEAD": get, "POST": post}
        known = {method: one for method, one in handlers.items() if one}

        async def answer(request: Request) -> Response:
            needs = policy.rule(self._rules, path, request.method)
            form = Fields([])
            if request.method not in _SAFE:
                form = await fields(request)
            return await run_in_threadpool(
                self._answer, request, form, needs, known[request.method]
            )

        return Route(path, answer, methods=[one for one in known if one != "HEAD"])

    def _answer(
        self,
        request: Request,
        form: Fields,
        needs: Permission | None,
        handler: Handler,
    ) -> Response:
        desk = self._desk
        held = desk.cookie.read(request)
        session = held and desk.work.sessions.who(
            held, at=desk.now, touch=not by_itself(request)
        )
        visit = Visit(
            desk=desk,
            request=request,
            cookie=held or cookies.fresh(),
            session=session or None,
            form=form,
        )
        answer = self._refused(visit, held, needs) or handler(visit)
        if held is None and needs is None and "set-cookie" not in answer.headers:
            desk.cookie.put(answer, visit.cookie)
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    def _refused(
        self, visit: Visit, held: str | None, needs: Permission | None
    ) -> Response | None:
        """Return why not, or None: go on."""
        request, session = visit.request, visit.session
        unsafe = request.method not in _SAFE
        if unsafe:
            ours = cookies.is_from_us(request, self._desk.site.base_url)
            if not ours or not cookies.is_own(held, visit.form.get("csrf", "")):
                return visit.page("no.html", _FORBIDDEN, why="foreign")
        if needs is None:
            return None
        if session is None:
            return self._signed_out(visit)
        if needs in session.permissions:
            return None
        if session.owes_second_factor and not unsafe:
            return visit.to("/console/account?done=owed")
        return visit.page("no.html", _FORBIDDEN, why="role")

    def _signed_out(self, visit: Visit) -> Response:
        path = visit.request.url.path
        if by_itself(visit.request):
            # A piece of a page that is asked for by itself leads the page away.
            away = {"HX-Redirect": f"{self._desk.site.root}/console/sign-in"}
            return Response(status_code=_FORBIDDEN, headers=away)
        if visit.request.method not in _SAFE:
            return visit.page("no.html", _FORBIDDEN, why="ended")
        if visit.request.headers.get("sec-fetch-site") == "cross-site":
            # The cookie stays behind when another site or a mail program leads here.
            # From our own page it comes along.
            return visit.page("onward.html", to=path)
        return visit.to(f"/console/sign-in?next={quote(path)}")


def by_itself(request: Request) -> bool:
    """Whether an open page asks, and no person: that keeps nobody signed in."""
    streams = "text/event-stream" in request.headers.get("accept", "")
    return streams or request.headers.get("hx-request") == "true"


def within(path: str | None) -> str:
    """Return a page of the console to go on to; never one of anybody else."""
    return path if path and _WITHIN.fullmatch(path) else policy.ROOT


def choice(form: Fields, known: Mapping[str, Handler], visit: Visit) -> Response:
    """Do what the pressed button is named after; what no button says is nothing."""
    handler = known.get(form.get("action", ""))
    if handler is None:
        return visit.page("no.html", _UNREADABLE, why="unknown")
    return handler(visit)
