"""The way to everything that programs may ask: whose token, what for, how often.

A route is made of a scope and what answers, so that none can be without one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.core.automation import ApiToken, Scope
from mailer.core.errors import MailerError
from mailer.web.api import bodies
from mailer.web.api.desk import Automation
from mailer.web.api.problems import (
    FORBIDDEN,
    ROOT,
    UNAUTHORIZED,
    ProblemError,
    problem,
)
from mailer.web.guard import network

_BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)
_REALM = 'Bearer realm="mailer"'
_DONE = range(200, 300)
OK, CREATED = 200, 201


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request that may be answered."""

    api: Automation
    request: Request
    token: ApiToken
    body: bytes = b""

    @property
    def said(self) -> Mapping[str, Any]:
        """Return the JSON that was sent; raises InputError."""
        return bodies.said(self.body)

    @property
    def by(self) -> str:
        """Return the address of the person in whose name it is."""
        return self.token.account.address

    @property
    def actor(self) -> str:
        """Return how records name them."""
        return self.token.account.actor

    @property
    def at(self) -> datetime:
        """Return this moment."""
        return self.api.clock()

    @property
    def named(self) -> str:
        """Return the LIST/EDITION that the path names."""
        path = self.request.path_params
        return f"{path['list']}/{path['edition']}"


Handler = Callable[[Call], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What one method of a route needs, and what answers."""

    scope: Scope | None  # None: any token that is good
    handler: Handler
    query: tuple[str, ...] = ()  # what may stand after the question mark
    changes: bool = False


def asks(scope: Scope | None, handler: Handler, *query: str) -> Way:
    """Return a way that leaves everything as it is."""
    return Way(scope=scope, handler=handler, query=query)


def acts(scope: Scope, handler: Handler) -> Way:
    """Return a way that changes something, which is written down."""
    return Way(scope=scope, handler=handler, changes=True)


class Gate:
    """Makes routes, whose handlers are called only for those who may."""

    def __init__(self, api: Automation) -> None:
        self._api = api

    def route(self, path: str, **ways: Way) -> Route:
        """Return a route under the root; ways go by method, in small letters."""
        known = {method.upper(): way for method, way in ways.items()}
        if "GET" in known:
            known["HEAD"] = known["GET"]

        async def answer(request: Request) -> Response:
            way = known[request.method]
            try:
                call = await run_in_threadpool(self._admitted, request, way)
                if request.method not in ("GET", "HEAD"):
                    call = replace(call, body=await bodies.body(request))
                return await run_in_threadpool(self._answered, call, way)
            except ProblemError as found:
                return found.answer()
            except MailerError as error:
                return problem(error).answer()

        methods = [one for one in known if one != "HEAD"]
        return Route(f"{ROOT}{path}", answer, methods=methods)

    def _admitted(self, request: Request, way: Way) -> Call:
        """Return whose request it is; raises ProblemError 401, 403 or 429."""
        token = self._bearer(request)
        self._api.limits.spend(token.number)
        _entitle(token, way)
        return Call(api=self._api, request=request, token=token)

    def _bearer(self, request: Request) -> ApiToken:
        """Return the token that is shown; raises ProblemError 401 or 429."""
        shown = _BEARER.fullmatch(request.headers.get("authorization", ""))
        token = shown and self._api.tokens.bearer(shown[1], at=self._api.clock())
        if token is None:
            raise self._turned_away(request)
        return token

    def _turned_away(self, request: Request) -> ProblemError:
        """Return why; raises ProblemError 429 after too many bad tokens."""
        if "authorization" not in request.headers:
            return ProblemError(
                UNAUTHORIZED,
                "Show a token: Authorization: Bearer cm_…, made in the console under My"
                " account, or by mailer token create.",
                headers={"WWW-Authenticate": _REALM},
            )
        self._api.limits.suspect(network(request))
        return ProblemError(
            UNAUTHORIZED,
            "This token lets nobody in: it is none of ours, has ended, was revoked, or"
            " its account is disabled.",
            headers={"WWW-Authenticate": f'{_REALM}, error="invalid_token"'},
        )

    def _answered(self, call: Call, way: Way) -> Response:
        bodies.only(call.request.query_params, way.query)
        if way.changes:  # its body may have taken a minute: it may be revoked by now
            call = replace(call, token=self._bearer(call.request))
            _entitle(call.token, way)
        answer = way.handler(call)
        if way.changes and answer.status_code in _DONE:
            path = call.request.url.path.removeprefix(ROOT)
            call.api.records.note(
                at=call.at,
                actor=call.actor,
                verb="use token",
                thing=f"token {call.token.number}",
                detail={"method": call.request.method, "path": path},
            )
        return answer


def _entitle(token: ApiToken, way: Way) -> None:
    if way.scope is not None and way.scope not in token.usable:
        _refuse(token, way.scope)


def _refuse(token: ApiToken, scope: Scope) -> None:
    words = (
        f'This token has not the scope "{scope}": make another one that has.'
        if scope not in token.scopes
        else f'The account of this token may not "{scope}" any more, or not by token.'
    )
    raise ProblemError(
        FORBIDDEN,
        words,
        headers={
            "WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{scope}"'
        },
        scope=scope.value,
    )


def answered(
    value: Any, status: int = OK, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a value as JSON."""
    return Response(
        written(value), status, headers=headers, media_type="application/json"
    )


def written(value: Any) -> bytes:
    """Write a value as JSON."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
