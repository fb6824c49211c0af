"""What people may ask about themselves, in memory, as far as the pages ask of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mailer.core.erasures import Erased, Erasure
from mailer.core.requests import Handing, Kind, Moved, Moving, Request
from mailer.core.tokens import address_hash


@dataclass
class MemoryRights:
    asked: list[tuple[Kind, bytes]] = field(default_factory=list)
    asked_at: list[str] = field(default_factory=list)
    forgotten: list[int] = field(default_factory=list)
    moved: Moved = field(default_factory=lambda: Moved(what=Moving.OVER))
    addresses: dict[bytes, str] = field(default_factory=dict)
    seat: Handing | None = None

    def ask(self, kind: Kind, uid: bytes, list_number: int, *, at: datetime) -> None:
        assert at.tzinfo is not None
        assert list_number
        self.asked.append((kind, uid))

    def address(self, uid: bytes) -> str | None:
        return self.addresses.get(uid)

    def forget(self, uid: bytes, number: int, *, at: datetime) -> None:
        assert at.tzinfo is not None
        assert uid
        self.forgotten.append(number)

    def ask_at(self, request: Request, address: str, *, at: datetime) -> None:
        assert at.tzinfo is not None
        assert request.subscriber
        self.asked_at.append(address)

    def handing(self, uid: bytes, number: int) -> Handing | None:
        assert uid
        assert number
        return self.seat

    def sit(self, uid: bytes, number: int, *, at: datetime) -> Moved:
        return self.move(uid, number, at=at)

    def move(self, uid: bytes, number: int, *, at: datetime) -> Moved:
        assert uid
        assert number
        assert at.tzinfo is not None
        return self.moved


@dataclass
class MemoryDossiers:
    held: dict[bytes, Mapping[str, object]] = field(default_factory=dict)

    def of(self, address: str) -> Mapping[str, object] | None:
        return next((h for h in self.held.values() if h["address"] == address), None)

    def of_whom(self, uid: bytes) -> Mapping[str, object] | None:
        return self.held.get(uid)


@dataclass
class MemoryErasures:
    erased: list[Erasure] = field(default_factory=list)
    waits: bool = False

    def hashed(self, address: str) -> bytes:
        return address_hash(b"p" * 32, address)

    def known(self) -> Sequence[Erasure]:
        return self.erased

    def erase(self, erasure: Erasure, *, restored: bool = False) -> Erased:
        assert not restored
        self.erased.append(erasure)
        return Erased(held=True, waits=self.waits)

    def before(self, hashed: bytes) -> Sequence[bytes]:
        assert hashed
        return []

    def complete(self, *, at: datetime) -> Sequence[bytes]:
        assert at.tzinfo is not None
        return []

    def finish(self, hashes: Sequence[bytes], *, at: datetime) -> None:
        assert at.tzinfo is not None
        assert {each.address_hash for each in self.erased} >= set(hashes)

    def scrub(self) -> None:
        assert self.erased


@dataclass
class MemoryJournal:
    written: list[Erasure] = field(default_factory=list)

    def entries(self) -> Sequence[Erasure]:
        return self.written

    def add(self, entries: Sequence[Erasure]) -> None:
        self.written += entries
