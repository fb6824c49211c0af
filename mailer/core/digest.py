"""What one digest says, in no language yet: items in sections, nearest first."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from mailer.core.model import Facts, Place

KNOWN = "known"  # beside the kinds: told in an earlier edition, not in this one


class ItemKind(StrEnum):
    """What an action is to this reader since their last edition."""

    NEW = "new"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    COMING = "coming"


class SectionKind(StrEnum):
    """Where in the digest an item stands."""

    CHANGES = "changes"  # changed and cancelled since the reader's last edition
    NEAR = "near"  # the reader's own city and its surroundings
    REGION = "region"  # elsewhere in the reader's state
    COUNTRY = "country"  # everywhere else


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One action in one digest."""

    action_id: int
    public_id: str
    version: int
    kind: ItemKind
    facts: Facts
    before: Facts | None = None  # what the reader was told last, when it differs
    distance_km: float | None = None  # from the reader's place, when both are known


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A run of items under one heading."""

    kind: SectionKind
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One edition as one group of readers gets it.

    `sections` never repeat an item, except that a changed action that still takes
    place stands under CHANGES and again, with `kind` CHANGED, where it belongs.
    Cancelled actions stand under CHANGES only. `upcoming` counts what takes place.
    """

    list_slug: str
    edition: str
    language: str  # "en", "es"
    reader: Place | None  # where this group is, when known
    week_of: date  # the Monday of the edition's week, on the list's wall clock
    as_of: datetime  # aware; nothing that is over at this moment appears
    first: bool  # this group has had no edition before: everything is new, no badges
    sections: tuple[Section, ...]

    @property
    def upcoming(self) -> tuple[Item, ...]:
        """Return what takes place, nearest section first."""
        return tuple(
            item
            for section in self.sections
            if section.kind is not SectionKind.CHANGES
            for item in section.items
        )

    @property
    def changes(self) -> tuple[Item, ...]:
        """Return what was changed or cancelled since the readers' last edition."""
        return self._of(SectionKind.CHANGES)

    @property
    def near(self) -> tuple[Item, ...]:
        """Return what takes place in or around the readers' own city."""
        return self._of(SectionKind.NEAR)

    def _of(self, kind: SectionKind) -> tuple[Item, ...]:
        return tuple(
            item
            for section in self.sections
            if section.kind is kind
            for item in section.items
        )
