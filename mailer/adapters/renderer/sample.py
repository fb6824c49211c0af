"""Sample data beside a template: a digest to look at without a database."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from mailer.adapters.renderer.brand import Brand
from mailer.adapters.renderer.locating import spelled
from mailer.adapters.renderer.records import read_json, record
from mailer.core.digest import Digest, Item, ItemKind, Section, SectionKind
from mailer.core.errors import InputError
from mailer.core.model import ActionStatus, Facts, Place, Sponsor

_NEAR_KM = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A digest in English, the coalition that sends it, and one reader's consent."""

    digest: Digest
    brand: Brand
    organization: str
    consented_on: date

    def in_language(self, language: str) -> Digest:
        """Return the same digest for readers of another language."""
        return replace(self.digest, language=language)


def read_sample(file: Path) -> Sample:
    """Read a template's `sample.json`; raises InputError naming file and key."""
    try:
        return _sample(read_json(file), spelled(file))
    except KeyError as error:
        raise InputError(f"{spelled(file)}: the key {error} is missing") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{spelled(file)}: {error}") from error


def _sample(data: Mapping[str, Any], where: str) -> Sample:
    reader = _place(data["reader"])
    items = [
        _numbered(number, action)
        for number, action in enumerate(_listed(data["actions"]), start=1)
    ]
    return Sample(
        digest=Digest(
            list_slug="weekly",
            edition=data["edition"],
            language="en",
            reader=reader,
            week_of=date.fromisoformat(data["edition"]),
            as_of=datetime.fromisoformat(data["as_of"]),
            first=False,
            sections=_sections(items, reader),
        ),
        brand=record(Brand, data["coalition"], f"{where}: coalition"),
        organization=data["organization"],
        consented_on=date.fromisoformat(data["consented_on"]),
    )


def _listed(actions: object) -> list[Any]:
    if not isinstance(actions, list):
        raise TypeError("actions: must be a list in square brackets")
    return actions


def _numbered(number: int, action: Any) -> Item:
    """Read one action; a mistake says which one it is in."""
    try:
        return _item(action)
    except KeyError as error:
        raise ValueError(f"actions, number {number}: {error} is missing") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"actions, number {number}: {error}") from error


def _sections(items: list[Item], reader: Place) -> tuple[Section, ...]:
    changed = (ItemKind.CHANGED, ItemKind.CANCELLED)
    by_kind: dict[SectionKind, list[Item]] = {kind: [] for kind in SectionKind}
    for item in items:
        if item.kind in changed:
            by_kind[SectionKind.CHANGES].append(item)
        if item.kind is not ItemKind.CANCELLED:
            by_kind[_where(item, reader)].append(item)
    return tuple(
        Section(kind=kind, items=tuple(found))
        for kind, found in by_kind.items()
        if found
    )


def _where(item: Item, reader: Place) -> SectionKind:
    if item.distance_km is not None and item.distance_km <= _NEAR_KM:
        return SectionKind.NEAR
    if item.facts.place.region == reader.region:
        return SectionKind.REGION
    return SectionKind.COUNTRY


def _item(action: Mapping[str, Any]) -> Item:
    kind = ItemKind(action.get("kind", "coming"))
    facts = _facts(action, kind)
    before = None
    if "was_day" in action:
        before = replace(facts, start_date=date.fromisoformat(action["was_day"]))
    return Item(
        action_id=action["id"],
        public_id=f"sample-{action['id']}",
        version=1,
        kind=kind,
        facts=facts,
        before=before,
        distance_km=action.get("km"),
    )


def _facts(action: Mapping[str, Any], kind: ItemKind) -> Facts:
    off = kind is ItemKind.CANCELLED
    return Facts(
        start_date=date.fromisoformat(action["day"]),
        start_time=time.fromisoformat(action["time"]) if "time" in action else None,
        time_zone=action["zone"],
        place=_place(action),
        venue=action.get("venue"),
        address=action.get("address"),
        target=action.get("target"),
        note=action.get("note"),
        language=action.get("language"),
        status=ActionStatus.CANCELLED if off else ActionStatus.CONFIRMED,
        sponsors=tuple(Sponsor(name=name) for name in action["sponsors"]),
    )


def _place(data: Mapping[str, Any]) -> Place:
    latitude, longitude = data["at"]
    return Place(
        label=data.get("label", f"{data['city']}, {data['state']}"),
        locality=data["city"],
        region=data["state"],
        latitude=latitude,
        longitude=longitude,
        time_zone=data["zone"],
    )
