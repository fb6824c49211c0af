"""What stops mail: one mailing, or all of it. Two presses from a phone."""

from collections.abc import Callable, Mapping

from starlette.responses import Response
from starlette.routing import Route

from mailer.core.errors import InputError, RefusedError
from mailer.core.reasons import said
from mailer.core.saying import says
from mailer.ports import Mailing
from mailer.web.console import showing
from mailer.web.console.calls.finding import me, names
from mailer.web.console.door import Door, Visit
from mailer.web.console.mailings import turns
from mailer.web.console.showing import PATH

_STOP = "/console/stop"
_UNREADABLE, _CONFLICT = 422, 409
# Reasons for whom there is no time to write one, as records have them.
REASONS: Mapping[str, str] = {
    "wrong": "something in it is wrong",
    "people": "it reaches the wrong people",
    "off": "it is not needed any more",
}
ALL_REASONS: Mapping[str, str] = {
    "people": says("mail reaches the wrong people"),
    "wrong": says("something is wrong with what is sent"),
    "access": says("somebody may have got in who should not"),
}


def routes(door: Door) -> list[Route]:
    """Return the routes of what stops mail, and lets it go on."""
    return [
        door.route(f"{PATH}/{{number}}/halt", get=_ask, post=_turn),
        door.route(_STOP, get=_ask_all, post=_stop),
        door.route("/console/start", post=_start),
    ]


def _ask(visit: Visit) -> Response:
    mailing = showing.asked(visit)
    return _page(visit, mailing, visit.request.query_params.get("what", ""))


def _page(
    visit: Visit,
    mailing: Mailing,
    what: str,
    status: int = 200,
    *,
    refused: str | None = None,
    troubles: tuple[str, ...] = (),
) -> Response:
    one = showing.of(visit, mailing)
    known = turns(visit, one)
    if what not in known and refused is None:
        status, refused = _CONFLICT, ""
    return visit.page(
        "halt.html",
        status,
        one=one,
        what=what if what in known else None,
        reasons=REASONS,
        refused=refused,
        troubles=troubles,
        form={**visit.form},
    )


def _turn(visit: Visit) -> Response:
    mailing, form, work = showing.asked(visit), visit.form, visit.desk.work
    what = form.get("action", "")
    halter = work.halter(visit.mine.account)
    acts: Mapping[str, Callable[..., None]] = {
        "pause": halter.pause,
        "cancel": halter.cancel,
        "resume": halter.resume,
    }
    if what not in acts:
        return visit.page("no.html", _UNREADABLE, why="unknown")
    try:
        acts[what](mailing, reason=_reason(visit, REASONS))
    except InputError:
        return _page(visit, mailing, what, _UNREADABLE, troubles=("words",))
    except RefusedError as error:
        work.meter.forget(mailing.id)
        work.outcomes.forget(mailing.id)
        return _page(visit, mailing, what, _CONFLICT, refused=str(error))
    work.meter.forget(mailing.id)
    work.outcomes.forget(mailing.id)
    return visit.to(f"{PATH}/{mailing.id}?done={what}")


def _reason(visit: Visit, known: Mapping[str, str]) -> str:
    """Return why: in their own words, else as they ticked, else that they did."""
    words = visit.form.get("words", "").strip()
    decided = f"decided by {names(visit)(me(visit))}"
    return words or known.get(visit.form.get("reason", ""), decided)


def _ask_all(visit: Visit) -> Response:
    return visit.page(
        "stop.html",
        stop=visit.desk.work.switch.stopped(),
        reasons=ALL_REASONS,
        form={**visit.form},
    )


def _stop(visit: Visit) -> Response:
    """Let no call begin any more, of any mailing."""
    try:
        reason = said(_reason(visit, ALL_REASONS))
    except InputError:
        return visit.page(
            "stop.html",
            _UNREADABLE,
            stop=visit.desk.work.switch.stopped(),
            reasons=ALL_REASONS,
            troubles=("words",),
            form={**visit.form},
        )
    visit.desk.work.switch.stop(reason=reason, actor=visit.by, at=visit.desk.now)
    return visit.to(f"{_STOP}?done=stopped")


def _start(visit: Visit) -> Response:
    visit.desk.work.switch.start(actor=visit.by, at=visit.desk.now)
    return visit.to(f"{_STOP}?done=started")
