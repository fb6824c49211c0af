"""What hosts and coordinators are told of an action, and what becomes of what was sent."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.core.lists import Kind as ListKind, MailingList
from mailer.core.model import Action, Facts
from mailer.core.notices import Note, NoteKind, Occurrence
from mailer.core.requests import Request
from mailer.core.sharing.submission import load
from mailer.core.tokens import Link, Purpose
from mailer.pipeline.notify import Notifier
from mailer.ports import Hosts

_A_DAY = 5  # notes to one coordinator about one action; whoever presses on is no host


def occurrence(facts: Facts) -> Occurrence:
    """Return an action as its host knows it."""
    return Occurrence(
        place=facts.place.label,
        day=facts.start_date,
        starts=facts.start_time,
        venue=facts.venue,
        target=facts.target,
    )


def sender(lists: Mapping[int, MailingList]) -> tuple[int, MailingList] | None:
    """Return the list under whose name hosts are written to: the first digest."""
    digests = (each for each in lists.items() if each[1].kind is ListKind.DIGEST)
    return next(digests, None) or next(iter(lists.items()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Herald:
    """Writes to hosts what became of what they sent, and to coordinators what changed."""

    notifier: Notifier
    person: Callable[[str, str, datetime], bytes]  # address, language → random id
    lists: Callable[[], Mapping[int, MailingList]]  # by number
    coordinators: Sequence[str]  # addresses
    languages: Sequence[str]  # the coalition's, the default first

    def received(self, requests: Iterable[Request], *, at: datetime) -> None:
        """Thank who sent these, with a private link to each; raises MailerError."""
        for request in requests:
            if request.subscriber is None:
                continue
            facts = load(request.facts["submission"]).facts
            self._tell(
                NoteKind.ACTION_RECEIVED,
                facts,
                to=request.subscriber,
                language=request.language,
                names=[f"received {request.public_id}"],
                link=Link(Purpose.PROPOSE, request.number),
                at=at,
            )

    def changed(self, action: Action, *, at: datetime) -> None:
        """Tell every coordinator how its host has left an action; raises MailerError."""
        off = action.facts.status.is_off
        kind = NoteKind.HOST_CANCELLED if off else NoteKind.HOST_CHANGED
        for address in self.coordinators:
            language = self.languages[0]
            uid = self.person(address, language, at)
            day = f"{action.public_id} {uid.hex()} {at.date().isoformat()}"
            self._tell(
                kind,
                action.facts,
                to=uid,
                language=language,
                names=[f"host {day} {time}" for time in range(_A_DAY)],
                link=None,
                at=at,
            )

    def _tell(
        self,
        kind: NoteKind,
        facts: Facts,
        *,
        to: bytes,
        language: str,
        names: Sequence[str],
        link: Link | None,
        at: datetime,
    ) -> None:
        """Write a note under the first of these names that was not used yet."""
        found = sender(self.lists())
        if found is None:
            return
        language = language if language in self.languages else self.languages[0]
        note = Note(kind=kind, language=language, occurrence=occurrence(facts))
        for name in names:
            if self.notifier.tell(
                note,
                to=to,
                name=name,
                mailing_list=found[1],
                list_number=found[0],
                link=link,
                at=at,
            ):
                return


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitting:
    """What becomes of actions that were sent, once somebody has decided."""

    hosts: Hosts

    def accept(
        self, request: Request, *, into: str | None, by: str, at: datetime
    ) -> str | None:
        """List the action; returns its public id, or None if somebody was faster."""
        del into  # an action is never another one that we know
        action = self.hosts.accept(request, by=by, at=at)
        return action.public_id if action else None

    def note(self, request: Request, *, became: str | None) -> Note:
        """Return what its host is told."""
        listed, declined = NoteKind.ACTION_LISTED, NoteKind.ACTION_DECLINED
        facts = load(request.facts["submission"]).facts
        return Note(
            kind=declined if became is None else listed,
            language=request.language,
            occurrence=occurrence(facts),
        )

    def link(self, request: Request) -> Link | None:
        """Return where they can change it: as an action, or to send it again."""
        uid = request.subscriber
        number = self.hosts.listed(uid, request) if uid else None
        if number is not None:
            return Link(Purpose.HOST, number)
        return Link(Purpose.PROPOSE, request.number)
