"""Readers and public actions in memory, by the rules that the ports state."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from mailer.core.model import Action
from mailer.ports import Reader


@dataclass
class MemoryReaders:
    people: dict[tuple[bytes, int], Reader] = field(default_factory=dict)
    left: list[tuple[bytes, int, str]] = field(default_factory=list)
    ended_otherwise: set[tuple[bytes, int]] = field(default_factory=set)

    def add(self, reader: Reader) -> None:
        self.people[reader.uid, reader.list_number] = reader

    def reader(self, uid: bytes, list_number: int) -> Reader | None:
        return self.people.get((uid, list_number))

    def leave(self, uid: bytes, list_number: int, *, at: datetime, how: str) -> bool:
        assert at.tzinfo is not None
        reader = self.reader(uid, list_number)
        if reader is None or not reader.active:
            return False
        self.add(replace(reader, active=False))
        self.left.append((uid, list_number, how))
        return True

    def rejoin(self, uid: bytes, list_number: int, *, at: datetime) -> bool:
        assert at.tzinfo is not None
        reader = self.reader(uid, list_number)
        key = (uid, list_number)
        if reader is None or reader.active or key in self.ended_otherwise:
            return False
        self.add(replace(reader, active=True))
        return True

    def prefer(
        self,
        uid: bytes,
        list_number: int,
        *,
        language: str,
        quiet_weeks: bool,
        at: datetime,
    ) -> bool:
        assert at.tzinfo is not None
        reader = self.reader(uid, list_number)
        if reader is None:
            return False
        self.add(replace(reader, language=language, quiet_weeks=quiet_weeks))
        return True


@dataclass
class MemoryActions:
    actions: list[Action] = field(default_factory=list)

    def action(self, public_id: str) -> Action | None:
        found = [each for each in self.actions if each.public_id == public_id]
        return found[0] if found else None

    def upcoming(self, at: datetime) -> Sequence[Action]:
        return [
            each
            for each in self.actions
            if (each.facts.end_date or each.facts.start_date) >= at.date()
        ]
