"""A rule as SQL: which rows of `subscribers` it means, whatever else may be joined.

Every condition is true or false of each person, never unknown, so that its opposite
holds of all the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from sqlalchemy import ColumnElement, Select, false, not_, select

from mailer.adapters.database.engine import Database
from mailer.adapters.database.meaning import Meaning
from mailer.adapters.database.schema import (
    deliveries,
    endorsements,
    organization_aliases,
    organizations,
    seats,
    sponsorships,
    subscriber_tags,
    subscriptions,
    variant_items,
)
from mailer.adapters.database.sets import has, one_of
from mailer.core.rule import (
    AllOf,
    AnyOf,
    Condition,
    Got,
    InRegion,
    Knows,
    Near,
    Not,
    Numbered,
    OnList,
    Reads,
    Rule,
    Seated,
    Tagged,
)
from mailer.core.rule.nodes import Leaf
from mailer.core.sponsors import name_key

Holds = ColumnElement[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selecting:
    """Turns conditions into SQL about the person in a row."""

    database: Database
    meaning: Meaning
    person: ColumnElement[int]
    place: ColumnElement[int]  # where they are; may be null
    language: ColumnElement[str]

    def rule(self, rule: Rule) -> Holds:
        """Return what holds of those whom a rule means; of nobody without an include."""
        meant = self._any(rule.include)
        return meant & not_(self._any(rule.exclude)) if rule.exclude else meant

    def _any(self, conditions: tuple[Condition, ...]) -> Holds:
        return reduce(or_, map(self._one, conditions)) if conditions else false()

    def _one(self, condition: Condition) -> Holds:
        match condition:
            case AllOf(of=parts):
                return reduce(and_, map(self._one, parts))
            case AnyOf(of=parts):
                return self._any(parts)
            case Not(of=part):
                return not_(self._one(part))
            case leaf:
                return self._leaf(leaf)

    def _leaf(self, leaf: Leaf) -> Holds:  # noqa: PLR0911 - one per kind
        match leaf:
            case InRegion() | Near():
                return self.place.is_not(None) & self._among(
                    self.place, self.meaning.places[leaf]
                )
            case Seated():
                return self._has(self._seats(leaf))
            case Reads(languages=languages):
                return self.language.in_(sorted(languages))
            case OnList(lists=lists):
                return self._has(
                    self._subscriptions([self.meaning.lists[each] for each in lists])
                )
            case Got(mailings=mailings):
                return self._has(
                    self._sent([self.meaning.mailings[each] for each in mailings])
                )
            case Knows(action=action, version=version):
                return self._knows(self.meaning.actions[action], version)
            case Tagged(tags=tags):
                rows = select(subscriber_tags.c.subscriber_id)
                return self._has(rows.where(self._among(subscriber_tags.c.tag, tags)))
            case Numbered(subscribers=numbers):
                return self._among(self.person, numbers)

    def _has(self, rows: Select[Any]) -> Holds:
        return has(self.database, self.person, rows)

    def _among(
        self,
        column: ColumnElement[int] | ColumnElement[str],
        values: Sequence[int | str],
    ) -> Holds:
        return one_of(self.database, column, values)

    # --- rows that say it

    def _seats(self, seat: Seated) -> Select[Any]:
        rows = select(seats.c.subscriber_id)
        at = seats.c.organization_id
        meaning = self.meaning
        if seat.organizations:
            rows = rows.where(self._is_one_of(at, seat.organizations))
        if seat.kinds:
            kinds = select(organizations.c.id)
            rows = rows.where(
                at.in_(kinds.where(self._among(organizations.c.kind, seat.kinds)))
            )
        if seat.roles:
            rows = rows.where(seats.c.role.in_(sorted(seat.roles)))
        if seat.endorses:
            numbers = [meaning.calls[each] for each in seat.endorses]
            who = select(endorsements.c.organization_id)
            rows = rows.where(
                at.in_(who.where(self._among(endorsements.c.call_id, numbers)))
            )
        if seat.sponsors:
            numbers = [meaning.actions[each] for each in seat.sponsors]
            who = select(sponsorships.c.organization_id)
            rows = rows.where(
                at.in_(who.where(self._among(sponsorships.c.action_id, numbers)))
            )
        return rows

    def _is_one_of(
        self, organization: ColumnElement[int], names: Sequence[int | str]
    ) -> Holds:
        keys = [name_key(name) for name in names if isinstance(name, str)]
        behind = select(organization_aliases.c.organization_id).where(
            self._among(organization_aliases.c.key, keys)
        )
        numbers = [name for name in names if isinstance(name, int)]
        return organization.in_(behind) | self._among(organization, numbers)

    def _subscriptions(self, numbers: list[int]) -> Select[Any]:
        return select(subscriptions.c.subscriber_id).where(
            self._among(subscriptions.c.list_number, numbers),
            subscriptions.c.state == "active",
        )

    def _sent(self, numbers: list[int]) -> Select[Any]:
        return select(deliveries.c.subscriber_id).where(
            self._among(deliveries.c.mailing_id, numbers), deliveries.c.state == "sent"
        )

    def _knows(self, action: int, version: int | None) -> Holds:
        told = variant_items.c.action_id == action
        if version is None:
            return self._told(told)
        later = self._told(told & (variant_items.c.version > version))
        return self._told(told & (variant_items.c.version == version)) & not_(later)

    def _told(self, items: Holds) -> Holds:
        """Tell whether somebody was sent a variant with these items.

        Deliveries go in time; what a subscription remembers stays, but may be behind.
        """
        variants = select(variant_items.c.variant_id).where(items)
        sent = select(deliveries.c.subscriber_id).where(
            deliveries.c.variant_id.in_(variants), deliveries.c.state == "sent"
        )
        remembered = select(subscriptions.c.subscriber_id).where(
            subscriptions.c.known_variant.in_(variants)
        )
        return self._has(sent) | self._has(remembered)
