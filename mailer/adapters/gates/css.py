"""Style sheets and style attributes, read as CSS Syntax Level 3 has it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import tinycss2

from mailer.adapters.gates.message import Element

Token = Any  # tinycss2 has no types of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One property with its value; the name is in lower case."""

    name: str
    tokens: tuple[Token, ...]
    important: bool

    @property
    def value(self) -> str:
        """The value as it is written."""
        return str(tinycss2.serialize(self.tokens)).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Selectors with what they declare; `media` is the query around it, if any."""

    media: str | None
    selectors: str
    declarations: tuple[Declaration, ...]
    line: int  # within the style element


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRule:
    """A rule with @, as "media"; `within` is the one around it, if any."""

    name: str
    prelude: str
    within: str | None
    line: int


@lru_cache(maxsize=2048)
def declarations(style: str) -> tuple[Declaration, ...]:
    """Read a style attribute."""
    return _declared(tinycss2.parse_blocks_contents(style, skip_whitespace=True))


@lru_cache(maxsize=64)
def sheet(css: str) -> tuple[tuple[Rule, ...], tuple[AtRule, ...]]:
    """Read a style element: its rules, and its rules with @."""
    found = list(_walk(css, None))
    return (
        tuple(one for one in found if isinstance(one, Rule)),
        tuple(one for one in found if isinstance(one, AtRule)),
    )


def sheets(page: Element) -> Iterator[tuple[Element, str]]:
    """Yield the style elements with what stands in them; not Outlook's comments."""
    for style in page.iter("style"):
        yield style, style.text_content()


def styled(page: Element) -> Iterator[tuple[Element, tuple[Declaration, ...]]]:
    """Yield each element that has a style attribute, with what that declares."""
    for element in page.xpath("//*[@style]"):
        yield element, declarations(element.get("style"))


def _walk(css: str | list[Token], within: str | None) -> Iterator[Rule | AtRule]:
    media = within if within != "" else None
    parsed = tinycss2.parse_rule_list(css, skip_comments=True, skip_whitespace=True)
    for node in parsed:
        if node.type == "qualified-rule":
            inner = tinycss2.parse_blocks_contents(node.content)
            yield Rule(
                media=media,
                selectors=tinycss2.serialize(node.prelude).strip(),
                declarations=_declared(inner),
                line=node.source_line,
            )
        elif node.type == "at-rule":
            prelude = tinycss2.serialize(node.prelude).strip()
            name = node.lower_at_keyword
            yield AtRule(
                name=name, prelude=prelude, within=within, line=node.source_line
            )
            if node.content is not None:
                yield from _walk(node.content, f"@{name} {prelude}".strip())


def _declared(nodes: list[Token]) -> tuple[Declaration, ...]:
    return tuple(
        Declaration(
            name=node.lower_name, tokens=tuple(node.value), important=node.important
        )
        for node in nodes
        if node.type == "declaration"
    )
