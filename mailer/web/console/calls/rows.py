"""An audience as rows of a form: a rule for those who write no JSON.

Rows stand under each other, joined by "or" and "and"; "and" binds closer. What rows
cannot say is left to JSON: `of_rule` returns None for it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mailer.core.rule import (
    AllOf,
    Condition,
    Got,
    InRegion,
    Near,
    OnList,
    Reads,
    Rule,
    Seated,
    Tagged,
    dump,
    read,
)
from mailer.core.rule.reading import REGION
from mailer.core.states import STATES

_SEPARATOR = ";"


class Kind(StrEnum):
    """What a row says of somebody."""

    REGION = "region"
    NEAR = "near"
    ORGANIZATION = "organization"
    ORGANIZATION_KIND = "kind"
    ENDORSES = "endorses"
    ROLE = "role"
    LANGUAGE = "language"
    SPONSORS = "sponsors"
    GOT = "got"
    TAG = "tag"
    LIST = "list"


class Join(StrEnum):
    """How a row goes with the one above it."""

    OR = "or"
    AND = "and"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One condition as it is typed; without kind and value it says nothing."""

    join: Join = Join.OR
    kind: Kind | None = None
    value: str = ""
    km: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nobody has filled it in."""
        return self.kind is None and not self.value.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a row means where nothing is typed."""

    list_slug: str
    action: str | None  # public id of the one that is called to


class RowError(Exception):
    """A row that cannot be meant like this; `index` is its place among all.

    `state` is what was taken for the name of a state, and is none.
    """

    def __init__(self, index: int, state: str = "") -> None:
        super().__init__(index)
        self.index, self.state = index, state


def to_data(
    include: Sequence[Row], exclude: Sequence[Row], context: Context
) -> Mapping[str, Any]:
    """Return the rule as JSON has it; raises RowError with a row's index."""
    data = {"include": _grouped(include, context)}
    if out := _grouped(exclude, context):
        data["exclude"] = out
    return data


def _grouped(rows: Sequence[Row], context: Context) -> list[Any]:
    groups: list[list[Any]] = []
    for index, row in enumerate(rows):
        if row.is_empty:
            continue
        said = _condition(row, index, context)
        if row.join is Join.AND and groups:
            groups[-1].append(said)
        else:
            groups.append([said])
    return [one[0] if len(one) == 1 else {"all": one} for one in groups]


def _condition(row: Row, index: int, context: Context) -> Mapping[str, Any]:
    values = [part.strip() for part in row.value.split(_SEPARATOR) if part.strip()]
    if row.kind is None:
        raise RowError(index)
    if row.kind is Kind.NEAR:
        if len(values) != 1 or not (row.km.isascii() and row.km.isdigit()):
            raise RowError(index)
        return {"near": {"place": values[0], "km": int(row.km[:6])}}
    if not values:
        values = [one for one in (_otherwise(row.kind, context),) if one]
    if not values:
        raise RowError(index)
    if row.kind is Kind.REGION:
        for value in values:
            if not _is_region(_region(value)):
                raise RowError(index, value)
    read_as = _READ.get(row.kind, str)
    return {row.kind.value: [read_as(value) for value in values]}


def _otherwise(kind: Kind, context: Context) -> str | None:
    if kind is Kind.LIST:
        return context.list_slug
    return context.action if kind is Kind.SPONSORS else None


def _region(words: str) -> str:
    folded = words.casefold()
    for code, name in STATES.items():
        if folded in (code.casefold(), name.casefold()):
            return f"us-{code.lower()}"
    return folded


def _is_region(slug: str) -> bool:
    """Whether it is a state of ours, or looks like another country's region."""
    country, _, code = slug.partition("-")
    if country == "us":
        return code.upper() in STATES
    return bool(REGION.fullmatch(slug))


def _numbered(words: str) -> str | int:
    digits = words.removeprefix("№").strip()
    short = words.startswith("№") and digits.isascii() and len(digits) < _MOST_DIGITS
    return int(digits) if short and digits.isdigit() else words


def _named(names: Mapping[str, str]) -> Callable[[str], str]:
    return lambda words: names.get(words.casefold(), words.casefold())


_MOST_DIGITS = 18
_READ: Mapping[Kind, Callable[[str], str | int]] = {
    Kind.REGION: _region,
    Kind.ORGANIZATION: _numbered,
    Kind.LANGUAGE: _named(
        {
            "english": "en",
            "inglés": "en",
            "spanish": "es",
            "español": "es",
            "castellano": "es",
        }
    ),
    Kind.ROLE: _named(
        {
            "principal": "primary",
            "primary contact": "primary",
            "comunicación": "comms",
            "communications": "comms",
        }
    ),
}


def of_rule(rule: Rule) -> tuple[Sequence[Row], Sequence[Row]] | None:
    """Return a rule as rows; None: rows cannot say it, and JSON must.

    Points on the map are left to be found by their names again.
    """
    try:
        include = [*_rows(rule.include)]
        exclude = [*_rows(rule.exclude)]
        said = to_data(include, exclude, Context(list_slug="", action=None))
    except (_UnsayableError, RowError):
        return None
    if dump(_bare(read(said))) != dump(_bare(rule)):
        return None
    return include, exclude


class _UnsayableError(Exception):
    """No row says this."""


def _bare(rule: Rule) -> Rule:
    """Return a rule without points: they are those of the places' names."""
    return Rule(
        include=tuple(_nameless(each) for each in rule.include),
        exclude=tuple(_nameless(each) for each in rule.exclude),
    )


def _nameless(condition: Condition) -> Condition:
    match condition:
        case AllOf(of=parts):
            return AllOf(of=tuple(_nameless(part) for part in parts))
        case Near(place=place, km=km):
            return Near(place=place, km=km)
    return condition


def _rows(conditions: Sequence[Condition]) -> Iterator[Row]:
    for condition in conditions:
        parts = condition.of if isinstance(condition, AllOf) else (condition,)
        for index, part in enumerate(parts):
            yield _row(part, Join.AND if index else Join.OR)


def _row(condition: Condition, join: Join) -> Row:  # noqa: PLR0911 - one per kind
    match condition:
        case Near(place=place, km=km):
            return Row(join=join, kind=Kind.NEAR, value=place, km=str(km))
        case InRegion(regions=slugs):
            return _listed(join, Kind.REGION, [_state(slug) for slug in slugs])
        case Reads(languages=codes):
            return _listed(join, Kind.LANGUAGE, codes)
        case OnList(lists=lists):
            return _listed(join, Kind.LIST, lists)
        case Got(mailings=mailings):
            return _listed(join, Kind.GOT, mailings)
        case Tagged(tags=tags):
            return _listed(join, Kind.TAG, tags)
        case Seated():
            return _seat(condition, join)
    raise _UnsayableError


def _seat(seat: Seated, join: Join) -> Row:
    numbered = [f"№ {v}" if isinstance(v, int) else v for v in seat.organizations]
    said = [
        (kind, values)
        for kind, values in (
            (Kind.ORGANIZATION, numbered),
            (Kind.ORGANIZATION_KIND, seat.kinds),
            (Kind.ROLE, seat.roles),
            (Kind.ENDORSES, seat.endorses),
            (Kind.SPONSORS, seat.sponsors),
        )
        if values
    ]
    if len(said) != 1:
        raise _UnsayableError
    return _listed(join, *said[0])


def _listed(join: Join, kind: Kind, values: Sequence[object]) -> Row:
    return Row(join=join, kind=kind, value=f"{_SEPARATOR} ".join(map(str, values)))


def _state(slug: str) -> str:
    country, _, code = slug.partition("-")
    return STATES.get(code.upper(), slug) if country == "us" else slug
