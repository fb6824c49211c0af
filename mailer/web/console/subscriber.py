"""One subscriber: what they get and why, and what is done for them at their request."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from mailer.core import preferences, tracing
from mailer.core.errors import InputError, NotFoundError, RefusedError
from mailer.core.lists import MailingList
from mailer.core.saying import says
from mailer.ports import Reader
from mailer.ports.readership import Subscriber
from mailer.web import saying, telling
from mailer.web.console import paths, showing
from mailer.web.console.dates import coming
from mailer.web.console.door import Door, Handler, Visit, choice
from mailer.web.console.subscribers import PATH, titles
from mailer.web.saying import Changed
from mailer.web.visit import Guest

_UNREADABLE, _CONFLICT, _NOT_FOUND = 422, 409, 404
_FILE = "subscriber-{number}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What came of a press, on the page where it was."""

    troubles: tuple[str, ...] = ()
    refused: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One of their lists: its state, and what they chose of it in words' parts."""

    row: Mapping[str, object]  # as `mailer why` reads it
    mailing_list: MailingList | None  # None: its file is gone
    number: int
    chosen: Sequence[Changed]


def routes(door: Door) -> list[Route]:
    """Return the routes of one subscriber, but for erasing."""
    one = f"{PATH}/{{number}}"
    return [
        door.route(one, get=_show, post=_change),
        door.route(f"{one}/address", post=_look),
        door.route(f"{one}/data", post=_hand_out),
    ]


def found(visit: Visit) -> Subscriber:
    """Return the subscriber in a page's address; raises HTTPException 404."""
    try:
        return visit.desk.work.holdings.readership.subscriber(paths.number(visit))
    except NotFoundError:
        raise HTTPException(_NOT_FOUND) from None


def _show(visit: Visit) -> Response:
    return page(visit, found(visit), Shown())


def page(visit: Visit, person: Subscriber, shown: Shown, status: int = 200) -> Response:
    """Return the page of one subscriber."""
    traces = visit.desk.work.holdings.traces
    deliveries = traces.deliveries(person.number, None)
    held = traces.person(person.number)
    return visit.page(
        "subscriber.html",
        status,
        one=person,
        held=held,
        muted=held["muted_until"] is not None and held["muted_until"] > visit.desk.now,
        because=tracing.behind(held["suppressed"], deliveries),
        memberships=_memberships(visit, person),
        deliveries=deliveries,
        days={row["edition"]: showing.day(row["edition"]) for row in deliveries},
        titles=titles(visit),
        troubles=shown.troubles,
        refused=shown.refused,
        address=shown.address,
        wrong_list=visit.form.get("list"),
        form={**visit.form},
    )


def _memberships(visit: Visit, person: Subscriber) -> Sequence[Membership]:
    lists = {one.slug: (number, one) for number, one in visit.desk.site.lists.items()}
    found = []
    for row in visit.desk.work.holdings.traces.subscriptions(person.number):
        number, one = lists.get(row["list"], (0, None))
        reader = visit.desk.site.readers.reader(person.uid, number) if one else None
        chosen = _chosen(visit, reader) if reader else ()
        found.append(
            Membership(row=row, mailing_list=one, number=number, chosen=chosen)
        )
    return found


def _chosen(visit: Visit, reader: Reader) -> Sequence[Changed]:
    """Return how often, of which places, and until when not; as their own page does."""
    standing = preferences.dump(reader.choices.standing(visit.desk.now))
    said = {key: value for key, value in standing.items() if key != "language"}
    if said["paused_until"] is None:
        del said["paused_until"]
    return saying.each(said, reader, visit.desk.work.zone)


def _change(visit: Visit) -> Response:
    person = found(visit)
    known: Mapping[str, Handler] = {
        "pause": lambda visit: _pause(visit, person),
        "end": lambda visit: _end(visit, person),
    }
    try:
        return choice(visit.form, known, visit)
    except (RefusedError, NotFoundError) as error:
        shown = Shown(refused=error.words)
        return page(visit, found(visit), shown, _CONFLICT)


def _pause(visit: Visit, person: Subscriber) -> Response:
    number, guest = _list(visit, person)
    try:
        today = visit.desk.local(visit.desk.now).date()
        day = coming(visit.form.get("until", ""), today)
    except InputError:
        return page(visit, person, Shown(troubles=("until",)), _UNREADABLE)
    until = datetime.combine(day, time(), visit.desk.work.zone)
    visit.desk.work.holdings.readership.pause(
        person.number, number, until, by=visit.by, at=visit.desk.now
    )
    said = saying.each(
        {"paused_until": until.isoformat()}, guest.reader, visit.desk.work.zone
    )
    telling.of_change(visit.desk.site, guest, said, silences=True)
    return visit.to(f"{PATH}/{person.number}?done=paused")


def _end(visit: Visit, person: Subscriber) -> Response:
    number, guest = _list(visit, person)
    visit.desk.work.holdings.readership.end(
        person.number, number, by=visit.by, at=visit.desk.now
    )
    if guest.reader.active:  # whoever never confirmed is not written to
        telling.of_leaving(visit.desk.site, guest)
    return visit.to(f"{PATH}/{person.number}?done=ended")


def _list(visit: Visit, person: Subscriber) -> tuple[int, Guest]:
    """Return which list was meant; raises NotFoundError: it is none of theirs."""
    slug = visit.form.get("list", "")
    for number, one in visit.desk.site.lists.items():
        reader = visit.desk.site.readers.reader(person.uid, number)
        if one.slug == slug and reader is not None:
            return number, Guest(reader=reader, mailing_list=one)
    raise NotFoundError(says("they have no subscription to that list"))


def _look(visit: Visit) -> Response:
    """Show the whole address, once that is written down."""
    person = found(visit)
    address = visit.desk.work.holdings.readership.look(
        person.number, by=visit.by, at=visit.desk.now
    )
    return page(visit, person, Shown(address=address))


def _hand_out(visit: Visit) -> Response:
    """Hand out all that is held of them, as they may ask for it; that is on record."""
    person = found(visit)
    visit.desk.work.records.note(
        at=visit.desk.now,
        actor=visit.by,
        verb="export",
        thing=f"subscriber {person.number}",
    )
    held = visit.desk.site.dossiers.of_whom(person.uid) or {}
    name = _FILE.format(number=person.number)
    return Response(
        json.dumps(held, ensure_ascii=False, indent=2),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
