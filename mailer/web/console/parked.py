"""What nobody knows the outcome of: a person looks, and says what became of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Protocol

from starlette.responses import Response
from starlette.routing import Route

from mailer.core.errors import RefusedError
from mailer.ports import Doubtful
from mailer.web.console import showing
from mailer.web.console.door import Door, Visit, choice
from mailer.web.console.showing import Shown
from mailer.web.log import redact

PATH = "/console/parked"
_AT_ONCE = 200  # deliveries of one page
_CONFLICT, _UNREADABLE = 409, 422
_MOST_DIGITS = 18
_EVERYBODY = "all"


class _Act(Protocol):
    """Settles some of a mailing's, or all; returns how many."""

    def __call__(
        self, mailing_id: int, subscriber: int | None, *, actor: str, at: datetime
    ) -> int: ...


def routes(door: Door) -> list[Route]:
    """Return the route of what is in doubt."""
    return [door.route(PATH, get=_list, post=_settle)]


def _list(visit: Visit, status: int = 200, refused: str | None = None) -> Response:
    found = visit.desk.work.doubts.doubtful(most=_AT_ONCE + 1)
    return visit.page(
        "parked.html",
        status,
        mailings=_by_mailing(visit, found[:_AT_ONCE]),
        more=len(found) > _AT_ONCE,
        refused=refused,
    )


def _by_mailing(
    visit: Visit, found: Sequence[Doubtful]
) -> Sequence[tuple[Shown, Sequence[Doubtful]]]:
    following = visit.desk.work.following
    return [
        (
            showing.of(visit, following.mailing(number)),
            [replace(each, reason=redact(each.reason or "")) for each in rows],
        )
        for number, rows in groupby(found, attrgetter("mailing"))
    ]


def _settle(visit: Visit) -> Response:
    doubts = visit.desk.work.doubts
    known = {
        "resend": lambda visit: _act(visit, doubts.resend),
        "sent": lambda visit: _act(visit, doubts.mark_sent),
    }
    return choice(visit.form, known, visit)


def _act(visit: Visit, act: _Act) -> Response:
    form, work = visit.form, visit.desk.work
    mailing, who = form.get("mailing", ""), form.get("who", "")
    if not (_is_number(mailing) and (who == _EVERYBODY or _is_number(who))):
        return visit.page("no.html", _UNREADABLE, why="unknown")
    number = showing.asked(visit, mailing).id
    subscriber = None if who == _EVERYBODY else int(who)
    try:
        count = act(number, subscriber, actor=visit.by, at=visit.desk.now)
    except RefusedError:
        return _list(visit, _CONFLICT, refused="cancelled")
    work.meter.forget(number)
    if not count:
        return _list(visit, _CONFLICT, refused="settled")
    return visit.to(f"{PATH}?done={form['action']}")


def _is_number(words: str) -> bool:
    return words.isascii() and words.isdigit() and len(words) <= _MOST_DIGITS
