"""Writes to coordinators about urgent calls: asks for an approval, tells of a lone one."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mailer.core.lists import MailingList
from mailer.core.notices import Note, NoteKind
from mailer.core.proposal import Proposal
from mailer.core.roles import Permission
from mailer.core.tokens import Link, Purpose, normalize
from mailer.pipeline.notify import Notifier
from mailer.ports import Blasts, Coordinator, Coordinators, Letters, People

MOST_OF_ONE = 3  # notes to one person within the hour that ask about one call
MOST_OF_ALL = 30  # and about all calls of a list
_LATELY = timedelta(hours=1)
_WANTED = "wanted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Writes the notes; each once, however often it is asked."""

    blasts: Blasts
    letters: Letters
    people: People
    notifier: Notifier
    list_of: Callable[[str], MailingList]  # by slug; raises NotFoundError
    coordinators: Coordinators
    language: str  # of whoever has said none
    zone: ZoneInfo  # in which hours are told
    clock: Callable[[], datetime]

    def ask(self, proposal: Proposal) -> None:
        """Put a note to each account that may approve it on its way, once.

        As long as there is none, nobody was asked: the next tick looks again. Whoever
        submits again and again has the next note wait: what counts is on the page.
        """
        asked = [
            each
            for each in self.coordinators.entitled(Permission.APPROVE)
            if each.has_account and not proposal.is_by(each.address)
        ]
        if not asked or self._is_flood(proposal):
            return
        self._write(
            NoteKind.APPROVAL_WANTED,
            proposal,
            asked,
            by=proposal.submitter or proposal.author,
            people=proposal.expected or 0,
            moments={"until": proposal.draft.not_after},
            name=f"wanted {proposal.name} {proposal.revision}"
            f" {proposal.submitted_at} {proposal.change}",
            about=(_WANTED, proposal.name),
        )
        self.blasts.told(proposal)

    def withdraw(self, proposal: Proposal) -> None:
        """Let no note leave that asks for an approval that is not wanted any more."""
        waiting = self.letters.waiting(
            _WANTED, proposal.name, list_number=proposal.list_number
        )
        self.letters.withdraw(waiting.keys(), at=self.clock())

    def look_over(self, list_numbers: Collection[int]) -> None:
        """Let no note leave to somebody who may not approve anything any more."""
        for number in list_numbers:
            if waiting := self.letters.waiting(_WANTED, list_number=number):
                entitled = self.coordinators.entitled(Permission.APPROVE)
                may = {normalize(each.address) for each in entitled}
                gone = [one for one, to in waiting.items() if normalize(to) not in may]
                self.letters.withdraw(gone, at=self.clock())

    def _is_flood(self, proposal: Proposal) -> bool:
        """Whether anybody was asked lately as often as they may be."""
        number, since = proposal.list_number, self.clock() - _LATELY
        count = self.letters.posted
        of_one = count(_WANTED, proposal.name, list_number=number, since=since)
        of_all = count(_WANTED, list_number=number, since=since)
        return (
            max(of_one.values(), default=0) >= MOST_OF_ONE
            or max(of_all.values(), default=0) >= MOST_OF_ALL
        )

    def tell(self, proposal: Proposal) -> None:
        """Put a note to each approver on its way, and take note that they know."""
        self._write(
            NoteKind.APPROVED_ALONE,
            proposal,
            self.coordinators.entitled(Permission.APPROVE),
            by=proposal.approver or proposal.author,
            people=proposal.approved or 0,
            moments={"begins": proposal.hold_until},
            said=proposal.reason,
            name=f"alone {proposal.name} {proposal.approved_at}",
        )
        self.blasts.told(proposal)

    def _write(
        self,
        kind: NoteKind,
        proposal: Proposal,
        to: Sequence[Coordinator],
        *,
        by: str,
        people: int,
        moments: Mapping[str, datetime | None],
        name: str,
        said: str | None = None,
        about: Sequence[str] = (),
    ) -> None:
        """Write to each; it is worded once for all who read it alike."""
        at, who = self.clock(), self._called(by)
        page = f"{self.notifier.base_url}/console/calls/{proposal.name}"
        alike: dict[tuple[str, bool], dict[bytes, str]] = {}
        for each in to:
            language = each.language or self.language
            uid = self.people.known_as(each.address, language=language, at=at)
            readers = alike.setdefault((language, each.has_account), {})
            readers[uid] = f"{name} {uid.hex()}"
        for (language, has_account), readers in alike.items():
            note = Note(
                kind=kind,
                language=language,
                names={
                    "who": who,
                    "subject": proposal.draft.wording(language).subject,
                    "people": f"{people:,}",
                },
                moments={
                    each: moment.astimezone(self.zone)
                    for each, moment in moments.items()
                    if moment is not None
                },
                said=said,
                url=page if has_account else None,
            )
            self.notifier.tell_all(
                note,
                to=readers,
                mailing_list=self.list_of(proposal.draft.list_slug),
                list_number=proposal.list_number,
                link=Link(Purpose.CONSOLE, proposal.number),
                at=at,
                about=about,
            )

    def _called(self, address: str) -> str:
        """Return how somebody calls themselves; whoever has not said so, by address."""
        wanted = normalize(address)
        for each in self.coordinators.entitled(Permission.WRITE):
            if each.name and normalize(each.address) == wanted:
                return each.name
        return address
