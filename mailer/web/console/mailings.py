"""All that was mailed: what goes out now, and what became of the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from starlette.responses import Response
from starlette.routing import Route

from mailer.core.proposal import Proposal
from mailer.core.roles import Permission
from mailer.ports import Failed, Mailing
from mailer.web.console import deeds, report, showing
from mailer.web.console.door import Door, Visit
from mailer.web.console.live import UNDER_WAY
from mailer.web.console.showing import PATH, Shown
from mailer.web.log import redact

_AT_ONCE = 25  # rows of one page
_VERSIONS = 40  # of one mailing, those with the most people
_FAILED = 50  # addresses of one mailing
_STORY = 12  # records
_CSV = "text/csv; charset=utf-8"
STATES: Mapping[str, Sequence[str]] = {
    "running": UNDER_WAY,
    "stuck": ("missed", "unresolved"),
    "over": ("finished", "cancelled"),
}
_TURNS: Mapping[str, Sequence[str]] = {  # what may be done with one, by its state
    "planned": ("cancel",),
    "missed": ("cancel",),
    "sending": ("pause", "cancel"),
    "paused": ("resume", "cancel"),
}


def routes(door: Door) -> list[Route]:
    """Return the routes of mailings."""
    return [
        door.route(PATH, get=_list),
        door.route(f"{PATH}/{{number}}", get=_show),
        door.route(f"{PATH}/{{number}}/report", post=_export),
    ]


def _list(visit: Visit) -> Response:
    asked = visit.request.query_params
    chosen = asked.get("state", "")
    before = asked.get("before", "")
    found = visit.desk.work.following.page(
        STATES.get(chosen, ()),
        most=_AT_ONCE + 1,
        before=showing.asked(visit, before).id if before else None,
    )
    shown = [showing.of(visit, mailing) for mailing in found[:_AT_ONCE]]
    return visit.page(
        "mailings.html",
        mailings=shown,
        chosen=chosen if chosen in STATES else "",
        older=shown[-1].mailing.id if len(found) > _AT_ONCE else None,
    )


def _show(visit: Visit) -> Response:
    work = visit.desk.work
    mailing = showing.asked(visit)
    one = showing.of(visit, mailing)
    outcome, age = work.outcomes.get(mailing.id)
    names = {each.actor: visit.desk.name(each) for each in work.accounts.every()}
    failed = one.standing.deliveries.get("failed", 0)
    return visit.page(
        "mailing.html",
        one=one,
        turns=turns(visit, one),
        moving=one.state in UNDER_WAY,
        proposal=_proposal(visit, one),
        fared=outcome.fared,
        reported=visit.desk.now - timedelta(seconds=age),
        versions=outcome.versions[:_VERSIONS],
        more_versions=max(0, len(outcome.versions) - _VERSIONS),
        languages=outcome.languages,
        failed=_failed(visit, mailing) if failed else (),
        story=work.following.story(mailing, most=_STORY),
        names=names,
        deed=deeds.did,
        doer=deeds.who,
        kinds=report.KINDS,
    )


def _failed(visit: Visit, mailing: Mailing) -> Sequence[Failed]:
    found = visit.desk.work.following.failed(mailing.id, most=_FAILED)
    return [replace(each, reason=redact(each.reason)) for each in found]


def turns(visit: Visit, one: Shown) -> Sequence[str]:
    """Return what this person may do with a mailing now: pause, resume, cancel.

    Whoever lets an urgent call go on answers for it as whoever approved it.
    """
    mine = visit.mine.permissions
    if Permission.STOP not in mine:
        return ()
    answers = Permission.APPROVE in mine or not one.is_urgent_call
    known = _TURNS.get(one.state, ())
    return [each for each in known if each != "resume" or answers]


def _proposal(visit: Visit, one: Shown) -> Proposal | None:
    return visit.desk.work.blast(one.mailing) if one.is_urgent_call else None


def _export(visit: Visit) -> Response:
    """Give the report as a table, once that is written down."""
    work = visit.desk.work
    mailing = showing.asked(visit)
    one = showing.of(visit, mailing)
    words = report.table(one.standing, work.following.fared(mailing.id))
    work.records.note(
        at=visit.desk.now,
        actor=visit.by,
        verb="export report",
        thing=f"mailing {mailing.id}",
    )
    name = f"{mailing.list_slug}-{mailing.edition}.csv"
    return Response(
        words,
        media_type=_CSV,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
