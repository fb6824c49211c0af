"""Tells all coordinators that somebody has approved a blast alone, and why."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mailer.core.lists import MailingList
from mailer.core.notices import Note, NoteKind
from mailer.core.proposal import Proposal
from mailer.core.roles import Permission
from mailer.pipeline.notify import Notifier
from mailer.ports import Blasts, Coordinators, People


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Writes the notes; each revision's once, however often it is asked."""

    blasts: Blasts
    people: People
    notifier: Notifier
    list_of: Callable[[str], MailingList]  # by slug; raises NotFoundError
    coordinators: Coordinators
    language: str  # of whoever has said none
    clock: Callable[[], datetime]

    def tell(self, proposal: Proposal) -> None:
        """Put a note to each approver on its way, and take note that they know."""
        at = self.clock()
        for each in self.coordinators.entitled(Permission.APPROVE):
            language = each.language or self.language
            uid = self.people.known_as(each.address, language=language, at=at)
            self.notifier.tell(
                Note(
                    kind=NoteKind.APPROVED_ALONE,
                    language=language,
                    names={
                        "blast": proposal.name,
                        "subject": proposal.draft.wording(language).subject,
                        "people": f"{proposal.approved or 0:,}",
                        "minutes": str(int(proposal.hold().total_seconds() // 60)),
                    },
                    said=proposal.reason,
                ),
                to=uid,
                name=f"alone {proposal.name} {proposal.approved_at} {uid.hex()}",
                mailing_list=self.list_of(proposal.draft.list_slug),
                list_number=proposal.list_number,
                link=None,
                at=at,
            )
        self.blasts.told(proposal)
