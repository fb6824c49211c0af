"""JSON → a rule; a mistake is told with its path in the file and the way out."""

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, NoReturn

from mailer.core.errors import InputError
from mailer.core.lists import SLUG
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
from mailer.core.rule.values import (
    GREATEST,
    LONGEST_TEXT,
    Values,
    bare,
    once,
    shown,
)
from mailer.core.saying import says
from mailer.core.seats import ROLES
from mailer.core.tables import LANGUAGES
from mailer.core.tags import LONGEST_KIND, LONGEST_TAG, word

LONGEST = 200_000  # characters of JSON
DEEPEST = 8  # combinations within combinations
MOST_CONDITIONS = 100  # in the whole rule
MOST_NUMBERS = 10_000  # subscribers of one condition
FARTHEST = 20_000  # km: half way round the earth
REGION = re.compile(r"[a-z]{2}-[a-z0-9]+(?:-[a-z0-9]+)*")
_PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{1,24}")
_MAILING = re.compile(rf"{SLUG.pattern}/[^\s/]{{1,60}}")
_SLUG = 80  # characters of calls' slugs


def parse(text: str, *, name: str = "rule") -> Rule:
    """Read a rule from JSON; raises InputError with `name`, the path and the way out."""
    if len(text) > LONGEST:
        raise InputError(
            says(
                "%(name)s: is longer than %(most)s characters; name lists, tags or"
                " mailings instead of single subscribers",
                name=name,
                most=LONGEST,
            )
        )
    try:
        value = json.loads(
            text, object_pairs_hook=_unique(name), parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        raise InputError(
            says(
                "%(name)s: is no JSON: line %(line)s, column %(column)s: %(why)s",
                name=name,
                line=str(error.lineno),
                column=str(error.colno),
                why=_mistaken(error.msg),
            )
        ) from None
    except RecursionError:
        raise InputError(
            says(
                "%(name)s: is nested too deeply; %(most)s levels are the most",
                name=name,
                most=DEEPEST,
            )
        ) from None
    except ValueError as error:
        raise InputError(
            says(
                "%(name)s: holds a number that cannot be meant: %(number)s",
                name=name,
                number=str(error),
            )
        ) from None
    return read(value, name=name)


def read(value: Any, *, name: str = "rule") -> Rule:
    """Read a rule from what JSON holds; raises InputError as `parse` does."""
    return _Reading(name).rule(value)


def _unique(name: str) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    """Return what refuses a key that stands twice: JSON would take the last one."""

    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            often = Counter(key for key, _ in pairs)
            twice = next(key for key, times in often.items() if times > 1)
            raise InputError(
                says(
                    "%(name)s: %(key)s stands twice in one object; put both conditions"
                    ' into a list: "any" or "all"',
                    name=name,
                    key=shown(twice),
                )
            )
        return found

    return check


def _mistaken(words: str) -> str:
    """Return what Python says of JSON that is none, as a Saying where it is known."""
    lower = words[:1].lower() + words[1:]
    return _MISTAKES.get(lower, lower)


_MISTAKES = {
    str(each): each
    for each in (
        says("expecting value"),
        says("expecting ',' delimiter"),
        says("expecting ':' delimiter"),
        says("expecting property name enclosed in double quotes"),
        says("extra data"),
        says("illegal trailing comma before end of object"),
        says("illegal trailing comma before end of array"),
        says("unterminated string starting at"),
        says("invalid control character at"),
        says("invalid \\escape"),
        says("invalid \\uXXXX escape"),
    )
}


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(constant)


class _Reading(Values):
    """Reads one rule; counts its conditions."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._conditions = 0
        self._leaves: dict[str, Callable[[str, Any], Condition]] = {
            "region": self._region,
            "near": self._near,
            "seat": self._seat,
            **dict.fromkeys(_SEAT, self._one_of_a_seat),
            "language": self._language,
            "list": self._list,
            "got": self._got,
            "knows": self._knows,
            "tag": self._tag,
            "subscriber": self._subscriber,
        }

    def rule(self, value: Any) -> Rule:
        if not isinstance(value, dict):
            raise InputError(
                says(
                    "%(name)s: must be an object such as %(example)s",
                    name=self.name,
                    example='{"include": [{"region": "us-ca"}]}',
                )
            )
        for key in value:
            if key not in ("include", "exclude"):
                self.fail(
                    bare(key),
                    says('is not known here; known are "include" and "exclude"'),
                )
        if "include" not in value:
            self.fail(
                "include",
                says("is missing; say who is meant, or write an empty list for nobody"),
            )
        return Rule(
            include=self._conditions_of("include", value["include"], 0, least=0),
            exclude=self._conditions_of(
                "exclude", value.get("exclude", []), 0, least=0
            ),
        )

    # --- combinations

    def _conditions_of(
        self, path: str, value: Any, depth: int, *, least: int
    ) -> tuple[Condition, ...]:
        if not isinstance(value, list):
            hint = says(
                "must be a list of conditions, not %(value)s", value=shown(value)
            )
            self.fail(path, hint)
        if len(value) < least:
            self.fail(path, says("is empty; put a condition in, or take it out"))
        return tuple(
            self._condition(f"{path}[{index}]", each, depth)
            for index, each in enumerate(value)
        )

    def _condition(self, path: str, value: Any, depth: int) -> Condition:
        self._count(path)
        if not isinstance(value, dict) or len(value) != 1:
            self.fail(
                path,
                says(
                    'must be an object with one key, such as {"region": "us-ca"};'
                    ' several conditions go into {"all": […]} or {"any": […]}'
                ),
            )
        (key, said), *_ = value.items()
        if key in ("all", "any", "not") and depth == DEEPEST:
            hint = says(
                "is nested too deeply; %(most)s levels are the most", most=DEEPEST
            )
            self.fail(path, hint)
        if key == "not":
            return Not(of=self._condition(f"{path}.not", said, depth + 1))
        if key in ("all", "any"):
            of = self._conditions_of(f"{path}.{key}", said, depth + 1, least=1)
            return AllOf(of=of) if key == "all" else AnyOf(of=of)
        if key not in self._leaves:
            known = ("all", "any", "not", *self._leaves)
            hint = says("is not known here; known are %(known)s", known=known)
            self.fail(f"{path}.{bare(key)}", hint)
        return self._leaves[key](f"{path}.{key}", said)

    def _count(self, path: str) -> None:
        self._conditions += 1
        if self._conditions > MOST_CONDITIONS:
            self.fail(
                path,
                says(
                    "is one condition too many; %(most)s are the most, and one may hold"
                    ' several values: {"region": ["us-ca", "us-nv"]}',
                    most=MOST_CONDITIONS,
                ),
            )

    # --- conditions

    def _region(self, path: str, value: Any) -> Condition:
        slugs = self.texts(path, value, limit=_SLUG, made=str.casefold)
        for slug in slugs:
            if not REGION.fullmatch(slug):
                hint = says(
                    '%(value)s is no region; write it as "us-ca"', value=shown(slug)
                )
                self.fail(path, hint)
        return InRegion(regions=slugs)

    def _near(self, path: str, value: Any) -> Condition:
        said = self.object(
            path, value, needed=("place", "km"), more=("latitude", "longitude")
        )
        (place,) = self.texts(f"{path}.place", said["place"], limit=200, most=1)
        if ("latitude" in said) != ("longitude" in said):
            self.fail(
                path,
                says("has one coordinate; give latitude and longitude, or none"),
            )
        return Near(
            place=place,
            km=self.number(f"{path}.km", said["km"], most=FARTHEST),
            **{
                name: self.degrees(f"{path}.{name}", said[name], most=most)
                for name, most in (("latitude", 90), ("longitude", 180))
                if name in said
            },
        )

    def _seat(self, path: str, value: Any) -> Condition:
        said = self.object(path, value, needed=(), more=_SEAT)
        if not said:
            hint = says("is empty; say one or more of %(known)s", known=_SEAT)
            self.fail(path, hint)
        parts = {key: self._of_a_seat(f"{path}.{key}", key, said[key]) for key in said}
        return _seated(parts)

    def _one_of_a_seat(self, path: str, value: Any) -> Condition:
        key = path.rpartition(".")[2]
        return _seated({key: self._of_a_seat(path, key, value)})

    def _of_a_seat(self, path: str, key: str, value: Any) -> tuple[str | int, ...]:
        if key == "organization":
            return self.named(path, value, limit=LONGEST_TEXT)
        if key == "kind":
            return self.texts(path, value, limit=LONGEST_KIND, made=word)
        if key == "role":
            return self.choices(path, value, ROLES)
        if key == "endorses":
            return self.texts(path, value, limit=_SLUG)
        return self.matching(path, value, _PUBLIC_ID, says("the ID of mailer actions"))

    def _language(self, path: str, value: Any) -> Condition:
        return Reads(languages=self.choices(path, value, LANGUAGES))

    def _list(self, path: str, value: Any) -> Condition:
        lists = self.named(path, value, limit=40)
        for slug in lists:
            if isinstance(slug, str) and not SLUG.fullmatch(slug):
                hint = says(
                    "%(value)s is no list; mailer lists shows them", value=shown(slug)
                )
                self.fail(path, hint)
        return OnList(lists=lists)

    def _got(self, path: str, value: Any) -> Condition:
        shape = says("LIST/EDITION as mailer status shows it")
        return Got(mailings=self.matching(path, value, _MAILING, shape))

    def _knows(self, path: str, value: Any) -> Condition:
        said = self.object(path, value, needed=("action",), more=("version",))
        (action,) = self.matching(
            f"{path}.action",
            said["action"],
            _PUBLIC_ID,
            says("the ID of mailer actions"),
            most=1,
        )
        version = None
        if "version" in said:
            version = self.number(f"{path}.version", said["version"], most=2**31 - 1)
        return Knows(action=action, version=version)

    def _tag(self, path: str, value: Any) -> Condition:
        return Tagged(tags=self.texts(path, value, limit=LONGEST_TAG, made=word))

    def _subscriber(self, path: str, value: Any) -> Condition:
        listed = self.listed(path, value, most=MOST_NUMBERS)
        numbers = (self.number(path, each, most=GREATEST) for each in listed)
        return Numbered(subscribers=once(numbers))


_SEAT = ("organization", "kind", "role", "endorses", "sponsors")


def _seated(parts: dict[str, Any]) -> Seated:
    return Seated(
        organizations=parts.get("organization", ()),
        kinds=parts.get("kind", ()),
        roles=parts.get("role", ()),
        endorses=parts.get("endorses", ()),
        sponsors=parts.get("sponsors", ()),
    )
