"""Readers, notes and public actions in memory, by the rules that the ports state."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count

from mailer.core.errors import NotFoundError
from mailer.core.model import Action, Facts
from mailer.core.preferences import Change, Choices, Value, differences, undone
from mailer.core.regions import Region
from mailer.core.routes import Route
from mailer.core.tokens import Link, Purpose
from mailer.ports import Composed, Contents, Edition, Message, Posted, Pulse, Reader


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

    posted: dict[str, tuple[bytes, Composed, Link | None]] = field(default_factory=dict)
    gone: set[bytes] = field(default_factory=set)

    def post(
        self,
        composed: Composed,
        *,
        to: bytes,
        name: str,
        list_number: int,
        link: Link | None,
        returning: bool = False,
        route: Route,
        at: datetime,
    ) -> bool:
        assert at.tzinfo is not None
        assert route.names
        assert list_number
        assert not returning or (link and link.purpose is Purpose.CONFIRM)
        if to in self.gone:
            raise NotFoundError("nobody has this id")
        return self.posted.setdefault(name, (to, composed, link))[1] is composed

    def unused(self, names: Collection[str]) -> Collection[str]:
        return set(names) - set(self.posted)


@dataclass
class MemoryActions:
    actions: list[Action] = field(default_factory=list)
    told_before: dict[str, list[Facts]] = field(default_factory=dict)
    recorded_at: datetime = datetime(2019, 10, 1, tzinfo=UTC)
    beats: Iterator[int] = field(default_factory=count)

    def posted(self, public_id: str) -> Posted | None:
        found = [each for each in self.actions if each.public_id == public_id]
        return self._posted(found[0]) if found else None

    def versions(self, public_id: str) -> Sequence[Facts]:
        posted = self.posted(public_id)
        now = [posted.action.facts] if posted else []
        return [*self.told_before.get(public_id, []), *now]

    def listed(
        self,
        at: datetime,
        *,
        off_since: datetime | None = None,
        region: Region | None = None,
        limit: int,
    ) -> Sequence[Posted]:
        lately = off_since is not None and self.recorded_at > off_since
        found = [
            each
            for each in self.actions
            if (self._is_to_come(each, at) or (lately and each.facts.status.is_off))
            and region in (None, _region(each))
        ]
        return [self._posted(each) for each in found[:limit]]

    def regions(self, at: datetime) -> Mapping[Region, int]:
        found: dict[Region, int] = {}
        for each in self.actions:
            if region := _region(each):
                on = self._is_to_come(each, at) and not each.facts.status.is_off
                found[region] = found.get(region, 0) + on
        return found

    def pulse(self, at: datetime, *, off_since: datetime) -> Pulse:
        # In memory, anything may have changed since a moment ago.
        assert at >= off_since
        return Pulse(changed_at=self.recorded_at, count=next(self.beats))

    def _posted(self, action: Action) -> Posted:
        return Posted(
            action=action, first_seen_at=self.recorded_at, revised_at=self.recorded_at
        )

    def _is_to_come(self, action: Action, at: datetime) -> bool:
        return (action.facts.end_date or action.facts.start_date) >= at.date()


def _region(action: Action) -> Region | None:
    place = action.facts.place
    return Region(country=place.country, code=place.region) if place.region else None


class NoEditions:
    """An archive before the first edition."""

    def latest(self, lists: Collection[int], *, limit: int) -> Sequence[Edition]:
        del lists, limit
        return []

    def edition(self, list_number: int, edition: str) -> Edition | None:
        del list_number, edition
        return None

    def contents(self, edition: Edition) -> Contents:
        raise AssertionError(edition)

    def message(self, edition: Edition, language: str) -> Message | None:
        raise AssertionError(edition, language)
