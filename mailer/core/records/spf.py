"""SPF records (RFC 7208): what one says, and what of it costs a question."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailer.core.saying import says

MOST_LOOKUPS = 10  # RFC 7208 §4.6.4
MOST_VOID = 2  # RFC 7208 §4.6.4: questions that nothing answers
_TERM = re.compile(
    r"(?P<qualifier>[-+?~])?(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)"
    # Each % is read in one way only: else a hostile record takes years.
    r"(?::(?P<value>(?:%\{[^{}\s]*\}|%(?!\{)|[^\s/%])*))?"
    r"(?P<length>(?:/[0-9]{1,3})?(?://[0-9]{1,3})?)",
    re.IGNORECASE,
)
_MODIFIER = re.compile(r"(?P<name>[A-Za-z][\w.-]*)=(?P<value>\S*)", re.ASCII)
_ASKS = {"include", "a", "mx", "ptr", "exists"}
_NEEDS_VALUE = {"include", "exists", "ip4", "ip6"}
_MACRO = re.compile(r"%(?:\{[^{}]*\}|[%_-])")
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One mechanism, or the modifier `redirect`."""

    text: str
    name: str
    value: str = ""
    qualifier: str = "+"

    @property
    def asks(self) -> bool:
        """Return whether a receiver must ask DNS for it (RFC 7208 §4.6.4)."""
        return self.name in _ASKS or self.name == "redirect"

    @property
    def is_fixed(self) -> bool:
        """Return whether it names the same for every mail: no macro in it."""
        return not _MACRO.search(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spf:
    """One record; with a fault, every check of it ends in permerror."""

    text: str
    terms: tuple[Term, ...]
    fault: str | None = None

    @property
    def end(self) -> Term | None:
        """Return what decides about everybody else: `all`, else `redirect`."""
        for name in ("all", "redirect"):
            for term in self.terms:
                if term.name == name:
                    return term
        return None

    @property
    def followed(self) -> Iterator[Term]:
        """Yield the terms that a receiver may have to ask for, in order.

        What stands behind `all` is never looked at, and `redirect` only without it.
        """
        has_all = False
        for term in self.terms:
            if term.name == "all":
                has_all = True
            elif term.asks and term.name != "redirect" and not has_all:
                yield term
        for term in self.terms:
            if term.name == "redirect" and not has_all:
                yield term


def looks_so(text: str) -> bool:
    """Return whether a TXT record is an SPF record (RFC 7208 §4.5)."""
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


def parse(text: str) -> Spf:
    """Read a record that `looks_so`."""
    terms: list[Term] = []
    modifiers: set[str] = set()
    for word in text.split(" ")[1:]:
        if not word:
            continue
        term = _term(word)
        if isinstance(term, str):
            return Spf(text=text, terms=tuple(terms), fault=term)
        if term.name in {"redirect", "exp"}:
            if term.name in modifiers:
                fault = says("%(name)s= stands twice", name=term.name)
                return Spf(text=text, terms=tuple(terms), fault=fault)
            modifiers.add(term.name)
        terms.append(term)
    return Spf(text=text, terms=tuple(terms))


def _term(word: str) -> Term | str:
    """Return one term, or what is wrong with it."""
    if modifier := _MODIFIER.fullmatch(word):
        name, value = modifier["name"].lower(), modifier["value"]
        if name in {"redirect", "exp"} and not _is_name(value):
            return says('"%(word)s" names no domain', word=word)
        return Term(text=word, name=name, value=value.rstrip("."))
    match = _TERM.fullmatch(word)
    if not match:
        return says('"%(word)s" is nothing that SPF knows', word=word)
    name, value, length = match["name"].lower(), match["value"], match["length"]
    if fault := _fault(word, name, value, length):
        return fault
    return Term(
        text=word,
        name=name,
        value=(value or "").rstrip("."),
        qualifier=match["qualifier"] or "+",
    )


def _fault(word: str, name: str, value: str | None, length: str) -> str | None:
    """Return what is wrong with a mechanism; value None: it has no colon."""
    if value == "" or (name in _NEEDS_VALUE and not value):
        return says('"%(word)s" names nothing', word=word)
    if name in {"ip4", "ip6"}:
        if _is_network(name, f"{value}{length}"):
            return None
        return says('"%(word)s" is no address', word=word)
    if length and name not in {"a", "mx"}:
        return says('"%(word)s" takes no length', word=word)
    if value and (name == "all" or not _is_name(value)):
        return says('"%(word)s" names no domain', word=word)
    return None


def _is_name(value: str) -> bool:
    plain = _MACRO.sub("m", value)
    return bool(_NAME.fullmatch(plain)) and ".." not in plain


def _is_network(name: str, value: str) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return network.version == (4 if name == "ip4" else 6)


def with_include(record: Spf | None, domain: str) -> str:
    """Return the record to publish so that this domain's servers may send as well."""
    word = f"include:{domain}"
    if record is None or record.fault:
        return f"v=spf1 {word} ~all"
    words = record.text.split()
    return " ".join((words[0], word, *words[1:]))
