"""A rule written as JSON in one way only, so that equal rules are equal bytes."""

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from mailer.core.rule.nodes import (
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


def dump(rule: Rule) -> str:
    """Write a rule: keys, values and conditions sorted, nothing twice, no white space."""
    return _json(
        {"include": _sorted(rule.include), "exclude": _sorted(rule.exclude)}
        if rule.exclude
        else {"include": _sorted(rule.include)}
    )


def fingerprint(rule: Rule) -> bytes:
    """Return what stands for a rule in an approval: 32 octets of SHA-256."""
    return sha256(dump(rule).encode()).digest()


def seat(seated: Seated) -> dict[str, Any]:
    """Return what is said of a seat under the keys of JSON, in their order."""
    said = {
        "organization": seated.organizations,
        "kind": seated.kinds,
        "role": seated.roles,
        "endorses": seated.endorses,
        "sponsors": seated.sponsors,
    }
    return {key: _values(values) for key, values in said.items() if values}


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _sorted(conditions: Iterable[Condition]) -> list[Any]:
    written = {_json(value): value for value in map(_written, conditions)}
    return [written[key] for key in sorted(written)]


def _values(values: Sequence[str | int]) -> Any:
    """Return one value as itself, several in order: numbers first, then words."""
    unique = sorted(set(values), key=lambda v: (isinstance(v, str), v))
    return unique[0] if len(unique) == 1 else unique


def _written(condition: Condition) -> dict[str, Any]:  # noqa: C901, PLR0911 - one per kind
    match condition:
        case AllOf(of=parts):
            return {"all": _sorted(parts)}
        case AnyOf(of=parts):
            return {"any": _sorted(parts)}
        case Not(of=part):
            return {"not": _written(part)}
        case InRegion(regions=regions):
            return {"region": _values(regions)}
        case Near():
            return {"near": _near(condition)}
        case Seated():
            said = seat(condition)
            return said if len(said) == 1 else {"seat": said}
        case Reads(languages=languages):
            return {"language": _values(languages)}
        case OnList(lists=lists):
            return {"list": _values(lists)}
        case Got(mailings=mailings):
            return {"got": _values(mailings)}
        case Knows(action=action, version=version):
            told = {"action": action, "version": version}
            return {"knows": {k: v for k, v in told.items() if v is not None}}
        case Tagged(tags=tags):
            return {"tag": _values(tags)}
        case Numbered(subscribers=subscribers):
            return {"subscriber": _values(subscribers)}


def _near(near: Near) -> dict[str, Any]:
    point = {"latitude": near.latitude, "longitude": near.longitude}
    known = {key: float(value) for key, value in point.items() if value is not None}
    return {"place": near.place, "km": near.km, **known}
