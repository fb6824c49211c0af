"""A moderator's word → what was asked for is granted or not, and its asker told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from mailer.core.errors import RefusedError
from mailer.core.lists import MailingList
from mailer.core.notices import Note, NoteKind
from mailer.core.requests import Kind, Request, State
from mailer.core.saying import Saying, says
from mailer.core.tokens import Link
from mailer.pipeline.notify import Notifier
from mailer.ports import Endorsements, Requests

_TAKES = timedelta(minutes=1)  # who has just decided tells it by themselves
_RECENT = timedelta(days=7)
_WORDS = {State.DONE: says("accepted"), State.DECLINED: says("declined")}


class Decided(Protocol):
    """What is done with one kind of request once somebody has decided."""

    def accept(
        self, request: Request, *, into: str | None, by: str, at: datetime
    ) -> str | None:
        """Grant it; returns what it became, or None if somebody was faster."""
        ...

    def note(self, request: Request, *, became: str | None) -> Note:
        """Return what its asker is told; `became` is None for one declined."""
        ...

    def link(self, request: Request) -> Link | None:
        """Return where the note's button leads, if it has one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsing:
    """What becomes of organizations that want to endorse a call."""

    endorsements: Endorsements
    share_url: str | None = None  # where plans are told to us, if somebody reads them

    def accept(
        self, request: Request, *, into: str | None, by: str, at: datetime
    ) -> str | None:
        """List the organization; returns its name on record."""
        return self.endorsements.accept(request, into=into, by=by, at=at)

    def note(self, request: Request, *, became: str | None) -> Note:
        """Return thanks, or the reason why not."""
        names = {"organization": became or str(request.facts["organization"])}
        if became is not None:
            names["listed" if request.facts["public"] else "noted"] = became
        return Note(
            kind=NoteKind.ENDORSEMENT_DECLINED
            if became is None
            else NoteKind.ENDORSEMENT_LISTED,
            language=request.language,
            names=names,
            url=None
            if became is None or self.share_url is None
            else f"{self.share_url}?lang={request.language}",
        )

    def link(self, request: Request) -> Link | None:
        """Return None: where its button leads is nobody's own page."""
        del request
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderator:
    """Decides on requests in somebody's name."""

    requests: Requests
    decided: Mapping[Kind, Decided]
    notifier: Notifier
    lists: Callable[[], Mapping[int, MailingList]]  # by number
    clock: Callable[[], datetime]
    by: str

    def accept(self, number: int, *, into: str | None = None) -> str:
        """Grant a request; returns what it became. Raises RefusedError, NotFoundError.

        `into` names the organization on record that is meant.
        """
        request = self._waiting(number)
        became = self.decided[request.kind].accept(
            request, into=into, by=self.by, at=self.clock()
        )
        if became is None:
            raise RefusedError(_beaten(number))
        self._tell(request, self.decided[request.kind].note(request, became=became))
        return became

    def decline(self, number: int, *, reason: str) -> None:
        """Refuse a request; its asker reads the reason. Raises as `accept`."""
        request = self._waiting(number)
        declined = self.requests.settle(
            number, accepted=False, by=self.by, at=self.clock(), reason=reason
        )
        if not declined:
            raise RefusedError(_beaten(number))
        note = self.decided[request.kind].note(request, became=None)
        self._tell(request, note, said=reason)

    def tell_the_rest(self) -> int:
        """Tell who was not told, because a program was killed once it had decided.

        Returns how many; run by every tick.
        """
        now = self.clock()
        decided = {
            _name(each): each
            for each in self.requests.decided(since=now - _RECENT, until=now - _TAKES)
        }
        untold = self.notifier.notes.unused(decided) if decided else ()
        return sum(self._tell_after_all(decided[name]) for name in sorted(untold))

    def _waiting(self, number: int) -> Request:
        request = self.requests.request(number)
        if request.state in _WORDS:
            self._tell_after_all(request)
            raise RefusedError(
                says(
                    "request %(number)s was %(decided)s already%(day)s",
                    number=str(number),
                    decided=_WORDS[request.state],
                    day=_on(request.settled_at),
                )
            )
        if request.state is not State.WAITING:
            raise RefusedError(
                says(
                    "request %(number)s waits for its owner, who has not confirmed it"
                    " yet",
                    number=str(number),
                )
            )
        return request

    def _tell_after_all(self, request: Request) -> bool:
        """Tell who was not told; returns whether they are now.

        A note's name makes it one; whoever took their own plan back reads nothing.
        """
        decided = self.decided.get(request.kind)
        if decided is None or (request.state is State.DECLINED and not request.reason):
            return False
        became = str(request.facts.get("organization", request.public_id))
        accepted = request.state is State.DONE
        note = decided.note(request, became=became if accepted else None)
        return self._tell(request, note, said=request.reason)

    def _tell(self, request: Request, note: Note, said: str | None = None) -> bool:
        mailing_list = self.lists().get(request.list_number)
        if mailing_list is None or request.subscriber is None:
            return False
        return self.notifier.tell(
            note if said is None else _saying(note, said),
            to=request.subscriber,
            name=_name(request),
            mailing_list=mailing_list,
            list_number=request.list_number,
            link=self.decided[request.kind].link(request),
            at=self.clock(),
        )


def _beaten(number: int) -> Saying:
    return says(
        "request %(number)s: somebody else has just decided", number=str(number)
    )


def _on(day: datetime | None) -> str:
    return says(", on %(day)s", day=f"{day:%Y-%m-%d}") if day else ""


def _name(request: Request) -> str:
    return f"decided {request.public_id}"


def _saying(note: Note, said: str) -> Note:
    return Note(
        kind=note.kind,
        language=note.language,
        names=note.names,
        occurrence=note.occurrence,
        said=said,
    )
