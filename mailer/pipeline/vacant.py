"""A seat that nothing reaches any more: its colleagues are asked who gets its mail."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.core.errors import MailerError
from mailer.core.lists import MailingList
from mailer.core.notices import Note, NoteKind
from mailer.core.tokens import Link, Purpose
from mailer.pipeline.notify import Notifier
from mailer.ports import Colleague, LostSeat, Seats

RECENT = timedelta(days=3)  # what bounced before is no news


@dataclass(frozen=True, slots=True, kw_only=True)
class Usher:
    """Writes to the colleagues of seats whose mail bounced for good, once."""

    seats: Seats
    notifier: Notifier
    lists: Callable[[], Mapping[int, MailingList]]  # by number
    languages: Sequence[str]  # the coalition's, the default first
    clock: Callable[[], datetime]
    trouble: Callable[[str], None]

    def ask(self) -> int:
        """Ask about every such seat; returns how many letters were put on their way."""
        found = self.seats.lost(since=self.clock() - RECENT)
        lists = self.lists() if found else {}
        written = 0
        for lost in found:
            try:
                written += sum(
                    self._tell(lost, each, lists) for each in lost.colleagues
                )
            except MailerError as error:
                self.trouble(f"seat {lost.number}: {error}")
            else:
                self.seats.told(lost, at=self.clock())
        return written

    def _tell(
        self, lost: LostSeat, to: Colleague, lists: Mapping[int, MailingList]
    ) -> bool:
        mailing_list = lists.get(to.list_number)
        if mailing_list is None:  # its file is gone
            return False
        known = to.language in self.languages
        language = to.language if known else self.languages[0]
        names = {
            "organization": lost.organization,
            "address": lost.masked_address,
        }
        if any(each.sign_up for each in lists.values()):
            # As people tell it: in HTML it is no link, and text has the same links.
            host = self.notifier.base_url.partition("://")[2]
            names["page"] = f"{host}/subscribe"
        return self.notifier.tell(
            Note(
                kind=NoteKind.SEAT_LOST,
                language=language,
                names=names,
            ),
            to=to.uid,
            name=f"seat lost {lost.number} {lost.since.isoformat()} {to.uid.hex()}",
            mailing_list=mailing_list,
            list_number=to.list_number,
            link=Link(Purpose.PREFERENCES, to.list_number),
            at=self.clock(),
        )
