"""Notes to the first reader: a forwarded copy must not silence a list unnoticed.

A note that cannot be written is no reason not to do what was asked: that is logged.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from mailer.core.errors import MailerError
from mailer.core.notices import Note, NoteKind
from mailer.core.tokens import Link, Purpose
from mailer.web.log import redact
from mailer.web.saying import Changed
from mailer.web.site import Site
from mailer.web.visit import Guest

logger = logging.getLogger("mailer.web")

_A_DAY = 3  # notes of a kind to one person; who presses on and on is no reader


def of_leaving(site: Site, person: Guest) -> None:
    """Write that a list was left, with a link that takes it back."""
    title = person.mailing_list.title(_language(site, person))
    number = person.reader.list_number
    link = Link(Purpose.LEAVE, number)
    kind = NoteKind.LEFT
    _of_leaving(site, person, kind, title=title, link=link, what=str(number))


def of_leaving_all(site: Site, person: Guest, left: Sequence[int]) -> None:
    """Write that all lists were left, with a link to where one press takes it back."""
    language = _language(site, person)
    titles = [site.lists[each].title(language) for each in left if each in site.lists]
    titles = titles or [person.mailing_list.title(language)]
    link = Link(Purpose.PREFERENCES, person.reader.list_number)
    with logged():
        title = site.words("titles.txt", language, titles=titles)
        kind = NoteKind.LEFT_ALL if len(titles) > 1 else NoteKind.LEFT
        _of_leaving(site, person, kind, title=title, link=link, what="all")


def of_change(
    site: Site, person: Guest, chosen: Sequence[Changed], *, silences: bool
) -> None:
    """Write that less is to come: once a day, and again if nothing is to come."""
    language = _language(site, person)
    title = person.mailing_list.title(language)
    with logged():
        choice = site.words("choice.txt", language, chosen=chosen)
        _tell(
            site,
            person,
            NoteKind.PREFERENCES_CHANGED,
            {"list": title, "choice": choice},
            link=Link(Purpose.PREFERENCES, person.reader.list_number),
            names=[
                f"preferences {_whose_day(site, person)} {time}"
                for time in range(_A_DAY if silences else 1)
            ],
        )


def _of_leaving(
    site: Site, person: Guest, kind: NoteKind, *, title: str, link: Link, what: str
) -> None:
    day = _whose_day(site, person)
    with logged():
        _tell(
            site,
            person,
            kind,
            {"list": title},
            link=link,
            names=[f"left {what} {day} {time}" for time in range(_A_DAY)],
        )


def _tell(
    site: Site,
    person: Guest,
    kind: NoteKind,
    blanks: Mapping[str, str],
    *,
    link: Link,
    names: Sequence[str],
) -> None:
    """Write a note under the first of these names that was not used yet."""
    note = Note(kind=kind, language=_language(site, person), names=blanks)
    for name in names:
        if site.notifier.tell(
            note,
            to=person.reader.uid,
            name=name,
            mailing_list=person.mailing_list,
            list_number=person.reader.list_number,
            link=link,
            at=site.now(),
        ):
            return


@contextmanager
def logged() -> Iterator[None]:
    """Log a letter that cannot be written: what was asked for is done all the same."""
    try:
        yield
    except MailerError as error:
        logger.error("no note was written: %s", redact(str(error)))  # noqa: TRY400 - a trace may hold an address


def _language(site: Site, person: Guest) -> str:
    language, offered = person.reader.language, site.coalition.languages
    return language if language in offered else offered[0]


def _whose_day(site: Site, person: Guest) -> str:
    return f"{person.reader.uid.hex()} {site.now().date().isoformat()}"
