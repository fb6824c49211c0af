"""What is said of a seat that goes to a colleague: on the pages, and by a note."""

from collections.abc import Mapping, Sequence

from starlette.requests import Request as Visit

from mailer.core.notices import Note, NoteKind
from mailer.core.requests import Kind, Moved, Request
from mailer.core.tokens import Link, Purpose
from mailer.web.site import Site
from mailer.web.telling import logged

_ABOUT_SEATS = (Kind.HAND_OVER, Kind.SEAT, Kind.SEAT_BACK)


def stake(
    site: Site, visit: Visit, request: Request, state: str
) -> Mapping[str, object]:
    """Return the organization and the lists that a press is about, before it."""
    if state != "ask" or request.kind not in _ABOUT_SEATS:
        return {}
    handing = site.rights.handing(request.subscriber or b"", request.number)
    language = site.language(visit, request.language)
    return {
        "organization": handing.organization if handing else None,
        "goes": titles(site, handing.lists if handing else (), language),
    }


def titles(site: Site, numbers: Sequence[int], language: str) -> Sequence[str]:
    """Return what lists are called; those that are gone from the project have none."""
    return [site.lists[each].title(language) for each in numbers if each in site.lists]


def choices(site: Site, uid: bytes, numbers: Sequence[int]) -> str | None:
    """Return where somebody chooses what they get of the first of these lists."""
    first = next((each for each in numbers if each in site.lists), None)
    if first is None:
        return None
    return f"{site.root}/p/{site.keyring.sign(Purpose.PREFERENCES, uid, first)}"


def tell(site: Site, request: Request, moved: Moved) -> None:
    """Write to whoever has the seat no more: what went along, and how to go on.

    To whoever handed it over, with a way back for a week; to a colleague from whom it
    was taken back, that it was.
    """
    mailing_list = site.lists.get(request.list_number)
    if moved.other is None or mailing_list is None:
        return
    language, uid = spoken(site, moved.language or request.language), moved.other
    with logged():
        names = {
            "organization": moved.organization or "",
            "successor": moved.successor,
            "lists": _named(site, moved.ended, language),
            "kept": _named(site, moved.kept, language),
        }
        site.notifier.tell(
            Note(
                kind=NoteKind.SEAT_HANDED_OVER
                if moved.back
                else NoteKind.SEAT_TAKEN_BACK,
                language=language,
                names={name: value for name, value in names.items() if value},
            ),
            to=uid,
            name=f"moved {moved.back[1] if moved.back else request.number} {uid.hex()}",
            mailing_list=mailing_list,
            list_number=request.list_number,
            link=Link(Purpose.CONFIRM, moved.back[1]) if moved.back else None,
            at=site.now(),
        )


def spoken(site: Site, language: str) -> str:
    """Return the language in which a note is written to whoever reads this one."""
    offered = site.coalition.languages
    return language if language in offered else offered[0]


def _named(site: Site, numbers: Sequence[int], language: str) -> str | None:
    named = titles(site, numbers, language)
    return site.words("titles.txt", language, titles=named) if named else None
