"""The first page: what comes next, what is under way, what needs a person."""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Route

from mailer.core.roles import Permission
from mailer.pipeline.survey import Survey
from mailer.web.console import calls, showing
from mailer.web.console.calls.finding import names
from mailer.web.console.door import Door, Visit


def routes(door: Door) -> list[Route]:
    """Return the routes of the overview; its middle is asked for again by itself."""
    return [
        door.route("/console", get=_show),
        door.route("/console/running", get=_running),
    ]


def _show(visit: Visit) -> Response:
    moderates = Permission.MODERATE in visit.mine.permissions
    waiting = visit.desk.site.requests.backlog() if moderates else None
    found = visit.desk.work.survey()
    return visit.page(
        "overview.html",
        survey=found,
        running=_progress(visit, found),
        waiting=waiting,
        lists=_lists(visit),
        calls=calls.desktop(visit),
        called=names(visit),
    )


def _running(visit: Visit) -> Response:
    found = visit.desk.work.survey()
    return visit.page(
        "running.html",
        survey=found,
        running=_progress(visit, found),
        lists=_lists(visit),
    )


def _progress(visit: Visit, found: Survey) -> Sequence[showing.Shown]:
    return [showing.of(visit, mailing) for mailing, _ in found.running]


def _lists(visit: Visit) -> dict[str, str]:
    lists = visit.desk.site.lists.values()
    return {each.slug: each.title(visit.language) for each in lists}
