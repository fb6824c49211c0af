"""The page of one urgent call: checks, approval, audience, and the way to stop it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from starlette.responses import Response

from mailer.core.errors import MailerError
from mailer.core.findings import Finding, Severity
from mailer.core.proposal import EDITABLE, LEAVING, Proposal, Stage
from mailer.core.refusal import NotMovedError
from mailer.core.roles import Permission
from mailer.core.states import slug_name
from mailer.ports import Card
from mailer.web.console import showing
from mailer.web.console.calls.finding import (
    approvers,
    found,
    me,
    names,
    path,
    sentence,
)
from mailer.web.console.calls.telling import voided
from mailer.web.console.door import FRAMING, Visit
from mailer.web.console.live import UNDER_WAY

_CHECKED = (Stage.DRAFT, Stage.SUBMITTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What was tried on this page, and why it was not done."""

    why: str | None = None  # a reason that the page says in its own words
    words: str | None = None  # of any other
    troubles: Sequence[str] = ()
    form: Mapping[str, str] = field(default_factory=dict)
    tried: bool = False  # whether what nobody acknowledged is marked


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What a check found, in the order in which it is to be dealt with."""

    fix: Sequence[Finding]
    reason: Sequence[Finding]  # one of each name: it is answered by name
    also: Mapping[str, Sequence[Finding]]  # the others of that name
    ready: Sequence[Finding]

    @property
    def blocked(self) -> bool:
        """Whether it cannot be submitted like this."""
        return bool(self.fix)


def show(visit: Visit) -> Response:
    """Show a call."""
    return page(visit, found(visit), Shown())


def refused(visit: Visit, error: MailerError) -> Shown:
    """Return what a page says of a step that was not taken."""
    why = error.why.value if isinstance(error, NotMovedError) else None
    return Shown(why=why, words=error.words, form=visit.form, tried=True)


def page(visit: Visit, proposal: Proposal, shown: Shown, status: int = 200) -> Response:
    """Render the page of a call as it stands."""
    calls = visit.desk.work.calls
    card, trouble = _card(visit, proposal)
    checks = _checks(visit, proposal)
    own = proposal.is_by(me(visit))
    stopped = proposal.stage is Stage.STOPPED
    state = "stopped" if stopped else calls.proposer.state(proposal)
    going = _going(visit, proposal)
    answer = visit.page(
        "call.html",
        status,
        call=proposal,
        draft=proposal.draft,
        path=path(proposal),
        state=state,
        called=names(visit),
        own=own,
        checks=checks,
        card=card,
        card_trouble=trouble,
        sentence=sentence(visit, proposal.draft.audience),
        approvers=approvers(visit, proposal),
        counted_from=calls.counted_from,
        editable=proposal.stage in EDITABLE,
        stoppable=proposal.stage in (Stage.HELD, *LEAVING) and state != "paused",
        one=going,
        moving=going is not None and going.state in UNDER_WAY,
        void=voided(calls.blasts.story(proposal))
        if proposal.stage in _CHECKED
        else None,
        all_stopped=visit.desk.work.switch.stopped(),
        may_resume=Permission.APPROVE in visit.mine.permissions,
        minutes_held=int(proposal.hold().total_seconds() // 60),
        left=_left(proposal, visit.desk.now),
        shown=shown,
        region=slug_name,
        troubles=shown.troubles,
        form=shown.form,
    )
    answer.headers["Content-Security-Policy"] = FRAMING
    return answer


def standing(visit: Visit) -> Response:
    """Render how long a hold lasts yet, which the page asks for again by itself."""
    proposal = found(visit)
    if proposal.stage is not Stage.HELD:
        away = {"HX-Redirect": f"{visit.desk.site.root}{path(proposal)}"}
        return Response(status_code=200, headers=away)
    return visit.page(
        "call-standing.html",
        call=proposal,
        path=path(proposal),
        left=_left(proposal, visit.desk.now),
    )


def _going(visit: Visit, proposal: Proposal) -> showing.Shown | None:
    """Return how far its mailing is; None: nothing is made of it yet."""
    if proposal.mailing is None:
        return None
    return showing.of(visit, visit.desk.work.following.mailing(proposal.mailing))


def _left(proposal: Proposal, now: datetime) -> int | None:
    """Return the minutes until the first copy leaves, rounded up; None: not held."""
    if proposal.stage is not Stage.HELD or proposal.hold_until is None:
        return None
    return max(0, ceil((proposal.hold_until - now) / timedelta(minutes=1)))


def _card(visit: Visit, proposal: Proposal) -> tuple[Card | None, str | None]:
    draft = proposal.draft
    try:
        card = visit.desk.work.calls.card(
            draft.audience,
            draft.list_slug,
            urgent=draft.is_urgent,
            besides=proposal.mailing,
        )
    except MailerError as error:
        return None, error.words
    return card, None


def _checks(visit: Visit, proposal: Proposal) -> Checks | None:
    if proposal.stage not in _CHECKED:
        return None
    findings = visit.desk.work.calls.findings(proposal)
    reason: dict[str, Finding] = {}
    also: dict[str, list[Finding]] = {}
    for each in findings:
        if each.severity is not Severity.WARNING:
            continue
        if each.name in reason:
            also.setdefault(each.name, []).append(each)
        else:
            reason[each.name] = each
    return Checks(
        fix=[each for each in findings if each.severity is Severity.ERROR],
        reason=list(reason.values()),
        also=also,
        ready=[each for each in findings if each.severity is Severity.OK],
    )
