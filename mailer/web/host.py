"""A host's own page of an action: see it, say that it is right, correct or cancel it.

Two kinds of links lead here: to an action, and to one that waits to be listed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as Visit
from starlette.responses import Response
from starlette.routing import Route

from mailer.core import changes
from mailer.core.model import ActionStatus
from mailer.core.requests import Request, State
from mailer.core.sharing.fields import Field, Form, Trouble, filled
from mailer.core.sharing.submission import Submission, load
from mailer.core.tokens import Claim, Purpose
from mailer.ports import Changed, Hosted
from mailer.web import sharing
from mailer.web.asking import UNREADABLE
from mailer.web.form import Fields, fields
from mailer.web.site import Site
from mailer.web.telling import logged
from mailer.web.visit import claimed


def routes(site: Site) -> list[Route]:
    """Return the route of the links that hosts have."""

    async def page(visit: Visit) -> Response:
        claim = claimed(site, visit, Purpose.PROPOSE, Purpose.HOST)
        if visit.method == "POST":
            form = await fields(visit, sharing.LIMIT)
            return await run_in_threadpool(_act, site, visit, claim, form)
        return await run_in_threadpool(_show, site, visit, claim)

    return [Route("/h/{token}", page, methods=["GET", "POST"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mine:
    """What a link is about: an action that is listed, or one that waits to be."""

    uid: bytes
    submission: Submission
    language: str
    masked_address: str
    hosted: Hosted | None = None
    request: Request | None = None

    @property
    def version(self) -> int:
        """Return what a form says it has seen: the version, or the request."""
        if self.hosted is not None:
            return self.hosted.action.version
        return self.request.number if self.request else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What came of a press."""

    state: str
    form: Form | None = None  # as it was posted, if it must be mended
    troubles: Mapping[Field, Trouble] = field(default_factory=dict)


def _mine(site: Site, claim: Claim) -> _Mine | None:
    number, request = claim.list_number, None
    if claim.purpose is Purpose.PROPOSE:
        request = site.hosts.sent(claim.uid, number)
        if request is None:
            return None
        if request.state is not State.DONE:
            return _Mine(
                uid=claim.uid,
                submission=load(request.facts["submission"]),
                language=request.language,
                masked_address=request.masked_address,
                request=request,
            )
        number = site.hosts.listed(claim.uid, request) or 0
    hosted = site.hosts.hosted(claim.uid, number)
    if hosted is None:
        return None
    return _Mine(
        uid=claim.uid,
        submission=Submission(
            facts=hosted.action.facts, contact=hosted.contact, shown_to=hosted.shown_to
        ),
        language=hosted.language,
        masked_address=hosted.masked_address,
        hosted=hosted,
    )


def _show(site: Site, visit: Visit, claim: Claim) -> Response:
    mine = _mine(site, claim)
    if mine is None:
        return site.page("neutral.html", site.language(visit))
    return _page(site, visit, mine, _Done(state=""))


def _act(site: Site, visit: Visit, claim: Claim, form: Fields) -> Response:
    mine = _mine(site, claim)
    if mine is None:
        return site.page("neutral-done.html", site.language(visit))
    if _is_over(site, mine):
        return _page(site, visit, mine, _Done(state=""))
    acts = _LISTED if mine.hosted else _WAITING
    act = acts.get(form.get("action", ""))
    if act is None:
        return _page(site, visit, mine, _Done(state=""))
    if form.get("version") != str(mine.version):
        return _page(site, visit, mine, _Done(state="stale"))
    done = act(site, mine, form)
    return _page(site, visit, _mine(site, claim) or mine, done)


# --- of an action that is listed


def _right(site: Site, mine: _Mine, _: Fields) -> _Done:
    noted = site.hosts.confirm(mine.uid, _number(mine), at=site.now())
    return _Done(state="right" if noted else "stale")


def _save(site: Site, mine: _Mine, form: Fields) -> _Done:
    facts = mine.submission.facts
    answer = sharing.read(site, form, facts.language or mine.language, facts)
    if answer.submission is None:
        return _Done(state="unreadable", form=form, troubles=answer.troubles)
    return _change(site, mine, answer.submission, "saved")


def _cancel(site: Site, mine: _Mine, _: Fields) -> _Done:
    off = replace(mine.submission.facts, status=ActionStatus.CANCELLED)
    return _change(site, mine, replace(mine.submission, facts=off), "cancelled")


def _change(site: Site, mine: _Mine, submission: Submission, state: str) -> _Done:
    changed = site.hosts.change(
        mine.uid, _number(mine), submission, version=mine.version, at=site.now()
    )
    if changed is Changed.DONE:
        _tell(site, mine)
    states = {Changed.DONE: state, Changed.SAME: "same", Changed.STALE: "stale"}
    return _Done(state=states[changed])


def _undo(site: Site, mine: _Mine, _: Fields) -> _Done:
    undone = site.hosts.undo(
        mine.uid, _number(mine), version=mine.version, at=site.now()
    )
    if undone:
        _tell(site, mine)
    return _Done(state="undone" if undone else "stale")


def _tell(site: Site, mine: _Mine) -> None:
    """Tell the coordinators, if anything changed that readers see."""
    now = site.hosts.hosted(mine.uid, _number(mine))
    if now is not None and now.action.facts != mine.submission.facts:
        with logged():
            site.herald.changed(now.action, at=site.now())


def _number(mine: _Mine) -> int:
    return mine.hosted.action.id if mine.hosted else 0


# --- of one that waits, or was not accepted


def _amend(site: Site, mine: _Mine, form: Fields) -> _Done:
    answer = sharing.read(site, form, mine.language, mine.submission.facts)
    if answer.submission is None:
        return _Done(state="unreadable", form=form, troubles=answer.troubles)
    if answer.submission == mine.submission and _waits(mine):
        return _Done(state="same")
    return _send(site, mine, answer.submission)


def _again(site: Site, mine: _Mine, _: Fields) -> _Done:
    return _send(site, mine, mine.submission)


def _send(site: Site, mine: _Mine, submission: Submission) -> _Done:
    sent = site.hosts.amend(mine.uid, mine.version, submission, at=site.now())
    return _Done(state="sent" if sent is Changed.DONE else sent.value)


def _withdraw(site: Site, mine: _Mine, _: Fields) -> _Done:
    gone = site.hosts.withdraw(mine.uid, mine.version, at=site.now())
    return _Done(state="withdrawn" if gone else "stale")


def _waits(mine: _Mine) -> bool:
    return mine.request is not None and mine.request.state is State.WAITING


_Act = Callable[[Site, _Mine, Fields], _Done]
_LISTED: Mapping[str, _Act] = {
    "right": _right,
    "save": _save,
    "cancel": _cancel,
    "undo": _undo,
}
_WAITING: Mapping[str, _Act] = {
    "save": _amend,
    "again": _again,
    "cancel": _withdraw,
}


def _page(site: Site, visit: Visit, mine: _Mine, done: _Done) -> Response:
    hosted, request = mine.hosted, mine.request
    facts = mine.submission.facts
    form = done.form or filled(mine.submission)
    asked_at, looked_at = (
        (hosted.asked_at, hosted.looked_at) if hosted else (None, None)
    )
    return site.page(
        "host.html",
        site.language(visit, mine.language),
        UNREADABLE if done.troubles else 200,
        state=done.state,
        standing="listed" if hosted else "waiting" if _waits(mine) else "declined",
        reason=request.reason if request else None,
        is_over=_is_over(site, mine),
        is_off=facts.status.is_off,
        is_undoable=bool(hosted and hosted.undoable),
        is_asked=bool(asked_at and looked_at and looked_at < asked_at),
        public_id=hosted.action.public_id if hosted else None,
        address=mine.masked_address,
        version=mine.version,
        asks_address=False,
        **sharing.asked(site, form, done.troubles),
        **sharing.drawn(mine.submission),
    )


def _is_over(site: Site, mine: _Mine) -> bool:
    return changes.over_at(mine.submission.facts) <= site.now()
