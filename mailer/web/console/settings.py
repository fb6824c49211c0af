"""How the project is set up, and what an examination finds: for admins, read only."""

from collections.abc import Sequence
from itertools import groupby

from starlette.responses import Response
from starlette.routing import Route

from mailer.core.diagnosis import Finding, Severity, grouped
from mailer.web.console.door import Door, Visit, choice

SETTINGS, DOCTOR = "/console/settings", "/console/doctor"


def routes(door: Door) -> list[Route]:
    """Return the routes of settings and of the doctor."""
    return [
        door.route(SETTINGS, get=_settings),
        door.route(DOCTOR, get=_near, post=_far),
    ]


def _settings(visit: Visit) -> Response:
    holdings = visit.desk.work.holdings
    tables = groupby(holdings.settings, key=lambda setting: setting.table)
    return visit.page(
        "settings.html",
        tables=[(table, list(found)) for table, found in tables],
        variables=holdings.variables,
        lists=sorted(one.slug for one in visit.desk.site.lists.values()),
    )


def _near(visit: Visit) -> Response:
    """Show what can be found without asking anybody outside."""
    return _found(visit, visit.desk.work.holdings.examine(True), asked=False)  # noqa: FBT003 - a plain callable, offline or not


def _far(visit: Visit) -> Response:
    """Ask DNS, providers and links as well; that takes some seconds."""
    return choice(
        visit.form,
        {
            "ask": lambda visit: _found(
                visit,
                visit.desk.work.holdings.examine(False),  # noqa: FBT003 - a plain callable, offline or not
                asked=True,
            )
        },
        visit,
    )


def _found(visit: Visit, findings: Sequence[Finding], *, asked: bool) -> Response:
    # What nobody was asked is no news before the button is pressed.
    told = [each for each in findings if asked or each.asked]
    counts = {
        severity.value: sum(each.severity is severity for each in told)
        for severity in Severity
    }
    return visit.page("doctor.html", groups=grouped(told), counts=counts, asked=asked)
