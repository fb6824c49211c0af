"""What the log names, as people call it, and where whoever looks may open it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from mailer.core.lists import MailingList
from mailer.core.requests import State
from mailer.core.roles import Permission
from mailer.core.saying import says
from mailer.ports import CORRECTION, Mailing
from mailer.ports.titling import Titling
from mailer.web.console import deeds, paths, showing
from mailer.web.console.door import Visit
from mailer.web.console.requests import day, title

_CONSOLE = "/console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One thing by its name."""

    words: str
    day: date | None = None  # that tells it from others of its name
    path: str | None = None  # None: there is no page, or it is not theirs to open


Things = Mapping[str, Thing]


def named(visit: Visit, things: Iterable[str]) -> Things:
    """Return how these are called: one query for each kind among them."""
    kinds: dict[str, set[str]] = {}
    for thing in things:
        kinds.setdefault(deeds.kind(thing), set()).add(thing)
    found: dict[str, Thing] = {}
    for kind, some in kinds.items():
        if kind in _FIXED:
            words, page, needs = _FIXED[kind]
            found[kind] = _opened(visit, words, page, needs)
        elif kind in _KNOWN:
            found |= _KNOWN[kind](visit, some)
    return found


def _opened(
    visit: Visit,
    words: str,
    page: str | None,
    needs: Permission | None = None,
    day: date | None = None,
) -> Thing:
    mine = needs is None or needs in visit.mine.permissions
    path = f"{_CONSOLE}/{page}" if page and mine else None
    return Thing(words=words, day=day, path=path)


def _key(thing: str) -> str:
    return thing.rpartition(" ")[2]


def _numbers(things: Collection[str]) -> Mapping[str, int]:
    """Return the number that each ends with, if it does."""
    read = {thing: paths.read(_key(thing)) for thing in things}
    return {thing: number for thing, number in read.items() if number is not None}


def _accounts(visit: Visit, things: Collection[str]) -> Things:
    every = visit.desk.work.accounts.every()
    return {
        one.actor: _opened(
            visit,
            visit.desk.name(one),
            f"accounts/{one.public_id}",
            Permission.ACCOUNTS,
        )
        for one in every
        if one.actor in things
    }


def _organizations(visit: Visit, things: Collection[str]) -> Things:
    numbers = _numbers(things)
    names = _titling(visit).organizations(set(numbers.values()))
    return {
        thing: _opened(
            visit,
            names[number],
            f"organizations/{number}",
            Permission.READ_PEOPLE,
        )
        if number in names
        else Thing(words=says("organization %(number)s", number=str(number)))
        for thing, number in numbers.items()
    }


def _subscribers(visit: Visit, things: Collection[str]) -> Things:
    """Name them to those alone who may read whom we write to."""
    numbers, theirs = _numbers(things), Permission.READ_PEOPLE
    may = theirs in visit.mine.permissions
    names = _titling(visit).subscribers(set(numbers.values())) if may else {}
    return {
        thing: _opened(visit, names[number], f"subscribers/{number}", theirs)
        if number in names
        else Thing(words=says("subscriber %(number)s", number=str(number)))
        for thing, number in numbers.items()
    }


def _requests(visit: Visit, things: Collection[str]) -> Things:
    """Name them to those alone who may decide on them."""
    numbers, theirs = _numbers(things), Permission.MODERATE
    may = theirs in visit.mine.permissions
    found = _titling(visit).requests(set(numbers.values())) if may else {}
    return {
        thing: _opened(
            visit,
            title(found[number]),
            f"requests/{number}",
            theirs,
            day=day(found[number]),
        )
        if number in found and found[number].state not in (State.ASKED, State.WRITTEN)
        else Thing(words=says("request %(number)s", number=str(number)))
        for thing, number in numbers.items()
    }


def _tokens(visit: Visit, things: Collection[str]) -> Things:
    numbers = _numbers(things)
    names = _titling(visit).tokens(set(numbers.values()))
    return {
        thing: Thing(words=says("token “%(name)s”", name=names[number]))
        if number in names
        else Thing(words=says("token %(number)s", number=str(number)))
        for thing, number in numbers.items()
    }


def _introductions(visit: Visit, things: Collection[str]) -> Things:
    del visit  # who is introduced to whom is theirs alone
    return {
        thing: Thing(words=says("introduction %(number)s", number=str(number)))
        for thing, number in _numbers(things).items()
    }


def _actions(visit: Visit, things: Collection[str]) -> Things:
    found = _titling(visit).actions({_key(thing) for thing in things})
    named = {}
    for thing in things:
        facts, page = found.get(_key(thing)), f"actions/{_key(thing)}"
        named[thing] = (
            _opened(visit, facts.place.label, page, day=facts.start_date)
            if facts
            else Thing(words=says("action %(id)s", id=_key(thing)))
        )
    return named


def _lists(visit: Visit, things: Collection[str]) -> Things:
    """Return lists by number, or by name; of one whose file is gone, what is known.

    Of a subscription and of subscribers, which list it is that they are of.
    """
    lists = visit.desk.site.lists
    by_key = {str(number): one for number, one in lists.items()}
    by_key |= {one.slug: one for one in lists.values()}
    found = {}
    for thing in things:
        one, kind = by_key.get(_key(thing)), deeds.kind(thing)
        if one is None:
            found[thing] = Thing(words=says("list %(name)s", name=_key(thing)))
            continue
        words = name = one.title(visit.language)
        if kind == "subscription to list":
            words = says("a subscription to “%(list)s”", list=name)
        elif kind == "subscribers of":
            words = says("subscribers of “%(list)s”", list=name)
        found[thing] = _opened(visit, words, f"lists/{one.slug}")
    return found


def _sources(visit: Visit, things: Collection[str]) -> Things:
    return {
        thing: _opened(
            visit,
            says("actions from %(source)s", source=thing.removeprefix("actions from ")),
            "actions",
        )
        for thing in things
    }


def _calls(visit: Visit, things: Collection[str]) -> Things:
    drafts = _titling(visit).drafts({_key(thing) for thing in things})
    return {
        thing: _opened(
            visit,
            drafts[_key(thing)].wording(visit.language).subject,
            f"calls/{_key(thing)}",
            Permission.STOP,
        )
        if _key(thing) in drafts
        else Thing(words=_key(thing))
        for thing in things
    }


def _mailings(visit: Visit, things: Collection[str]) -> Things:
    numbers = _numbers(things)
    names = {_key(thing) for thing in things if thing not in numbers}
    found = _titling(visit).mailings(set(numbers.values()), names)
    called = {each.id: f"{each.list_slug}/{each.edition}" for each in found}
    calls = [called[each.id] for each in found if each.kind == showing.BLAST]
    drafts = _titling(visit).drafts(calls) if calls else {}
    by_key: dict[str, Thing] = {}
    for each in found:
        draft = drafts.get(called[each.id])
        headline = draft.wording(visit.language).subject if draft else None
        one = _mailing(visit, each, headline)
        by_key |= {str(each.id): one, called[each.id]: one}
    unknown = {
        thing: Thing(words=says("mailing %(number)s", number=_key(thing)))
        for thing in things
    }
    return {thing: by_key.get(_key(thing), unknown[thing]) for thing in things}


def _mailing(visit: Visit, mailing: Mailing, headline: str | None) -> Thing:
    page = f"mailings/{mailing.id}"
    if headline:
        return _opened(visit, headline, page)
    known: MailingList | None = visit.desk.site.lists.get(mailing.list_number)
    name = known.title(visit.language) if known else mailing.list_slug
    day = showing.day(mailing.edition)
    if day is None and mailing.kind == CORRECTION:
        return _opened(visit, says("Correction, %(list)s", list=name), page)
    return _opened(visit, name if day else f"{name}, {mailing.edition}", page, day=day)


def _titling(visit: Visit) -> Titling:
    return visit.desk.work.titling


_KNOWN: Mapping[str, Callable[[Visit, Collection[str]], Things]] = {
    "account": _accounts,
    "action": _actions,
    "actions from": _sources,
    "blast": _calls,
    "introduction": _introductions,
    "list": _lists,
    "mailing": _mailings,
    "organization": _organizations,
    "request": _requests,
    "subscriber": _subscribers,
    "subscribers of": _lists,
    "subscription to list": _lists,
    "token": _tokens,
}
_FIXED: Mapping[str, tuple[str, str | None, Permission | None]] = {
    "address": (says("an address"), "suppressions", Permission.READ_PEOPLE),
    "addresses": (says("addresses"), "suppressions", Permission.READ_PEOPLE),
    "clock": (says("the clock of the database"), None, None),
    "deliveries": (says("records of messages"), None, None),
    "organizations": (says("organizations"), "organizations", Permission.READ_PEOPLE),
    "sending": (says("all sending"), "stop", Permission.STOP),
    "suppression": (says("an address"), "suppressions", Permission.READ_PEOPLE),
    "suppressions": (
        says("suppressed addresses"),
        "suppressions",
        Permission.READ_PEOPLE,
    ),
}
