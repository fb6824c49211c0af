"""Which action of ours a source means: the same, the same moved, or a new one."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mailer.core.model import Action, Draft, Facts
from mailer.core.sponsors import name_key

OVERLAP = 0.5  # Jaccard index from which sponsors make an action the same one moved


class Reason(StrEnum):
    """Why a draft and an action are taken for one."""

    EXTERNAL_ID = "external-id"
    PLACE_AND_DATE = "place-and-date"
    MOVED = "moved"  # same place, same sponsors or title, another date
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A draft and the action it restates, or None when it is new."""

    draft: Draft
    action: Action | None
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Every draft once, in its order, and the actions that no draft restates."""

    pairs: tuple[Match, ...]
    missing: tuple[Action, ...] = ()


def match(drafts: Sequence[Draft], stored: Sequence[Action]) -> Matches:
    """Pair what a source says now with what we have from the same source.

    First by the source's own identity; then by place and date, where likeness decides
    when several share both; then, among what is left, the same place with the same
    title or at least half of the sponsors is an action that moved to another date.
    No action is given to two drafts, the order of the input does not matter, and two
    records that carry different identities of the source are never one.
    """
    pairing = _Pairing(
        [_Seen(each.external_id, each.facts) for each in drafts],
        [_Seen(each.external_id, each.facts, each.id) for each in stored],
    )
    pairing.pair(_identity, Reason.EXTERNAL_ID, _always)
    pairing.pair(_place_and_date, Reason.PLACE_AND_DATE, _alike_in_a_crowd)
    pairing.pair(_place, Reason.MOVED, _moved)
    pairs = []
    for index, draft in enumerate(drafts):
        other, reason = pairing.found.get(index, (None, Reason.NEW))
        action = None if other is None else stored[other]
        pairs.append(Match(draft=draft, action=action, reason=reason))
    taken = {other for other, _ in pairing.found.values()}
    missing = (action for index, action in enumerate(stored) if index not in taken)
    return Matches(pairs=tuple(pairs), missing=tuple(missing))


class _Seen:
    """What is compared of a draft or an action, worked out once."""

    __slots__ = ("external_id", "facts", "id", "sponsors", "title")

    def __init__(self, external_id: str | None, facts: Facts, number: int = 0) -> None:
        self.external_id, self.facts, self.id = external_id or None, facts, number
        self.title = name_key(facts.title or "")
        self.sponsors = frozenset(name_key(each.name) for each in facts.sponsors)

    def same_title(self, other: "_Seen") -> bool:
        return bool(self.title) and self.title == other.title

    def overlap(self, other: "_Seen") -> float:
        """Return the Jaccard index of the sponsors."""
        union = len(self.sponsors | other.sponsors)
        return len(self.sponsors & other.sponsors) / union if union else 0.0

    def says_nothing(self) -> bool:
        return not self.title and not self.sponsors


_Accept = Callable[[_Seen, _Seen, bool], bool]
_Key = Callable[[_Seen], Hashable | None]


def _identity(seen: _Seen) -> Hashable | None:
    return seen.external_id


def _place_and_date(seen: _Seen) -> Hashable:
    return seen.facts.place.key, seen.facts.start_date


def _place(seen: _Seen) -> Hashable:
    return seen.facts.place.key


def _always(_draft: _Seen, _action: _Seen, _crowd: bool) -> bool:  # noqa: FBT001 - one of many rules, called alike
    return True


def _alike_in_a_crowd(draft: _Seen, action: _Seen, crowd: bool) -> bool:  # noqa: FBT001 - one of many rules, called alike
    return (
        not crowd
        or draft.same_title(action)
        or draft.overlap(action) > 0
        or (draft.says_nothing() and action.says_nothing())
    )


def _moved(draft: _Seen, action: _Seen, _crowd: bool) -> bool:  # noqa: FBT001 - one of many rules, called alike
    return draft.same_title(action) or draft.overlap(action) >= OVERLAP


class _Pairing:
    """Drafts and actions, by position, and which of them have found each other."""

    def __init__(self, drafts: Sequence[_Seen], stored: Sequence[_Seen]) -> None:
        self._drafts, self._stored = drafts, stored
        self.found: dict[int, tuple[int, Reason]] = {}
        self._taken: set[int] = set()

    def pair(self, key: _Key, reason: Reason, accept: _Accept) -> None:
        """Pair leftovers that share a key, the most alike first."""
        drafts = _by_key(self._drafts, self.found, key)
        actions = _by_key(self._stored, self._taken, key)
        for shared in drafts.keys() & actions.keys():
            crowd = len(drafts[shared]) > 1 or len(actions[shared]) > 1
            candidates = [
                (_rank(self._drafts[index], self._stored[other]), index, other)
                for index in drafts[shared]
                for other in actions[shared]
                if not _are_two(self._drafts[index], self._stored[other])
                and accept(self._drafts[index], self._stored[other], crowd)
            ]
            for _, index, other in sorted(candidates):
                if index not in self.found and other not in self._taken:
                    self.found[index] = (other, reason)
                    self._taken.add(other)


def _by_key(
    records: Sequence[_Seen], done: Iterable[int], key: _Key
) -> dict[Hashable, list[int]]:
    finished = set(done)
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        if index not in finished and (value := key(record)) is not None:
            groups[value].append(index)
    return groups


def _are_two(draft: _Seen, action: _Seen) -> bool:
    """Tell whether the source itself says that these are two actions."""
    both = draft.external_id is not None and action.external_id is not None
    return both and draft.external_id != action.external_id


def _rank(draft: _Seen, action: _Seen) -> tuple[object, ...]:
    """Order candidates: unchanged first, then by likeness, never by their position."""
    ours, theirs = draft.facts, action.facts
    return (
        ours != theirs,
        not draft.same_title(action),
        -draft.overlap(action),
        ours.start_time != theirs.start_time,
        abs((ours.start_date - theirs.start_date).days),
        repr(ours),
        draft.external_id or "",
        action.id,
    )
