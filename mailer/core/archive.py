"""An edition as everybody may read it later: right today, and honest about changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from mailer.core import assembly, changes
from mailer.core.digest import Digest
from mailer.core.model import Action, Facts, LocationVisibility


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """An action that is not any more what the edition told."""

    action: Action
    told: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A digest without readers, and what became of it since it was sent."""

    digest: Digest
    since: Sequence[Since]


def copy_of(
    actions: Sequence[Action],
    *,
    told: Mapping[int, Facts],
    before: Mapping[int, Facts] | None,
    list_slug: str,
    edition: str,
    language: str,
    as_of: datetime,
    until: datetime,
) -> Copy:
    """Return what a reader of every edition, wherever they live, was told, corrected.

    `actions` are those that the edition told of, as they stand now; `told` is how it
    had them, `before` how the edition before it had them (None: it is the first).
    Facts are today's. What was corrected since is compared with what this edition
    said, everything else with the one before.
    """
    public = [replace(action, facts=action.facts.public) for action in actions]
    since = [
        Since(action=action, told=was)
        for action in public
        if (was := _comparable(told.get(action.id), action.facts)) is not None
        and changes.differences(was, action.facts)
    ]
    known = _known(public, before) | {each.action.id: each.told for each in since}
    day = _day_of(edition, as_of)
    digest = assembly.assemble(
        public,
        list_slug=list_slug,
        edition=edition,
        edition_date=day,
        language=language,
        reader=None,
        known=known,
        as_of=as_of,
        until=until,
    )
    # Without an edition before it, "new" would stand beside every single action.
    return Copy(digest=replace(digest, first=before is None), since=since)


def _known(
    actions: Sequence[Action], before: Mapping[int, Facts] | None
) -> dict[int, Facts]:
    pairs = (
        (action.id, _comparable((before or {}).get(action.id), action.facts))
        for action in actions
    )
    return {number: facts for number, facts in pairs if facts is not None}


def _comparable(was: Facts | None, now: Facts) -> Facts | None:
    """Return what was told without a place that is not public any more."""
    if was is None or now.location_visibility is LocationVisibility.PUBLIC:
        return was.public if was else None
    return replace(
        was, venue=None, address=None, location_visibility=now.location_visibility
    )


def _day_of(edition: str, as_of: datetime) -> date:
    try:
        return date.fromisoformat(edition)
    except ValueError:
        return as_of.date()
