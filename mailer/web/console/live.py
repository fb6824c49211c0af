"""Running mailings as they go on: server-sent events for the pages that show them.

One stream of a page tells of all mailings on it. It ends with the session, with the
last of the mailings, and when the server stops.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field

from anyio import sleep
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mailer.core.errors import StoreError
from mailer.pipeline.follow import EVERY
from mailer.ports import Mailing
from mailer.web.console import showing
from mailer.web.console.door import Door, Visit

PATH = "/console/live"
UNDER_WAY = ("planned", "sending", "paused")
_OVER = ("finished", "cancelled", "unresolved", "missed")
_MOST = 12  # mailings of one stream
_BEAT = 5.0  # seconds between two signs that it is still counted, if nothing changes
_SESSION = 3.0  # seconds between two looks whether the session goes on
_PER_ACCOUNT, _IN_ALL = 6, 200  # streams that are open; browsers open six to a host
_TOO_MANY, _RETRY = 429, {"Retry-After": "30"}
_HEADERS = {"X-Accel-Buffering": "no"}  # nginx would hold events back


@dataclass(slots=True)
class Room:
    """How many streams are open: by account, and in all. Used by one thread alone."""

    per_account: int = _PER_ACCOUNT
    in_all: int = _IN_ALL
    open: Counter[int] = field(default_factory=Counter)

    def enter(self, account: int) -> bool:
        """Take a place, if there is one."""
        full = self.open[account] >= self.per_account
        if full or self.open.total() >= self.in_all:
            return False
        self.open[account] += 1
        return True

    def leave(self, account: int) -> None:
        """Give it back."""
        self.open[account] -= 1
        if not self.open[account]:
            del self.open[account]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What a page is told of a mailing."""

    state: str
    html: str
    age: float  # seconds since it was counted


class _Stream(StreamingResponse):
    """Events, as long as there is room for whoever asks."""

    def __init__(self, events: AsyncIterator[str], *, room: Room, account: int) -> None:
        super().__init__(events, media_type="text/event-stream", headers=_HEADERS)
        self._room = room
        self._account = account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._room.enter(self._account):
            full = PlainTextResponse("too many", _TOO_MANY, headers=_RETRY)
            await full(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._room.leave(self._account)


def routes(door: Door) -> list[Route]:
    """Return the route of the stream."""
    room = Room()

    def stream(visit: Visit) -> Response:
        if visit.request.method == "HEAD":  # the line would stay open and tell nothing
            return Response(media_type="text/event-stream", headers=_HEADERS)
        account = visit.mine.account.number
        return _Stream(_events(visit, _asked(visit)), room=room, account=account)

    return [door.route(PATH, get=stream)]


def _asked(visit: Visit) -> Sequence[Mailing]:
    """Return the mailings that a page shows; none that is no mailing."""
    found = []
    for each in visit.request.query_params.get("of", "").split(",")[:_MOST]:
        try:
            found.append(showing.asked(visit, each))
        except HTTPException:
            continue
    return found


async def _events(visit: Visit, mailings: Sequence[Mailing]) -> AsyncIterator[str]:
    """Tell of each mailing what has changed, and from time to time that nothing has."""
    told: dict[int, str] = {}  # the fragment that a page has
    states: dict[int, str] = {}
    quiet = asked = 0.0  # seconds since something was told, and who sits there asked
    watched = list(mailings)
    yield "retry: 3000\n\n"
    while watched and not _stopping(visit.request):
        if asked >= _SESSION:
            if not await run_in_threadpool(_goes_on, visit):
                yield _event("ended")
                return
            asked = 0.0
        age = None
        for mailing in watched:
            found = await run_in_threadpool(_look, visit, mailing)
            if found is None:
                continue
            age = max(age or 0.0, found.age)
            states[mailing.id] = found.state
            if found.html != told.get(mailing.id):
                told[mailing.id] = found.html
                quiet = 0.0
                yield _event("progress", of=mailing.id, **asdict(found))
        watched = [one for one in watched if states.get(one.id, "") not in _OVER]
        if quiet >= _BEAT:
            # A comment keeps the line open, and says nothing of what nobody can count.
            yield ": still here\n\n" if age is None else _event("same", age=age)
            quiet = 0.0
        await sleep(EVERY)
        quiet, asked = quiet + EVERY, asked + EVERY
    yield _event("over")


def _stopping(request: Request) -> bool:
    stopping = getattr(request.app.state, "stopping", None)
    return stopping is not None and bool(stopping())


def _goes_on(visit: Visit) -> bool:
    """Whether they may still look: signed in, and not idle for too long."""
    desk = visit.desk
    session = desk.work.sessions.who(visit.cookie, at=desk.now, touch=False)
    return session is not None and session.number == visit.mine.number


def _look(visit: Visit, mailing: Mailing) -> _Told | None:
    """Return what to tell of a mailing; None: nobody can count it now."""
    try:
        progress = visit.desk.work.meter.look(mailing.id)
        shown = showing.of(visit, mailing, progress)
    except StoreError:
        return None
    return _Told(
        state=progress.standing.state,
        html=_fragment(visit, shown),
        age=round(progress.age, 1),
    )


def _fragment(visit: Visit, shown: showing.Shown) -> str:
    return visit.desk.site.pages.render(
        "console/progress.html",
        visit.language,
        one=shown,
        local=visit.desk.local,
        may={each.value for each in visit.mine.permissions},
        moving=True,
    )


def _event(name: str, **data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
