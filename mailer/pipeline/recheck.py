"""Before each edition the hosts of what it will tell are asked whether it is right.

Run by the tick, as often as it likes: a note's name makes it one for an action, a host
and an edition.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.core import editions
from mailer.core.editions import Occurrence
from mailer.core.errors import MailerError
from mailer.core.lists import Kind, MailingList
from mailer.core.notices import Note, NoteKind
from mailer.core.tokens import Link, Purpose
from mailer.pipeline.hosting import occurrence
from mailer.pipeline.notify import Notifier
from mailer.ports import Host, Hosts

BEFORE = timedelta(hours=48)
_LATEST = timedelta(hours=24)  # who is asked later than that cannot answer in time


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecker:
    """Asks hosts before editions."""

    hosts: Hosts
    notifier: Notifier
    lists: Callable[[], Mapping[int, MailingList]]  # by number
    languages: Sequence[str]  # the coalition's, the default first
    clock: Callable[[], datetime]
    trouble: Callable[[str], None]

    def recheck(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Ask whom it is time to ask; returns how many notes were put on their way.

        Whoever has looked at it within the same two days, or was asked for another
        list, is left in peace.
        """
        now, asked = self.clock(), 0
        for number, mailing_list, edition, found in self.to_ask(now):
            told: list[Host] = []
            for host in found:
                if stopping():
                    break
                if self._ask(host, edition, number, mailing_list, now):
                    told.append(host)
            self.hosts.asked(told, edition, at=now)
            asked += len(told)
        return asked

    def to_ask(
        self, now: datetime
    ) -> Iterator[tuple[int, MailingList, str, Sequence[Host]]]:
        """Yield the editions before which it is time to ask, each with whom to ask.

        The number of the list, the list, LIST/EDITION, and the hosts of its actions.
        """
        for number, each, due in self._due(now):
            edition = f"{each.slug}/{due.edition.isoformat()}"
            found = self.hosts.to_ask(
                edition,
                since=due.due_at - BEFORE,
                begins=due.due_at,
                until=due.due_at + each.horizon,
            )
            yield number, each, edition, found

    def _due(self, now: datetime) -> Iterator[tuple[int, MailingList, Occurrence]]:
        for number, each in self.lists().items():
            if each.kind is Kind.DIGEST and each.cadence is not None:
                due = editions.next_due(each.cadence, now)
                if due.due_at - BEFORE <= now <= due.due_at - _LATEST:
                    yield number, each, due

    def _ask(
        self,
        host: Host,
        edition: str,
        number: int,
        mailing_list: MailingList,
        now: datetime,
    ) -> bool:
        """Write the note; one that was written before counts as well."""
        offered = self.languages
        language = host.language if host.language in offered else offered[0]
        try:
            self.notifier.tell(
                Note(
                    kind=NoteKind.STILL_RIGHT,
                    language=language,
                    occurrence=occurrence(host.action.facts),
                ),
                to=host.uid,
                name=f"still right {host.action.public_id} {edition} {host.uid.hex()}",
                mailing_list=mailing_list,
                list_number=number,
                link=Link(Purpose.HOST, host.action.id),
                at=now,
            )
        except MailerError as error:
            self.trouble(f"action {host.action.public_id}: {error}")
            return False
        return True
