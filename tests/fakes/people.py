"""Readers and public actions in memory, by the rules that the ports state."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count

from mailer.core.model import Action, Facts
from mailer.core.regions import Region
from mailer.ports import Contents, Edition, Message, Posted, Pulse, Reader


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
