"""Organizations: all of them, one of them, its names, and whether it is muted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from mailer.core.audience import FOREVER
from mailer.core.errors import InputError, NotFoundError, RefusedError
from mailer.ports.register import Organization
from mailer.web.console import deeds, paths
from mailer.web.console.dates import coming
from mailer.web.console.door import Door, Handler, Visit, choice

PATH = "/console/organizations"
_UNREADABLE, _CONFLICT, _NOT_FOUND = 422, 409, 404
_LONGEST = 300  # characters of a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What came of a press, on the page where it was."""

    troubles: tuple[str, ...] = ()
    refused: str | None = None


def routes(door: Door) -> list[Route]:
    """Return the routes of organizations, but for merging two."""
    return [
        door.route(PATH, get=_list),
        door.route(f"{PATH}/{{number}}", get=_show, post=_change),
    ]


def _list(visit: Visit) -> Response:
    search, after = paths.asked(visit, "name"), paths.asked(visit, "after", 400)
    found = visit.desk.work.holdings.register.page(
        search, after=after or None, most=paths.AT_ONCE + 1
    )
    rows = found[: paths.AT_ONCE]
    return visit.page(
        "organizations.html",
        rows=rows,
        search=search,
        onward=rows[-1].key if len(found) > paths.AT_ONCE else None,
        forever=FOREVER,
    )


def found(visit: Visit) -> Organization:
    """Return the organization in a page's address; raises HTTPException 404."""
    try:
        return visit.desk.work.holdings.register.organization(paths.number(visit))
    except NotFoundError:
        raise HTTPException(_NOT_FOUND) from None


def _show(visit: Visit) -> Response:
    return page(visit, found(visit), Shown())


def page(
    visit: Visit, organization: Organization, shown: Shown, status: int = 200
) -> Response:
    """Return the page of one organization."""
    work = visit.desk.work
    return visit.page(
        "organization.html",
        status,
        one=organization,
        names={each.actor: visit.desk.name(each) for each in work.accounts.every()},
        doer=deeds.who,
        forever=FOREVER,
        muted=organization.muted_until is not None
        and organization.muted_until > visit.desk.now,
        troubles=shown.troubles,
        refused=shown.refused,
        form={"name": organization.name, **visit.form},
    )


def _change(visit: Visit) -> Response:
    organization = found(visit)
    known: Mapping[str, Handler] = {
        "rename": lambda visit: _rename(visit, organization),
        "alias": lambda visit: _add(visit, organization),
        "unalias": lambda visit: _remove(visit, organization),
        "mute": lambda visit: _mute(visit, organization),
        "unmute": lambda visit: _unmute(visit, organization),
    }
    try:
        return choice(visit.form, known, visit)
    except (RefusedError, NotFoundError) as error:
        shown = Shown(refused=error.words)
        return page(visit, found(visit), shown, _CONFLICT)


def _rename(visit: Visit, organization: Organization) -> Response:
    name = paths.line(visit.form.get("name", ""), _LONGEST)
    if not name:
        shown = Shown(troubles=("name",))
        return page(visit, organization, shown, _UNREADABLE)
    visit.desk.work.holdings.register.rename(
        organization.number, name, by=visit.by, at=visit.desk.now
    )
    return _back(visit, organization, "renamed")


def _add(visit: Visit, organization: Organization) -> Response:
    alias = paths.line(visit.form.get("alias", ""), _LONGEST)
    if not alias:
        shown = Shown(troubles=("alias",))
        return page(visit, organization, shown, _UNREADABLE)
    visit.desk.work.holdings.register.add_alias(
        organization.number, alias, by=visit.by, at=visit.desk.now
    )
    return _back(visit, organization, "alias")


def _remove(visit: Visit, organization: Organization) -> Response:
    visit.desk.work.holdings.register.remove_alias(
        organization.number,
        visit.form.get("alias", ""),
        by=visit.by,
        at=visit.desk.now,
    )
    return _back(visit, organization, "unalias")


def _mute(visit: Visit, organization: Organization) -> Response:
    written = visit.form.get("until", "")
    until = FOREVER
    if written:
        try:
            day = coming(written, visit.desk.local(visit.desk.now).date())
        except InputError:
            shown = Shown(troubles=("until",))
            return page(visit, organization, shown, _UNREADABLE)
        until = datetime.combine(day, time(), visit.desk.work.zone)
    visit.desk.work.holdings.register.mute(
        organization.number, until, by=visit.by, at=visit.desk.now
    )
    return _back(visit, organization, "muted")


def _unmute(visit: Visit, organization: Organization) -> Response:
    visit.desk.work.holdings.register.mute(
        organization.number, None, by=visit.by, at=visit.desk.now
    )
    return _back(visit, organization, "unmuted")


def _back(visit: Visit, organization: Organization, done: str) -> Response:
    return visit.to(f"{PATH}/{organization.number}?done={done}")
