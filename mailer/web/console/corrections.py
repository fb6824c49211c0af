"""What readers were told that is not right any more; somebody decides to write to them."""

from collections.abc import Sequence
from itertools import groupby

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from mailer.core import changes
from mailer.core.errors import MailerError, RefusedError
from mailer.core.saying import says
from mailer.ports import Wrong
from mailer.web.console import showing
from mailer.web.console.door import Door, Visit, choice
from mailer.web.console.halting import ALL_REASONS

PATH = "/console/corrections"
_NOT_FOUND, _CONFLICT = 404, 409


def routes(door: Door) -> list[Route]:
    """Return the routes of corrections."""
    return [
        door.route(PATH, get=_list),
        door.route(f"{PATH}/{{action}}", get=_show, post=_decide),
    ]


def _list(visit: Visit) -> Response:
    wrong = visit.desk.work.corrector().wrong(visit.desk.now)
    ordered = sorted(wrong, key=lambda one: one.action.id)
    return visit.page(
        "corrections.html",
        waiting=[
            (same[0].action, same, _readers(same))
            for _, rows in groupby(ordered, key=lambda one: one.action.id)
            if (same := list(rows))
        ],
        titles=_titles(visit),
        days={each.edition: showing.day(each.edition) for each in wrong},
    )


def _readers(wrong: Sequence[Wrong]) -> int:
    return sum(sum(each.readers.values()) for each in wrong)


def _titles(visit: Visit) -> dict[str, str]:
    lists = visit.desk.site.lists.values()
    return {each.slug: each.title(visit.language) for each in lists}


def _found(visit: Visit) -> Sequence[Wrong]:
    action = str(visit.request.path_params["action"])
    wrong = visit.desk.work.corrector().wrong(visit.desk.now, action)
    if not wrong:
        raise HTTPException(_NOT_FOUND)
    return wrong


def _show(visit: Visit) -> Response:
    return _page(visit, _found(visit))


def _page(
    visit: Visit,
    wrong: Sequence[Wrong],
    status: int = 200,
    refused: str | None = None,
) -> Response:
    return visit.page(
        "correction.html",
        status,
        action=wrong[0].action,
        wrong=[
            (each, changes.differences(each.before, each.action.facts))
            for each in wrong
        ],
        readers=_readers(wrong),
        titles=_titles(visit),
        days={each.edition: showing.day(each.edition) for each in wrong},
        refused=refused,
    )


def _decide(visit: Visit) -> Response:
    wrong = _found(visit)
    known = {
        "changed": lambda visit: _send(visit, wrong, our_mistake=False),
        "mistake": lambda visit: _send(visit, wrong, our_mistake=True),
    }
    try:
        return choice(visit.form, known, visit)
    except MailerError as error:
        return _page(visit, wrong, _CONFLICT, error.words)


def _send(visit: Visit, wrong: Sequence[Wrong], *, our_mistake: bool) -> Response:
    """Put the letters on their way; whoever sends next takes them along."""
    work = visit.desk.work
    if stop := work.switch.stopped():
        known = {str(each): each for each in ALL_REASONS.values()}
        raise RefusedError(
            says(
                "sending is stopped: %(reason)s",
                reason=known.get(stop.reason, stop.reason),
            )
        )
    work.corrector().send(
        wrong, at=visit.desk.now, our_mistake=our_mistake, by=visit.by
    )
    return visit.to(f"{PATH}?done=sent")
