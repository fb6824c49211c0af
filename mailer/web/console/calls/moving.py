"""What is pressed on the page of an urgent call: ask, approve, stop, go on, end, try."""

from collections.abc import Callable

from starlette.responses import Response

from mailer.core.errors import MailerError
from mailer.core.proposal import Proposal
from mailer.web.console.calls.finding import found, me, names, path
from mailer.web.console.calls.showing import Shown, page, refused
from mailer.web.console.door import Visit

_UNREADABLE, _CONFLICT = 422, 409
_LONGEST = 500  # characters of a reason
_MOST_DIGITS = 9


def submit(visit: Visit) -> Response:
    """Ask for an approval; each warning is answered by its name, with a reason."""
    proposal = found(visit)
    reasons = {
        name: reason
        for name in visit.form.every("warning")
        if (reason := _words(visit, f"why-{name}"))
    }
    if missing := [
        f"why-{name}"
        for name in visit.form.every("warning")
        if len(reasons.get(name, "")) not in range(1, _LONGEST + 1)
    ]:
        return _again(visit, proposal, *missing)

    def act() -> None:
        visit.desk.work.calls.proposer.submit(
            proposal.name,
            by=me(visit),
            acknowledged=list(reasons),
            reasons=reasons,
            revision=_revision(visit),
        )

    return _done(visit, proposal, act, "submitted")


def approve(visit: Visit) -> Response:
    """Let it go out after the hold; alone only with a reason."""
    proposal = found(visit)
    alone, reason = visit.form.get("alone") == "yes", _words(visit, "reason")
    if alone and len(reason) not in range(1, _LONGEST + 1):
        return _again(visit, proposal, "reason")
    typed = visit.form.get("count", "")
    digits = "".join(each for each in typed if each not in " .,\u00a0\u202f")
    count = None
    if digits:
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
            return _again(visit, proposal, "count")
        count = int(digits)

    def act() -> None:
        visit.desk.work.calls.proposer.approve(
            proposal.name,
            by=me(visit),
            revision=_revision(visit),
            count=count,
            alone=alone,
            reason=reason,
        )

    return _done(visit, proposal, act, "approved")


def stop(visit: Visit) -> Response:
    """Let nothing more of it leave: one press, without a question."""
    proposal = found(visit)
    reason = (
        _words(visit, "reason")[:_LONGEST] or f"stopped by {names(visit)(me(visit))}"
    )

    def act() -> None:
        proposer = visit.desk.work.calls.proposer
        proposer.stop(proposal.name, by=me(visit), reason=reason)

    return _done(visit, proposal, act, "stopped")


def resume(visit: Visit) -> Response:
    """Go on, with a new hold where nothing has left."""
    proposal = found(visit)

    def act() -> None:
        visit.desk.work.calls.proposer.resume(proposal.name, by=me(visit))

    return _done(visit, proposal, act, "resumed")


def cancel(visit: Visit) -> Response:
    """End it for good, for a reason."""
    proposal = found(visit)
    reason = _words(visit, "cancel-reason")
    if len(reason) not in range(1, _LONGEST + 1):
        return _again(visit, proposal, "cancel-reason")

    def act() -> None:
        proposer = visit.desk.work.calls.proposer
        proposer.cancel(proposal.name, by=me(visit), reason=reason)

    return _done(visit, proposal, act, "cancelled")


def try_out(visit: Visit) -> Response:
    """Send each language of it to whoever presses, and to nobody else."""
    proposal = found(visit)

    def act() -> None:
        visit.desk.work.calls.try_out(proposal, me(visit))

    return _done(visit, proposal, act, "tested")


def _done(
    visit: Visit, proposal: Proposal, act: Callable[[], None], done: str
) -> Response:
    """Lead back to the call, or say there why nothing was done."""
    try:
        act()
    except MailerError as error:
        return page(visit, found(visit), refused(visit, error), _CONFLICT)
    if proposal.mailing is not None:  # its page is to show what was just done
        visit.desk.work.meter.forget(proposal.mailing)
        visit.desk.work.outcomes.forget(proposal.mailing)
    return visit.to(f"{path(proposal)}?done={done}")


def _again(visit: Visit, proposal: Proposal, *troubles: str) -> Response:
    shown = Shown(troubles=troubles, form=visit.form, tried=True)
    return page(visit, proposal, shown, _UNREADABLE)


def _words(visit: Visit, name: str) -> str:
    return " ".join(visit.form.get(name, "").split())


def _revision(visit: Visit) -> int:
    """Return which revision the page showed; none is one that never was."""
    typed = visit.form.get("revision", "")
    readable = typed.isascii() and typed.isdigit() and len(typed) <= _MOST_DIGITS
    return int(typed) if readable else 0
