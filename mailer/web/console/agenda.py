"""Actions: what comes and what was, every version, who answers, and correcting one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from mailer.adapters.database.readers import masked
from mailer.core import changes, snapshot
from mailer.core.errors import NotFoundError
from mailer.core.model import ActionStatus, Facts
from mailer.core.regions import Region
from mailer.core.roles import Permission
from mailer.core.sharing.fields import LIMITS, Field, Timing, filled
from mailer.core.sharing.submission import SOURCE, Submission
from mailer.ports import Changed, Hosted
from mailer.ports.agenda import MISSING, Asked, Planned
from mailer.web import sharing
from mailer.web.console import deeds, paths
from mailer.web.console.door import Door, Handler, Visit, choice
from mailer.web.facts import shown, web

PATH = "/console/actions"
_UNREADABLE, _CONFLICT, _NOT_FOUND = 422, 409, 404
STATUSES = (*(status.value for status in ActionStatus), MISSING)
# What a coordinator corrects; what else a host said stays as it is.
_CORRECTED = (
    Field.DAY,
    Field.CLOCK,
    Field.CITY,
    Field.STATE,
    Field.VENUE,
    Field.STREET,
    Field.TARGET,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What came of a press, on the page where it was."""

    troubles: tuple[str, ...] = ()
    refused: str | None = None


def routes(door: Door) -> list[Route]:
    """Return the routes of actions."""
    return [
        door.route(PATH, get=_list),
        door.route(f"{PATH}/{{public_id}}", get=_show, post=_change),
    ]


def _list(visit: Visit) -> Response:
    now, site = visit.desk.now, visit.desk.site
    regions = {each.slug: each for each in site.actions.regions(now)}
    chosen = {
        name: paths.asked(visit, name) for name in ("when", "status", "region", "city")
    }
    status = chosen["status"] if chosen["status"] in STATUSES else None
    found = visit.desk.work.holdings.agenda.page(
        Asked(
            past=chosen["when"] == "past",
            status=status,
            region=regions.get(chosen["region"]),
            city=chosen["city"],
        ),
        now=now,
        after=paths.asked(visit, "after") or None,
        most=paths.AT_ONCE + 1,
    )
    rows = found[: paths.AT_ONCE]
    more = {name: value for name, value in chosen.items() if value}
    onward = {**more, "after": rows[-1].public_id} if len(found) > len(rows) else None
    moderates = Permission.MODERATE in visit.mine.permissions
    return visit.page(
        "actions.html",
        rows=[shown(each) for each in rows],
        answers=site.hosts.answers(now),
        chosen=chosen,
        statuses=STATUSES,
        regions=sorted((each.slug, _named(each)) for each in regions.values()),
        waiting=site.requests.backlog().count if moderates else 0,
        onward=urlencode(onward) if onward else None,
    )


def _named(region: Region) -> str:
    return region.code if region.country == "US" else f"{region.code}, {region.country}"


def _found(visit: Visit) -> Planned:
    try:
        return visit.desk.work.holdings.agenda.planned(
            visit.request.path_params["public_id"]
        )
    except NotFoundError:
        raise HTTPException(_NOT_FOUND) from None


def _show(visit: Visit) -> Response:
    return _page(visit, _found(visit), Shown())


def _page(visit: Visit, planned: Planned, came: Shown, status: int = 200) -> Response:
    facts = planned.action.facts
    work = visit.desk.work
    hosted = _hosted(visit, planned)
    form = filled(_submission(hosted)) if hosted else {}
    return visit.page(
        "action.html",
        status,
        one=planned,
        facts=facts,
        more_url=web(facts.url),
        history=[
            (version, _changed(before, version.facts))
            for before, version in zip(
                (None, *(each.facts for each in planned.versions)),
                planned.versions,
                strict=False,
            )
        ][::-1],
        names={
            each.actor: each.name or masked(each.address)
            for each in work.accounts.every()
        },
        doer=deeds.who,
        over=changes.over_at(facts) <= visit.desk.now,
        ours=hosted is not None,
        states=sharing.CHOICES,
        limits=LIMITS,
        troubles=came.troubles,
        refused=came.refused,
        form={**form, **visit.form},
    )


def _changed(before: Facts | None, after: Facts) -> Mapping[str, tuple[Any, Any]]:
    """Return what changed, by the name of each fact: as it was, and as it is."""
    if before is None:
        return {}
    return {
        name: (getattr(before, name), getattr(after, name))
        for name in snapshot.differences(before, after)
    }


def _hosted(visit: Visit, planned: Planned) -> Hosted | None:
    """Return it as its first host sees it; None: it belongs to a source."""
    if planned.action.source != SOURCE or not planned.hosts:
        return None
    return visit.desk.site.hosts.hosted(planned.hosts[0].uid, planned.action.id)


def _submission(hosted: Hosted) -> Submission:
    return Submission(
        facts=hosted.action.facts, contact=hosted.contact, shown_to=hosted.shown_to
    )


def _change(visit: Visit) -> Response:
    planned = _found(visit)
    hosted = _hosted(visit, planned)
    if hosted is None or changes.over_at(planned.action.facts) <= visit.desk.now:
        return _page(visit, planned, Shown(refused="source"), _CONFLICT)
    known: Mapping[str, Handler] = {
        "cancel": lambda visit: _turn(visit, planned, hosted, ActionStatus.CANCELLED),
        "hold": lambda visit: _turn(visit, planned, hosted, ActionStatus.CONFIRMED),
        "correct": lambda visit: _correct(visit, planned, hosted),
    }
    return choice(visit.form, known, visit)


def _turn(
    visit: Visit, planned: Planned, hosted: Hosted, status: ActionStatus
) -> Response:
    facts = replace(hosted.action.facts, status=status)
    return _keep(visit, planned, hosted, replace(_submission(hosted), facts=facts))


def _correct(visit: Visit, planned: Planned, hosted: Hosted) -> Response:
    posted = {each.value: visit.form.get(each.value, "") for each in _CORRECTED}
    timing = Timing.CLOCK if posted[Field.CLOCK.value].strip() else Timing.DAY
    before = _submission(hosted)
    answer = sharing.read(
        visit.desk.site,
        {**filled(before), **posted, Field.TIMING.value: timing.value},
        before.facts.language or visit.language,
        before.facts,
    )
    if answer.submission is None:
        troubles = tuple(each.value for each in answer.troubles)
        return _page(visit, planned, Shown(troubles=troubles), _UNREADABLE)
    return _keep(visit, planned, hosted, answer.submission)


def _keep(
    visit: Visit, planned: Planned, hosted: Hosted, submission: Submission
) -> Response:
    """Keep it for its host, unless somebody changed it since this page was opened."""
    seen = paths.read(visit.form.get("version"))
    changed = visit.desk.site.hosts.change(
        hosted.uid,
        planned.action.id,
        submission,
        version=seen if seen is not None else -1,
        at=visit.desk.now,
        by=visit.by,
    )
    if changed is Changed.STALE:
        return _page(visit, _found(visit), Shown(refused="stale"), _CONFLICT)
    return visit.to(f"{PATH}/{planned.action.public_id}?done={changed.value}")
