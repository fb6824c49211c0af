"""Requests and endorsements in memory, as far as the pages ask of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from mailer.core.requests import (
    MODERATED,
    Ask,
    Backlog,
    Due,
    Kind,
    Request,
    State,
    fingerprint,
)
from mailer.ports import Endorsable, Endorser

CALL = Endorsable(slug="october-2019", title="Close the camps, October 2019")


@dataclass
class MemoryRequests:
    asked: list[Ask] = field(default_factory=list)
    kept: dict[tuple[bytes, int], list[Request]] = field(default_factory=dict)
    refused: list[bytes] = field(default_factory=list)

    def ask(self, ask: Ask, *, at: datetime) -> None:
        assert at.tzinfo is not None
        self.asked.append(ask)

    def add(self, uid: bytes, *requests: Request) -> None:
        self.kept[uid, requests[0].number] = list(requests)

    def due(self, *, at: datetime, most: int = 100) -> Sequence[Due]:
        raise NotImplementedError

    def written(self, due: Due, *, at: datetime) -> None:
        raise NotImplementedError

    def open_for(self, uid: bytes, number: int, *, at: datetime) -> Sequence[Request]:
        return [
            each
            for each in self.kept.get((uid, number), [])
            if each.state is State.WRITTEN and at < each.granted_until()
        ]

    def find(self, uid: bytes, number: int) -> Request | None:
        return next(iter(self.kept.get((uid, number), [])), None)

    def confirm(
        self, uid: bytes, number: int, *, at: datetime, shown: str | None = None
    ) -> Sequence[Request]:
        granted = self.open_for(uid, number, at=at)
        if shown not in (None, fingerprint(granted)):
            return []
        if granted:
            self.kept[uid, number] = [
                replace(
                    each,
                    state=State.WAITING if each.kind in MODERATED else State.DONE,
                )
                for each in granted
            ]
        return granted

    def refuse(self, uid: bytes, number: int, *, at: datetime) -> None:
        assert at.tzinfo is not None
        kept = self.kept.get((uid, number), [])
        if any(each.state is State.WRITTEN for each in kept):
            del self.kept[uid, number]
            self.refused.append(uid)

    def waiting(
        self, kind: Kind | None = None, *, after: int = 0, most: int | None = None
    ) -> Sequence[Request]:
        raise NotImplementedError

    def backlog(self) -> Backlog:
        raise NotImplementedError

    def decided(self, *, since: datetime, until: datetime) -> Sequence[Request]:
        raise NotImplementedError

    def request(self, number: int) -> Request:
        raise NotImplementedError

    def settle(
        self,
        number: int,
        *,
        accepted: bool,
        by: str,
        at: datetime,
        reason: str | None = None,
    ) -> bool:
        raise NotImplementedError

    def expire(self, *, at: datetime) -> int:
        raise NotImplementedError


@dataclass
class MemoryEndorsements:
    open: list[Endorsable] = field(default_factory=lambda: [CALL])
    listed: list[Endorser] = field(default_factory=list)

    def calls(self, on: date) -> Sequence[Endorsable]:
        return [
            call for call in self.open if not call.closes_on or call.closes_on >= on
        ]

    def public(self, call: str) -> Sequence[Endorser]:
        return self.listed if call == CALL.slug else []

    def alike(self, name: str, place: str | None = None) -> Sequence[str]:
        del place
        return [one.name for one in self.listed if one.name.startswith(name[:3])]

    def accept(
        self, request: Request, *, into: str | None, by: str, at: datetime
    ) -> str | None:
        raise NotImplementedError
