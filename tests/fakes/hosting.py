"""Nobody hosts anything or meets anybody: for pages that are about something else."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from mailer.core.introductions import Reply
from mailer.core.model import Action, Contact
from mailer.core.requests import Request
from mailer.core.sharing.submission import Submission
from mailer.ports import (
    Agreed,
    Answer,
    Changed,
    Host,
    Hosted,
    Introduction,
    Offered,
    Proposed,
)


class NoHosts:
    """The port Hosts before the first action was accepted."""

    def accept(self, request: Request, *, by: str, at: datetime) -> Action | None:
        raise NotImplementedError

    def hosted(self, uid: bytes, action_id: int) -> Hosted | None:
        del uid, action_id
        return None

    def change(
        self,
        uid: bytes,
        action_id: int,
        submission: Submission,
        *,
        version: int,
        at: datetime,
        by: str = "host",
    ) -> Changed:
        raise NotImplementedError

    def undo(self, uid: bytes, action_id: int, *, version: int, at: datetime) -> bool:
        raise NotImplementedError

    def confirm(self, uid: bytes, action_id: int, *, at: datetime) -> bool:
        raise NotImplementedError

    def to_ask(
        self, edition: str, *, since: datetime, begins: datetime, until: datetime
    ) -> Sequence[Host]:
        raise NotImplementedError

    def asked(self, asked: Sequence[Host], edition: str, *, at: datetime) -> None:
        raise NotImplementedError

    def answers(self, at: datetime) -> Mapping[int, Answer]:
        raise NotImplementedError

    def listed(self, uid: bytes, request: Request) -> int | None:
        raise NotImplementedError

    def amend(
        self, uid: bytes, number: int, submission: Submission, *, at: datetime
    ) -> Changed:
        raise NotImplementedError

    def withdraw(self, uid: bytes, number: int, *, at: datetime) -> bool:
        raise NotImplementedError

    def sent(self, uid: bytes, number: int) -> Request | None:
        del uid, number
        return None

    def reachable(self, public_id: str) -> Contact | None:
        del public_id
        return None


class NoIntroductions:
    """The port Introductions before anybody wished to meet anybody."""

    def settle(self, *, at: datetime) -> int:
        raise NotImplementedError

    def propose(self, *, at: datetime) -> int:
        raise NotImplementedError

    def to_ask(self) -> Sequence[Proposed]:
        raise NotImplementedError

    def asked(self, numbers: Sequence[int], *, at: datetime) -> None:
        raise NotImplementedError

    def offered(self, uid: bytes, number: int, *, at: datetime) -> Offered | None:
        del uid, number, at
        return None

    def answer(
        self, uid: bytes, number: int, reply: Reply | None, *, at: datetime
    ) -> Offered | None:
        del uid, number, reply, at
        return None

    def to_tell(self, *, at: datetime) -> Sequence[Agreed]:
        raise NotImplementedError

    def told(self, numbers: Sequence[int], *, at: datetime) -> None:
        raise NotImplementedError

    def clear(self, *, at: datetime) -> int:
        raise NotImplementedError

    def every(self) -> Sequence[Introduction]:
        raise NotImplementedError
