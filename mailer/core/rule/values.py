"""Values within a rule: read, or refused with their path and the way out."""

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NoReturn, TypeVar

from mailer.core.errors import InputError
from mailer.core.saying import says

MOST_VALUES = 200  # of one condition
LONGEST_TEXT = 300  # characters: as organizations' names
GREATEST = 2**63 - 1  # what the database can number
_SHOWN = 60  # characters
_LONGEST_NUMBER = 200  # bits; of much longer ones Python writes no decimals
_Value = TypeVar("_Value", bound=Hashable)


class Values:
    """Reads the values of one rule, which errors call by a name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def fail(self, path: str, hint: str) -> NoReturn:
        """Raise InputError for what stands at a path."""
        raise InputError(
            says("%(name)s: %(path)s: %(hint)s", name=self.name, path=path, hint=hint)
        )

    def object(
        self, path: str, value: Any, *, needed: Sequence[str], more: Sequence[str]
    ) -> dict[str, Any]:
        """Return an object with these keys and no others."""
        known = (*needed, *more)
        if not isinstance(value, dict):
            self.fail(path, says("must be an object with %(known)s", known=known))
        for key in value:
            if key not in known:
                hint = says("is not known here; known are %(known)s", known=known)
                self.fail(f"{path}.{bare(key)}", hint)
        for key in needed:
            if key not in value:
                self.fail(f"{path}.{key}", says("is missing"))
        return value

    def listed(self, path: str, value: Any, *, most: int) -> list[Any]:
        """Return several values, or the one that stands without a list."""
        values = value if isinstance(value, list) else [value]
        if not values:
            self.fail(
                path, says("is empty; name at least one, or take the condition out")
            )
        if len(values) > most:
            if most == 1:
                hint = says(
                    "holds %(count)s values; one is the most", count=len(values)
                )
                self.fail(path, hint)
            hint = says(
                "holds %(count)s values; %(most)s are the most",
                count=len(values),
                most=most,
            )
            self.fail(path, hint)
        return values

    def texts(
        self,
        path: str,
        value: Any,
        *,
        limit: int,
        most: int = MOST_VALUES,
        made: Callable[[str], str] = str,
    ) -> tuple[str, ...]:
        """Return texts, as `made` writes them, each once."""
        listed = self.listed(path, value, most=most)
        return once(made(self.text(path, each, limit)) for each in listed)

    def text(self, path: str, value: Any, limit: int) -> str:
        """Return text on one line."""
        if not isinstance(value, str) or not value.strip():
            self.fail(
                path, says("must be text in quotes, not %(value)s", value=shown(value))
            )
        line = " ".join(value.split())
        if not line.isprintable():
            self.fail(path, says("contains a control character; delete and retype it"))
        if len(line) > limit:
            hint = says(
                "%(value)s is longer than %(most)s characters",
                value=shown(line),
                most=str(limit),
            )
            self.fail(path, hint)
        return line

    def named(self, path: str, value: Any, *, limit: int) -> tuple[str | int, ...]:
        """Return names and numbers, mixed as they come."""
        listed = self.listed(path, value, most=MOST_VALUES)
        return tuple(
            dict.fromkeys(
                self.number(path, each, most=GREATEST)
                if isinstance(each, int)
                else self.text(path, each, limit)
                for each in listed
            )
        )

    def choices(self, path: str, value: Any, allowed: Sequence[str]) -> tuple[str, ...]:
        """Return some of the allowed words."""
        chosen = self.texts(path, value, limit=LONGEST_TEXT)
        for each in chosen:
            if each not in allowed:
                hint = says(
                    "%(value)s is none of %(known)s",
                    value=shown(each),
                    known=tuple(allowed),
                )
                self.fail(path, hint)
        return chosen

    def matching(
        self,
        path: str,
        value: Any,
        form: re.Pattern[str],
        shape: str,
        *,
        most: int = MOST_VALUES,
    ) -> tuple[str, ...]:
        """Return texts of one form."""
        texts = self.texts(path, value, limit=LONGEST_TEXT, most=most)
        for each in texts:
            if not form.fullmatch(each):
                hint = says(
                    "%(value)s cannot be it; write %(shape)s",
                    value=shown(each),
                    shape=shape,
                )
                self.fail(path, hint)
        return texts

    def number(self, path: str, value: Any, *, most: int) -> int:
        """Return a whole number from 1."""
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail(
                path, says("must be a whole number, not %(value)s", value=shown(value))
            )
        if not 1 <= value <= most:
            hint = says(
                "must be from 1 to %(most)s, not %(value)s",
                most=str(most),
                value=shown(value),
            )
            self.fail(path, hint)
        return value

    def degrees(self, path: str, value: Any, *, most: int) -> float:
        """Return degrees from -most to most."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            hint = says(
                "must be a number of degrees, not %(value)s", value=shown(value)
            )
            self.fail(path, hint)
        if not -most <= value <= most:
            self.fail(
                path, says("must be from -%(most)s to %(most)s degrees", most=str(most))
            )
        return float(value) + 0.0  # the zero below zero is zero


def once(values: Iterable[_Value]) -> tuple[_Value, ...]:
    """Return values in their order, each once."""
    return tuple(dict.fromkeys(values))


def shown(value: object) -> str:
    """Return a value as an error shows it: short, and never an address."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return says("an object") if isinstance(value, dict) else says("a list")
    if isinstance(value, int) and value.bit_length() > _LONGEST_NUMBER:
        return says("so large a number")
    words = str(value)
    if "@" in words:
        return says("an address")
    return f'"{words}"' if len(words) <= _SHOWN else f'"{words[:_SHOWN]}…"'


def bare(key: str) -> str:
    """Return a key as a path shows it."""
    return shown(key).strip('"')
