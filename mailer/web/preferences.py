"""What a reader gets: how often, of which places, in which language, or not for now."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.core import lists, preferences
from mailer.core.audience import FOREVER
from mailer.core.preferences import (
    LONGEST_PAUSE,
    UNDOABLE,
    Change,
    Choices,
    Frequency,
)
from mailer.core.requests import COOLDOWN, OWN, Kind, a_day
from mailer.core.tokens import Claim, Purpose
from mailer.web import choosing, saying, telling
from mailer.web.choosing import REST, Field, Form
from mailer.web.form import Fields, fields
from mailer.web.site import Site
from mailer.web.visit import Guest, claimed, guest

_UNREADABLE = 422


def routes(site: Site) -> list[Route]:
    """Return the route of the links that change what comes."""

    async def page(request: Request) -> Response:
        claim = claimed(site, request, Purpose.PREFERENCES)
        if request.method == "POST":
            form = await fields(request)
            return await run_in_threadpool(_act, site, request, claim, form)
        return await run_in_threadpool(_show, site, request, claim)

    return [Route("/p/{token}", page, methods=["GET", "POST"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What came of a press."""

    state: str  # "saved", "same", "undone", "stuck", "left", "unreadable"
    form: Form | None = None  # as it was posted, if it must be mended
    troubles: frozenset[Field] = frozenset()
    asked: Kind | None = None  # for what a letter was asked


def _show(site: Site, request: Request, claim: Claim) -> Response:
    person = guest(site, claim)
    if person is None:
        return site.page("neutral.html", site.language(request))
    language = site.language(request, person.reader.language)
    return _page(site, person, language, _Done(state=""))


def _act(site: Site, request: Request, claim: Claim, form: Fields) -> Response:
    person = guest(site, claim)
    if person is None:
        return site.page("neutral-done.html", site.language(request))
    act = _ACTS.get(form.get("action", ""), _save)
    done = act(site, person, form)
    after = guest(site, claim) or person
    # Whoever has just chosen a language sees it, whatever the address asks for.
    chosen = after.reader.language != person.reader.language
    preferred = after.reader.language
    language = preferred if chosen else site.language(request, preferred)
    return _page(site, after, language, done)


def _save(site: Site, person: Guest, fields: Fields) -> _Done:
    form = choosing.posted(fields)
    mailing_list = person.mailing_list
    reading = choosing.Reading(form, person.reader, mailing_list, site.now())
    choices = reading.choices(site.coalition.languages, mailing_list.kind)
    if reading.troubles:
        troubles = frozenset(reading.troubles)
        return _Done(state="unreadable", form=form, troubles=troubles)
    return _choose(site, person, choices)


def _rest(site: Site, person: Guest, _: Fields) -> _Done:
    now, zone = site.now(), choosing.zone_of(person.reader, person.mailing_list)
    until = choosing.start_of(now.astimezone(zone).date() + REST, zone)
    standing = person.reader.choices.standing(now)
    return _choose(site, person, replace(standing, paused_until=until))


def _choose(site: Site, person: Guest, choices: Choices) -> _Done:
    reader, at = person.reader, site.now()
    before = reader.choices.standing(at)
    if not site.readers.choose(reader.uid, reader.list_number, choices, at=at):
        return _Done(state="same")
    _, after = preferences.differences(before, choices)
    zone = choosing.zone_of(reader, person.mailing_list)
    less = {name for name in choices.lessened if name in after}
    if less:
        # All that keeps mail away now, also what an earlier note told of.
        now = saying.each(choices.lessened, reader, zone)
        silent = "paused_until" in less or after.get("frequency") == Frequency.URGENT
        telling.of_change(site, person, now, silences=silent)
    return _Done(state="saved")


def _undo(site: Site, person: Guest, fields: Fields) -> _Done:
    reader, number = person.reader, fields.get("change", "")
    known = number.isascii() and number.isdecimal() and len(number) < _LONG
    undone = known and site.readers.undo(
        reader.uid, reader.list_number, int(number), at=site.now()
    )
    return _Done(state="undone" if undone else "stuck")


def _leave_all(site: Site, person: Guest, _: Fields) -> _Done:
    reader = person.reader
    left = site.readers.leave_all(reader.uid, reader.list_number, at=site.now())
    if left:
        telling.of_leaving_all(site, person, left)
    return _Done(state="left")


def _ask(kind: Kind, site: Site, person: Guest, _: Fields) -> _Done:
    reader = person.reader
    site.rights.ask(kind, reader.uid, reader.list_number, at=site.now())
    return _Done(state="mailed", asked=kind)


_LONG = 16  # digits; a change's number has far fewer
_ACTS: Mapping[str, Callable[[Site, Guest, Fields], _Done]] = {
    "rest": _rest,
    "undo": _undo,
    "leave-all": _leave_all,
    **{kind.value: partial(_ask, kind) for kind in OWN},
}


def _page(site: Site, person: Guest, language: str, done: _Done) -> Response:
    reader, mailing_list, now = person.reader, person.mailing_list, site.now()
    zone = choosing.zone_of(reader, mailing_list)
    today, choices = now.astimezone(zone).date(), reader.choices.standing(now)
    form = done.form or choosing.filled(choices, zone)
    own, others = saying.regions(form.regions, reader)
    paused = choices.paused_until
    # Not their own choice, so that it is none of the form's.
    muted = reader.muted_until if (reader.muted_until or now) > now else None
    begins = max(filter(None, (paused, muted)), default=None)
    return site.page(
        "preferences.html",
        language,
        _UNREADABLE if done.troubles else 200,
        state=done.state,
        troubles=done.troubles,
        reader=reader,
        choices=choices,
        form=form,
        list_title=mailing_list.title(language),
        is_digest=mailing_list.kind is lists.Kind.DIGEST,
        every_weeks=mailing_list.cadence.every_weeks if mailing_list.cadence else 0,
        next_edition=preferences.next_edition(
            None if muted == FOREVER else mailing_list.cadence,
            replace(choices, paused_until=begins),
            told_at=reader.told_at,
            now=now,
        ),
        muted_until=muted.date() if muted and muted != FOREVER else None,
        is_muted=muted is not None,
        paused_until=paused.astimezone(zone).date() if paused else None,
        reach=saying.reach(choices.scope, reader),
        distances=saying.distances(form.km, reader),
        own_regions=own,
        other_regions=others,
        rest_until=today + REST,
        earliest=today + choosing.A_DAY,
        latest=today + LONGEST_PAUSE,
        asked=done.asked.value if done.asked else None,
        again_after=COOLDOWN // timedelta(minutes=1),
        letters_a_day=a_day(done.asked or Kind.EXPORT),
        urgent_on=_urgent(site, language, reader.also_on),
        urgent_open=_urgent(site, language, site.joinable),
        change=_change(site, person),
        leave=_leave(site, person),
        also_on=[
            (site.lists[number].title(language), _sibling(site, person, number))
            for number in reader.also_on
            if number in site.lists
        ],
    )


def _change(site: Site, person: Guest) -> Mapping[str, object] | None:
    """Return what can be taken back, in words' parts; None if nothing can."""
    change: Change | None = person.reader.last_change
    if change is None or change.at < site.now() - UNDOABLE:
        return None
    zone = choosing.zone_of(person.reader, person.mailing_list)
    return {
        "number": change.number,
        "day": change.at.astimezone(zone).date(),
        "left": bool(change.left),
        "said": saying.each(change.after, person.reader, zone),
    }


def _urgent(site: Site, language: str, numbers: Iterable[int]) -> Sequence[str]:
    """Return the titles of those lists that bring what cannot wait."""
    known = [site.lists[number] for number in numbers if number in site.lists]
    return [one.title(language) for one in known if one.kind is lists.Kind.BLAST]


def _leave(site: Site, person: Guest) -> str:
    reader = person.reader
    token = site.keyring.sign(Purpose.LEAVE, reader.uid, reader.list_number)
    return f"{site.root}/u/{token}"


def _sibling(site: Site, person: Guest, list_number: int) -> str:
    token = site.keyring.sign(Purpose.PREFERENCES, person.reader.uid, list_number)
    return f"{site.root}/p/{token}"
