"""Readers, notes and public actions in memory, by the rules that the ports state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from mailer.core.errors import NotFoundError
from mailer.core.model import Action
from mailer.core.preferences import Change, Choices, Value, differences, undone
from mailer.core.routes import Route
from mailer.core.tokens import Link
from mailer.ports import Composed, Reader


@dataclass
class MemoryReaders:
    people: dict[tuple[bytes, int], Reader] = field(default_factory=dict)
    left: list[tuple[bytes, int, str]] = field(default_factory=list)
    ended_otherwise: set[tuple[bytes, int]] = field(default_factory=set)
    changes: dict[tuple[bytes, int], list[Change]] = field(default_factory=dict)
    made: int = 0

    def add(self, reader: Reader) -> None:
        self.people[reader.uid, reader.list_number] = reader

    def reader(self, uid: bytes, list_number: int) -> Reader | None:
        reader = self.people.get((uid, list_number))
        if reader is None:
            return None
        stack = self.changes.get((uid, list_number), [])
        on = [
            number
            for (one, number), other in self.people.items()
            if one == uid and other.active and number != list_number
        ]
        return replace(
            reader, also_on=tuple(on), last_change=stack[-1] if stack else None
        )

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

    def leave_all(self, uid: bytes, list_number: int, *, at: datetime) -> Sequence[int]:
        mine = [number for one, number in self.people if one == uid]
        left = [n for n in mine if self.leave(uid, n, at=at, how="page")]
        if left:
            self._remember((uid, list_number), ({}, {}), at, left=tuple(left))
        return left

    def choose(
        self, uid: bytes, list_number: int, choices: Choices, *, at: datetime
    ) -> bool:
        reader = self.reader(uid, list_number)
        if reader is None:
            return False
        both = differences(reader.choices.standing(at), choices)
        if not both[1]:
            return False
        self.add(replace(reader, choices=choices))
        self._remember((uid, list_number), both, at)
        return True

    def undo(self, uid: bytes, list_number: int, number: int, *, at: datetime) -> bool:
        reader = self.reader(uid, list_number)
        stack = self.changes.get((uid, list_number), [])
        found = [change for change in stack if change.number == number]
        if reader is None or not found:
            return False
        stack.remove(found[0])
        choices = undone(reader.choices.standing(at), found[0])
        back = [self.rejoin(uid, each, at=at) for each in found[0].left]
        changed = choices != reader.choices
        self.add(replace(self.people[uid, list_number], choices=choices))
        return changed or any(back)

    def _remember(
        self,
        key: tuple[bytes, int],
        both: tuple[Mapping[str, Value], Mapping[str, Value]],
        at: datetime,
        left: tuple[int, ...] = (),
    ) -> None:
        self.made += 1
        before, after = both
        change = Change(number=self.made, at=at, before=before, after=after, left=left)
        self.changes.setdefault(key, []).append(change)


@dataclass
class MemoryNotes:
    """Keeps what was written to whom; of one name, the first alone."""

    posted: dict[str, tuple[bytes, Composed, Link]] = field(default_factory=dict)
    gone: set[bytes] = field(default_factory=set)

    def post(
        self,
        composed: Composed,
        *,
        to: bytes,
        name: str,
        link: Link,
        route: Route,
        at: datetime,
    ) -> bool:
        assert at.tzinfo is not None
        assert route.names
        if to in self.gone:
            raise NotFoundError("nobody has this id")
        return self.posted.setdefault(name, (to, composed, link))[1] is composed


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
