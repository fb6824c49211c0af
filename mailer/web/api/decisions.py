"""What people decide about a blast: submit, approve, stop, go on, end."""

from starlette.responses import Response
from starlette.routing import Route

from mailer.core.automation import Scope
from mailer.core.errors import InputError
from mailer.core.proposal import Proposal, Stage
from mailer.core.tokens import normalize
from mailer.web.api import bodies, shown
from mailer.web.api.gate import Call, Gate, acts
from mailer.web.api.once import once

_ONE = f"{shown.PATH}/{{list}}/{{edition}}"
_APPROVED = (Stage.HELD, Stage.STOPPED, Stage.CANARY, Stage.SENDING, Stage.DONE)


def routes(gate: Gate) -> list[Route]:
    """Return the routes of decisions; each is the same as a command's."""
    return [
        gate.route(f"{_ONE}/submit", post=acts(Scope.SUBMIT, _submit)),
        gate.route(f"{_ONE}/approve", post=acts(Scope.APPROVE, _approve)),
        gate.route(f"{_ONE}/stop", post=acts(Scope.STOP, _stop)),
        gate.route(f"{_ONE}/pause", post=acts(Scope.STOP, _pause)),
        gate.route(f"{_ONE}/resume", post=acts(Scope.RESUME, _resume)),
        gate.route(f"{_ONE}/cancel", post=acts(Scope.STOP, _cancel)),
    ]


def _submit(call: Call) -> Response:
    sent = call.said
    bodies.only(sent, ("revision", "acknowledge"))
    revision = _revision(call)
    seen = bodies.reasons(sent, "acknowledge")

    def act() -> Response:
        proposal, found = call.api.proposer().submit(
            call.named,
            by=call.by,
            acknowledged=list(seen),
            reasons=seen,
            revision=revision,
        )
        return shown.blast({**shown.row(call, proposal), "findings": found})

    def done() -> Response | None:
        proposal = call.api.blasts.find(call.named)
        if proposal.revision == revision and _is(proposal.submitter, call):
            return shown.blast({**shown.row(call, proposal), "findings": []})
        return None

    return once(call, act, done)


def _approve(call: Call) -> Response:
    sent = call.said
    bodies.only(sent, ("revision", "count"))
    revision, count = _revision(call), bodies.whole(sent, "count")

    def act() -> Response:
        proposal = call.api.proposer().approve(
            call.named, by=call.by, revision=revision, count=count
        )
        return _approved(call, proposal)

    def done() -> Response | None:
        proposal = call.api.blasts.find(call.named)
        mine = proposal.revision == revision and _is(proposal.approver, call)
        if mine and proposal.stage in _APPROVED:
            return _approved(call, proposal)
        return None

    return once(call, act, done)


def _approved(call: Call, proposal: Proposal) -> Response:
    return shown.blast(shown.row(call, proposal))


def _is(person: str | None, call: Call) -> bool:
    return person is not None and normalize(person) == normalize(call.by)


def _revision(call: Call) -> int:
    """Return which revision somebody has seen: nobody decides on what they have not."""
    revision = bodies.whole(call.said, "revision")
    if revision is None:
        raise InputError("revision: is missing; write the one that you have seen")
    return revision


def _stop(call: Call) -> Response:
    reason = bodies.reason(call.said, "stopped by a person")
    stopped = call.api.proposer().stop(call.named, by=call.by, reason=reason)
    return shown.standing(call, stopped)


def _pause(call: Call) -> Response:
    reason = bodies.reason(call.said, "paused by a person")
    paused = call.api.proposer().pause(call.named, by=call.by, reason=reason)
    return shown.standing(call, paused)


def _resume(call: Call) -> Response:
    reason = bodies.reason(call.said, "resumed by a person")
    resumed = call.api.proposer().resume(call.named, by=call.by, reason=reason)
    return shown.standing(call, resumed)


def _cancel(call: Call) -> Response:
    reason = bodies.reason(call.said, "cancelled by a person")
    cancelled = call.api.proposer().cancel(call.named, by=call.by, reason=reason)
    return shown.standing(call, cancelled)
