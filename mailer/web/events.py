"""What providers tell us, by POST: verified, written down, answered, then applied."""

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mailer.core.errors import MailerError, StoreError
from mailer.pipeline.track import Tracker
from mailer.ports import Forged, Heard, Hearing, Told
from mailer.web.form import bounded

LIMIT = 1024 * 1024  # bytes of one request; providers send some kilobytes
_FORGED, _UNKNOWN, _LATER = 401, 404, 503
logger = logging.getLogger("mailer.web")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """Who may tell something, and what is done with it."""

    hearings: Mapping[str, Hearing]  # by the name of the provider's table
    tracker: Tracker
    confirm: Callable[[str], bool]  # asks an address once; says whether it answered
    now: Callable[[], datetime]
    deaf: Collection[str] = ()  # names of those whose key is of no use for now


def routes(ear: Ear) -> list[Route]:
    """Return where providers tell us what became of messages."""
    applying = _Applying(ear.tracker)

    async def told(request: Request) -> Response:
        name = request.path_params["provider"]
        if name in ear.deaf:  # mended within hours, nothing of what they tell is lost
            return _not_now()
        hearing = ear.hearings.get(name)
        if hearing is None:
            raise HTTPException(_UNKNOWN)
        heard = await _heard(hearing, request, ear.now())
        if isinstance(heard, Forged) and heard.later:
            logger.warning("%s is asked to tell it again: %s", name, heard.detail)
            return _not_now()
        if isinstance(heard, Forged):
            logger.warning("a request for %s is not theirs: %s", name, heard.detail)
            return PlainTextResponse("not verified\n", _FORGED)
        if heard.unread:
            parts = "1 part" if heard.unread == 1 else f"{heard.unread:,} parts"
            logger.warning("unread in what %s told: %s", name, parts)
        try:
            await run_in_threadpool(ear.tracker.keep, name, heard.events)
        except StoreError:  # they ask again; nothing of it is lost
            return _not_now()

        def after() -> None:
            applying.apply()
            _confirm(ear, name, heard.confirm)

        return PlainTextResponse("ok\n", background=BackgroundTask(after))

    return [Route("/events/{provider}", told, methods=["POST"])]


def _not_now() -> Response:
    """Return what makes every provider tell the same again."""
    return PlainTextResponse("not now\n", _LATER, {"Retry-After": "30"})


async def _heard(
    hearing: Hearing, request: Request, received_at: datetime
) -> Heard | Forged:
    told = Told(
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await bounded(request, LIMIT),
        received_at=received_at,
    )
    return await run_in_threadpool(hearing.hear, told)


def _confirm(ear: Ear, name: str, address: str | None) -> None:
    if address is None:
        return
    if ear.confirm(address):
        logger.info("%s is confirmed: it will tell us what becomes of mail", name)
    else:
        logger.warning("%s could not be confirmed; ask it to confirm again", name)


class _Applying:
    """Applies what waits, one thread at a time; whoever comes meanwhile is not lost."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._busy = threading.Lock()
        self._more = threading.Event()

    def apply(self) -> None:
        """Apply until nothing waits, or leave it to the thread that is at it."""
        self._more.set()
        while self._more.is_set() and self._busy.acquire(blocking=False):
            try:
                self._more.clear()
                self._tracker.apply()
            except MailerError as error:
                logger.warning("events wait for the next tick: %s", error)
            finally:
                self._busy.release()
