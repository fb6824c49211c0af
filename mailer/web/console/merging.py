"""Two organizations become one: what moves is shown first, and there is a way back."""

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from mailer.core.errors import NotFoundError, RefusedError
from mailer.ports.register import Merge, Organization
from mailer.web.console import paths
from mailer.web.console.door import Door, Visit
from mailer.web.console.organizations import PATH, Shown, found, page

_UNREADABLE, _CONFLICT, _NOT_FOUND = 422, 409, 404
_LONGEST = 300


def routes(door: Door) -> list[Route]:
    """Return the routes of merging, and of taking a merge apart."""
    return [
        door.route(f"{PATH}/{{number}}/merge", get=_choose, post=_merge),
        door.route(f"{PATH}/{{number}}/part", post=_part),
    ]


def _choose(visit: Visit) -> Response:
    """Show what would move, or ask into which one."""
    gone = found(visit)
    into = paths.read(visit.request.query_params.get("into"))
    if into is not None:
        return _ask(visit, gone, into)
    name = paths.asked(visit, "name", _LONGEST)
    if not name:
        return _offer(visit, gone)
    kept = visit.desk.work.holdings.register.number(name)
    if kept is None or kept == gone.number:
        return _offer(visit, gone, ("name",), _UNREADABLE)
    return _ask(visit, gone, kept)


def _offer(
    visit: Visit,
    gone: Organization,
    troubles: tuple[str, ...] = (),
    status: int = 200,
) -> Response:
    return visit.page(
        "merge.html",
        status,
        gone=gone,
        kept=None,
        near=visit.desk.work.holdings.register.alike(gone.number),
        troubles=troubles,
        form={"name": paths.asked(visit, "name", _LONGEST)},
    )


def _ask(
    visit: Visit,
    gone: Organization,
    into: int,
    refused: str | None = None,
    status: int = 200,
) -> Response:
    register = visit.desk.work.holdings.register
    try:
        kept, moves = (
            register.organization(into),
            register.would_move(gone.number, into),
        )
    except NotFoundError:
        raise HTTPException(_NOT_FOUND) from None
    except RefusedError as error:
        return page(visit, gone, Shown(refused=error.words), _CONFLICT)
    muted = gone.muted_until
    return visit.page(
        "merge.html",
        status,
        gone=gone,
        kept=kept,
        moves=moves,
        seen=_seen(moves),
        unmutes=muted is not None
        and muted > visit.desk.now
        and (kept.muted_until is None or kept.muted_until < muted),
        refused=refused,
        near=(),
    )


def _seen(moves: Merge) -> str:
    """Return what was shown to whoever agrees, so that nothing else is done."""
    counted = (
        moves.aliases,
        moves.sponsorships,
        moves.endorsements,
        moves.seats,
        moves.children,
    )
    return "-".join(map(str, counted))


def _merge(visit: Visit) -> Response:
    gone = found(visit)
    into = paths.read(visit.form.get("into"))
    if into is None:
        return visit.page("no.html", _UNREADABLE, why="unknown")
    register = visit.desk.work.holdings.register
    try:
        moves = register.would_move(gone.number, into)
        if visit.form.get("seen") != _seen(moves):
            return _ask(visit, gone, into, "changed", _CONFLICT)
        register.merge(gone.number, into, by=visit.by, at=visit.desk.now)
    except (NotFoundError, RefusedError) as error:
        return page(visit, gone, Shown(refused=error.words), _CONFLICT)
    return visit.to(f"{PATH}/{into}?done=merged")


def _part(visit: Visit) -> Response:
    kept = found(visit)
    record = paths.read(visit.form.get("record"))
    if record is None:
        return visit.page("no.html", _UNREADABLE, why="unknown")
    try:
        again = visit.desk.work.holdings.register.part(
            kept.number, record, by=visit.by, at=visit.desk.now
        )
    except (NotFoundError, RefusedError) as error:
        return page(visit, kept, Shown(refused=error.words), _CONFLICT)
    return visit.to(f"{PATH}/{again}?done=parted")
