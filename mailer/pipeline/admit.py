"""Requests → letters: whoever's address was typed is asked whether it was they."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.core.errors import MailerError
from mailer.core.lists import MailingList
from mailer.core.notices import Confirmation, Note, NoteKind
from mailer.core.requests import Due, Kind, Request, valid_for
from mailer.core.tokens import normalize
from mailer.pipeline.notify import Notifier
from mailer.ports import People, Requests, Rights

_A_DAY = 24 * 60 * 60  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """Writes the letters that requests ask for, and tells coordinators what waits."""

    requests: Requests
    people: People
    rights: Rights
    notifier: Notifier
    lists: Callable[[], Mapping[int, MailingList]]  # by number
    coordinators: Sequence[str]  # addresses
    moderators: Callable[[], Collection[str]]  # those who decide in the console
    languages: Sequence[str]  # the coalition's, the default first
    clock: Callable[[], datetime]
    trouble: Callable[[str], None]

    def admit(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Write what is due; returns how many letters were put on their way."""
        written = 0
        lists = self.lists()
        for due in self.requests.due(at=self.clock()):
            if stopping():
                break
            written += self._write(due, lists)
        return written + self._tell(lists)

    def _write(self, due: Due, lists: Mapping[int, MailingList]) -> int:
        mailing_list = lists.get(due.list_number)
        if mailing_list is None:
            self.trouble(f"request {due.number}: its list is no longer in lists/")
            return 0
        at = self.clock()
        handing = self.rights.handing(due.to, due.number)
        if handing is None and due.kind is Kind.SEAT:
            self.trouble(f"request {due.number}: nobody has that seat any more")
            self.rights.forget(due.to, due.number, at=at)
            return 0
        short = valid_for(due.kind).total_seconds() < _A_DAY
        confirmation = Confirmation(
            language=self._language(due.language),
            expires_on=None if short else due.until.date(),
            about=due.kind,
            lists=tuple(lists[number] for number in due.joins if number in lists),
            seat=handing.organization if handing else None,
        )
        try:
            self.notifier.ask(
                confirmation,
                to=due.to,
                name=due.name,
                mailing_list=mailing_list,
                list_number=due.list_number,
                number=due.number,
                at=at,
            )
        except MailerError as error:
            self.trouble(f"request {due.number}: {error}")
            return 0
        self.requests.written(due, at=at)
        return 1

    def _tell(self, lists: Mapping[int, MailingList]) -> int:
        """Tell coordinators what waits for them, at most once an hour."""
        waiting = self.requests.waiting()
        if not waiting or not self.coordinators or not lists:
            return 0
        hour = max(each.confirmed_at or each.asked_at for each in waiting)
        number, mailing_list = next(iter(lists.items()))
        told, page = 0, f"{self.notifier.base_url}/console/requests"
        moderators = {normalize(address) for address in self.moderators()}
        for address in self.coordinators:
            language = self._language("")
            uid = self.people.known_as(address, language=language, at=self.clock())
            told += self.notifier.tell(
                Note(
                    kind=NoteKind.WAITING,
                    language=language,
                    names=_counts(waiting),
                    url=page if normalize(address) in moderators else None,
                ),
                to=uid,
                name=f"waiting {uid.hex()} {hour:%Y-%m-%dT%H}",
                mailing_list=mailing_list,
                list_number=number,
                link=None,
                at=self.clock(),
            )
        return told

    def _language(self, wanted: str) -> str:
        return wanted if wanted in self.languages else self.languages[0]


def _counts(waiting: Sequence[Request]) -> Mapping[str, str]:
    """Fill the blanks of the note: how many of each kind; of none, no sentence."""
    counts = {
        "endorsements": sum(each.kind is Kind.ENDORSE for each in waiting),
        "actions": sum(each.kind is Kind.SUBMIT for each in waiting),
    }
    return {name: str(count) for name, count in counts.items() if count}
