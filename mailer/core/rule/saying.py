"""A rule in words, as a person approves it and the audit keeps it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mailer.core.rule.nodes import (
    AllOf,
    AnyOf,
    Condition,
    Got,
    InRegion,
    Knows,
    Leaf,
    Near,
    Not,
    Numbered,
    OnList,
    Reads,
    Rule,
    Seated,
    Tagged,
)

_MOST_NAMED = 12  # values of one condition that are said one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """How one language says it; every condition can be said after "not"."""

    nobody: str
    people: str
    without: str
    negated: str
    also: str
    either: str
    more: str
    region: str
    near: str
    seat: str
    roles: str
    organizations: str
    kinds: str
    endorses: str
    sponsors: str
    reads: str
    on_list: str
    got: str
    told: str
    told_version: str
    tagged: str
    numbered: str
    quoted: str
    named: Mapping[str, str]


_ENGLISH = _Words(
    nobody="Nobody: nothing is chosen.",
    people="People {};",
    without="but nobody {}",
    negated="not {}",
    also="and",
    either="or",
    more="{} more",
    region="in {}",
    near="within {} km of {}",
    seat="with a seat",
    roles="as {}",
    organizations="at {}",
    kinds="at an organization of the kind {}",
    endorses="at one that endorses {}",
    sponsors="at one that sponsors the action {}",
    reads="reading {}",
    on_list="on the list {}",
    got="sent {}",
    told="told of the action {}",
    told_version="told version {} of the action {} and no later one",
    tagged="tagged {}",
    numbered="among {} subscribers chosen by number",
    quoted="“{}”",
    named={
        "en": "English",
        "es": "Spanish",
        "primary": "primary contact",
        "comms": "contact for communication",
        "regional": "regional contact",
    },
)
_SPANISH = _Words(
    nobody="Nadie: no se ha elegido nada.",
    people="Quien {};",
    without="pero nadie que {}",
    negated="no {}",
    also="y",
    either="o",
    more="{} más",
    region="está en {}",
    near="está a {} km o menos de {}",
    seat="tiene un puesto",
    roles="como {}",
    organizations="en {}",
    kinds="en una organización del tipo {}",
    endorses="en una que avala {}",
    sponsors="en una que patrocina la acción {}",
    reads="lee {}",
    on_list="está en la lista {}",
    got="recibió {}",
    told="sabe de la acción {}",
    told_version="sabe de la versión {} de la acción {} y de ninguna posterior",
    tagged="lleva la etiqueta {}",
    numbered="está entre {} personas elegidas por número",
    quoted="«{}»",
    named={
        "en": "inglés",
        "es": "español",
        "primary": "contacto principal",
        "comms": "contacto de comunicación",
        "regional": "contacto regional",
    },
)
_LANGUAGES = {"en": _ENGLISH, "es": _SPANISH}


def say(
    rule: Rule,
    language: str = "en",
    *,
    region: Callable[[str], str] = str,
    mailing: Callable[[str], str] = str,
) -> str:
    """Return a rule in one sentence; slugs of regions and mailings as these name them."""
    words = _LANGUAGES.get(language, _ENGLISH)
    if not rule.include:
        return words.nobody
    teller = _Teller(words, region, mailing)
    people = words.people.format(teller.choice(rule.include, words.either))
    if not rule.exclude:
        return f"{people.removesuffix(';')}."
    return (
        f"{people} {words.without.format(teller.choice(rule.exclude, words.either))}."
    )


@dataclass(frozen=True, slots=True)
class _Teller:
    words: _Words
    region: Callable[[str], str]
    mailing: Callable[[str], str]

    def choice(self, conditions: Sequence[Condition], link: str) -> str:
        return _joined([self.one(each) for each in conditions], link)

    def one(self, condition: Condition) -> str:
        match condition:
            case AllOf(of=parts):
                return f"({self.choice(parts, self.words.also)})"
            case AnyOf(of=parts):
                return f"({self.choice(parts, self.words.either)})"
            case Not(of=part):
                return self.words.negated.format(self.one(part))
            case leaf:
                return self._leaf(leaf)

    def _leaf(self, leaf: Leaf) -> str:  # noqa: C901, PLR0911 - one per kind
        words = self.words
        match leaf:
            case InRegion(regions=regions):
                return words.region.format(self._any([self.region(r) for r in regions]))
            case Near(place=place, km=km):
                return words.near.format(f"{km:,}", place)
            case Seated():
                return self._seat(leaf)
            case Reads(languages=languages):
                named = [words.named.get(each, each) for each in languages]
                return words.reads.format(self._any(named))
            case OnList(lists=lists):
                return words.on_list.format(self._any(map(str, lists)))
            case Got(mailings=mailings):
                return words.got.format(self._any([self.mailing(m) for m in mailings]))
            case Knows(action=action, version=None):
                return words.told.format(action)
            case Knows(action=action, version=version):
                return words.told_version.format(version, action)
            case Tagged(tags=tags):
                return words.tagged.format(self._quoted(tags))
            case Numbered(subscribers=subscribers):
                return words.numbered.format(f"{len(subscribers):,}")

    def _seat(self, seat: Seated) -> str:
        words = self.words
        roles = [words.named.get(each, each) for each in seat.roles]
        said = (
            (words.roles, self._any(roles)),
            (words.organizations, self._quoted(seat.organizations)),
            (words.kinds, self._quoted(seat.kinds)),
            (words.endorses, self._any(seat.endorses)),
            (words.sponsors, self._any(seat.sponsors)),
        )
        return " ".join([words.seat, *(how.format(what) for how, what in said if what)])

    def _quoted(self, values: Sequence[str | int]) -> str:
        quote = self.words.quoted
        return self._any(
            [f"№ {v}" if isinstance(v, int) else quote.format(v) for v in values]
        )

    def _any(self, values: "Sequence[str] | map[str]") -> str:
        listed = list(values)
        rest = len(listed) - _MOST_NAMED
        if rest > 1:
            listed = [*listed[:_MOST_NAMED], self.words.more.format(f"{rest:,}")]
        return _joined(listed, self.words.either)


def _joined(parts: Sequence[str], link: str) -> str:
    if len(parts) < 3:
        return f" {link} ".join(parts)
    return f"{', '.join(parts[:-1])} {link} {parts[-1]}"
