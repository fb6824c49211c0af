"""All urgent calls, and those that wait for whoever looks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from mailer.core.proposal import LEAVING, OVER, Proposal, Stage
from mailer.core.roles import Permission
from mailer.web.console.calls.finding import me, names
from mailer.web.console.calls.telling import stopper
from mailer.web.console.door import Visit

_AT_ONCE = 25  # rows of one page
_MOST = 50  # that are looked through for the overview
_MOST_DIGITS = 18
STAGES: Mapping[str, Collection[Stage]] = {
    "draft": (Stage.DRAFT,),
    "waiting": (Stage.SUBMITTED,),
    "going": (Stage.HELD, Stage.STOPPED, *LEAVING),
    "over": tuple(OVER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desktop:
    """What of the calls somebody sees before anything else."""

    to_approve: Sequence[Proposal]  # by them, as they had no hand in it
    mine: Sequence[Proposal]  # drafts of theirs, and what they wait for
    held: Sequence[Proposal]  # approved, and not left yet: the time to stop
    stopped: Sequence[tuple[Proposal, str]]  # during that time, and by whom


def show(visit: Visit) -> Response:
    """Show the calls of one stage or of all, the newest first."""
    asked = visit.request.query_params
    stage = asked.get("stage", "")
    before = asked.get("before", "")
    readable = before.isascii() and before.isdigit() and len(before) <= _MOST_DIGITS
    found = visit.desk.work.calls.blasts.every(
        STAGES.get(stage, ()),
        most=_AT_ONCE + 1,
        before=int(before) if readable else None,
    )
    calls = found[:_AT_ONCE]
    return visit.page(
        "calls.html",
        calls=calls,
        called=names(visit),
        states={each.number: _state(visit, each) for each in calls},
        all_stopped=visit.desk.work.switch.stopped(),
        stage=stage if stage in STAGES else "",
        stages=list(STAGES),
        older=calls[-1].number if len(found) > _AT_ONCE else None,
    )


def _state(visit: Visit, call: Proposal) -> str:
    """Return how far it is in one word; what is stopped may be so in two places."""
    if call.stage not in LEAVING:
        return call.stage.value
    return visit.desk.work.calls.proposer.state(call)


def desktop(visit: Visit) -> Desktop | None:
    """Return what the overview tells of calls; None for those who have none."""
    may = visit.mine.permissions
    if Permission.STOP not in may:
        return None
    blasts, own = visit.desk.work.calls.blasts, me(visit)
    submitted = blasts.every([Stage.SUBMITTED], most=_MOST)
    drafts = blasts.every([Stage.DRAFT], most=_MOST)
    return Desktop(
        to_approve=[each for each in submitted if not each.is_by(own)]
        if Permission.APPROVE in may
        else [],
        mine=[each for each in (*submitted, *drafts) if each.is_by(own)],
        held=blasts.every([Stage.HELD], most=_MOST),
        stopped=[
            (each, stopper(blasts.story(each)))
            for each in blasts.every([Stage.STOPPED], most=_MOST)
        ],
    )
