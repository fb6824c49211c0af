"""Every condition of a rule that is no combination of others, and where it stands."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from mailer.core.errors import InputError
from mailer.core.model import Place
from mailer.core.rule.nodes import AllOf, AnyOf, Condition, Leaf, Near, Not, Rule
from mailer.core.saying import says


def leaves(rule: Rule) -> Iterator[tuple[str, Leaf]]:
    """Yield each with its JSON path: "include[0].all[1]"."""
    for name, conditions in (("include", rule.include), ("exclude", rule.exclude)):
        yield from _among(name, conditions)


def _among(path: str, conditions: Sequence[Condition]) -> Iterator[tuple[str, Leaf]]:
    for index, condition in enumerate(conditions):
        yield from _below(f"{path}[{index}]", condition)


def _below(path: str, condition: Condition) -> Iterator[tuple[str, Leaf]]:
    match condition:
        case AllOf(of=parts):
            yield from _among(f"{path}.all", parts)
        case AnyOf(of=parts):
            yield from _among(f"{path}.any", parts)
        case Not(of=part):
            yield from _below(f"{path}.not", part)
        case leaf:
            yield path, leaf


def located(rule: Rule, find: Callable[[str], Place]) -> Rule:
    """Return the rule with the coordinates of every place that has none yet.

    `find` looks a place up by its words. What is approved is thus a point on the map
    and not a name that may come to mean another one. Raises InputError for a place
    that is not found.
    """
    found: dict[str, Place] = {}
    for path, leaf in leaves(rule):
        if not isinstance(leaf, Near) or leaf.latitude is not None:
            continue
        if leaf.place not in found:
            found[leaf.place] = find(leaf.place)
        place = found[leaf.place]
        if place.latitude is None or place.longitude is None:
            raise InputError(
                says(
                    '%(path)s.near.place: "%(place)s" is not found; write it as "San'
                    ' Diego, CA", or add its latitude and longitude',
                    path=path,
                    place=leaf.place,
                )
            )
    return Rule(
        include=tuple(_located(each, found) for each in rule.include),
        exclude=tuple(_located(each, found) for each in rule.exclude),
    )


def _located(condition: Condition, found: Mapping[str, Place]) -> Condition:
    match condition:
        case AllOf(of=parts):
            return AllOf(of=tuple(_located(part, found) for part in parts))
        case AnyOf(of=parts):
            return AnyOf(of=tuple(_located(part, found) for part in parts))
        case Not(of=part):
            return Not(of=_located(part, found))
        case Near(latitude=None) as near:
            place = found[near.place]
            return replace(
                near,
                place=place.label,
                latitude=round(place.latitude or 0.0, 5),
                longitude=round(place.longitude or 0.0, 5),
            )
    return condition
