"""Writes to coordinators about urgent calls: asks for an approval, tells of a lone one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from mailer.core.lists import MailingList
from mailer.core.notices import Note, NoteKind
from mailer.core.proposal import Proposal
from mailer.core.roles import Permission
from mailer.core.tokens import Link, Purpose, normalize
from mailer.pipeline.notify import Notifier
from mailer.ports import Blasts, Coordinator, Coordinators, People


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Writes the notes; each once, however often it is asked."""

    blasts: Blasts
    people: People
    notifier: Notifier
    list_of: Callable[[str], MailingList]  # by slug; raises NotFoundError
    coordinators: Coordinators
    language: str  # of whoever has said none
    zone: ZoneInfo  # in which hours are told
    clock: Callable[[], datetime]

    def ask(self, proposal: Proposal) -> None:
        """Put a note to each account that may approve it on its way, once.

        As long as there is none, nobody was asked: the next tick looks again.
        """
        asked = [
            each
            for each in self.coordinators.entitled(Permission.APPROVE)
            if each.has_account and not proposal.is_by(each.address)
        ]
        for each in asked:
            self._write(
                NoteKind.APPROVAL_WANTED,
                proposal,
                each,
                by=proposal.submitter or proposal.author,
                people=proposal.expected or 0,
                moments={"until": proposal.draft.not_after},
                name=f"wanted {proposal.name} {proposal.submitted_at}"
                f" {proposal.change}",
            )
        if asked:
            self.blasts.told(proposal)

    def tell(self, proposal: Proposal) -> None:
        """Put a note to each approver on its way, and take note that they know."""
        for each in self.coordinators.entitled(Permission.APPROVE):
            self._write(
                NoteKind.APPROVED_ALONE,
                proposal,
                each,
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
        to: Coordinator,
        *,
        by: str,
        people: int,
        moments: Mapping[str, datetime | None],
        name: str,
        said: str | None = None,
    ) -> None:
        language, at = to.language or self.language, self.clock()
        uid = self.people.known_as(to.address, language=language, at=at)
        page = f"{self.notifier.base_url}/console/calls/{proposal.name}"
        self.notifier.tell(
            Note(
                kind=kind,
                language=language,
                names={
                    "who": self._called(by),
                    "subject": proposal.draft.wording(language).subject,
                    "people": f"{people:,}",
                },
                moments={
                    each: moment.astimezone(self.zone)
                    for each, moment in moments.items()
                    if moment is not None
                },
                said=said,
                url=page if to.has_account else None,
            ),
            to=uid,
            name=f"{name} {uid.hex()}",
            mailing_list=self.list_of(proposal.draft.list_slug),
            list_number=proposal.list_number,
            link=Link(Purpose.CONSOLE, proposal.number),
            at=at,
        )

    def _called(self, address: str) -> str:
        """Return how somebody calls themselves; whoever has not said so, by address."""
        wanted = normalize(address)
        for each in self.coordinators.entitled(Permission.WRITE):
            if each.name and normalize(each.address) == wanted:
                return each.name
        return address
