"""Hosts who wish to meet are asked about each other, and introduced if both agree.

Run by the tick, as often as it likes: a note's name makes it one for an introduction
and a person. No address is in any note before both have agreed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from mailer.core.errors import MailerError
from mailer.core.introductions import letter, question, signature
from mailer.core.lists import MailingList
from mailer.core.model import Action
from mailer.core.notices import Note, NoteKind, Occurrence
from mailer.core.tokens import Link, Purpose
from mailer.pipeline.hosting import sender
from mailer.pipeline.notify import Notifier
from mailer.ports import Host, Introductions, Party

_Side = TypeVar("_Side")
_SPONSORS = 4  # that a note names; the page has them all


@dataclass(frozen=True, slots=True, kw_only=True)
class Introducer:
    """Asks hosts whether they want to meet, and tells them who the other is."""

    introductions: Introductions
    notifier: Notifier
    lists: Callable[[], Mapping[int, MailingList]]  # by number
    languages: Sequence[str]  # the coalition's, the default first
    clock: Callable[[], datetime]
    trouble: Callable[[str], None]

    def introduce(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """End, tell, propose and ask, whatever is due; returns how many notes."""
        now = self.clock()
        if sender(self.lists()) is None:
            return 0
        self.introductions.settle(at=now)
        self.introductions.clear(at=now)
        self.introductions.propose(at=now)
        return self._tell(now, stopping) + self._ask(now, stopping)

    def _tell(self, now: datetime, stopping: Callable[[], bool]) -> int:
        """Write to each of two who agreed who the other is."""
        written = 0
        for agreed in self.introductions.to_tell(at=now):
            if stopping():
                break
            done = [
                self._write(
                    mine.host,
                    _made(theirs),
                    name=letter(agreed.number, side),
                    number=agreed.number,
                    link=None,
                    now=now,
                )
                for side, (mine, theirs) in enumerate(_each(agreed.parties))
            ]
            written += sum(done)
            if all(done):
                self.introductions.told([agreed.number], at=now)
        return written

    def _ask(self, now: datetime, stopping: Callable[[], bool]) -> int:
        """Ask each of two whether they want to meet; neither learns who the other is."""
        written = 0
        for proposed in self.introductions.to_ask():
            if stopping():
                break
            done = [
                self._write(
                    mine,
                    _offer(mine.action, theirs.action),
                    name=question(proposed.number, side),
                    number=proposed.number,
                    link=Link(Purpose.INTRODUCE, proposed.number),
                    now=now,
                )
                for side, (mine, theirs) in enumerate(_each(proposed.hosts))
            ]
            written += sum(done)
            if all(done):
                self.introductions.asked([proposed.number], at=now)
        return written

    def _write(
        self,
        to: Host,
        note: Callable[[str], Note],
        *,
        name: str,
        number: int,
        link: Link | None,
        now: datetime,
    ) -> bool:
        """Write a note; one that was written before counts as well."""
        found = sender(self.lists())
        if found is None:
            return False
        offered = self.languages
        language = to.language if to.language in offered else offered[0]
        try:
            self.notifier.tell(
                note(language),
                to=to.uid,
                name=name,
                mailing_list=found[1],
                list_number=found[0],
                link=link,
                at=now,
            )
        except MailerError as error:
            self.trouble(f"introduction {number}: {error}")
            return False
        return True


def _each(both: tuple[_Side, _Side]) -> Sequence[tuple[_Side, _Side]]:
    """Return each of two with the other."""
    one, other = both
    return (one, other), (other, one)


def _offer(mine: Action, other: Action) -> Callable[[str], Note]:
    def note(language: str) -> Note:
        return Note(
            kind=NoteKind.INTRODUCTION_OFFERED,
            language=language,
            names={"own": mine.facts.place.label, **_sponsors(other)},
            occurrence=_occurrence(other),
        )

    return note


def _made(other: Party) -> Callable[[str], Note]:
    def note(language: str) -> Note:
        named = {"name": other.name} if other.name else {}
        return Note(
            kind=NoteKind.INTRODUCED,
            language=language,
            names={
                "address": other.address,
                **named,
                **_sponsors(other.host.action),
            },
            occurrence=_occurrence(other.host.action),
        )

    return note


def _occurrence(action: Action) -> Occurrence:
    """Return what another host is told of an action: no more than where and when."""
    facts = action.facts.public
    return Occurrence(
        place=facts.place.label, day=facts.start_date, target=facts.target
    )


def _sponsors(action: Action) -> Mapping[str, str]:
    """Return who organizes it; visitors typed these names, so none can be a link."""
    names = [signature(each.name) for each in action.facts.public.sponsors]
    said = [name for name in names if name]
    more = len(said) - _SPONSORS
    shown = ", ".join(said[:_SPONSORS]) + (f" (+{more})" if more > 0 else "")
    return {"sponsors": shown} if shown else {}
