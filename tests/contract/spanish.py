"""Looks whether what is found is said in Spanish, but for what stays as it was written."""

import re
from collections.abc import Iterable, Iterator, Sequence

from babel import Locale

from mailer.adapters.renderer.environment import translations
from mailer.adapters.renderer.telling import Telling
from mailer.core.diagnosis import Finding
from mailer.core.saying import Saying, Verbatim
from tests.fakes.site import TEMPLATES

SPANISH = Telling(Locale.parse("es"), translations(TEMPLATES / "translations", "es"))
_BLANK = re.compile(r"%\(\w+\)s")
_WORDS = re.compile("[a-z]{2,} [a-z]{2,}")  # more than a name that both languages use
AS_WRITTEN = re.compile(r'<(span|code) lang="en">.*?</\1>', re.DOTALL)
ENGLISH = re.compile(
    r"(?<![\w/-])(and|are|at|be|but|by|from|has|is|it|its|nobody|not|of|or|the|there|with"
    r"|who)(?![\w/-])"
)


def fragments(words: Saying) -> Iterator[str]:
    """Yield the English of a sentence, of what fills its blanks as well."""
    for part in _BLANK.split(words.sentence):
        if _WORDS.search(part):
            yield part.strip()
    for fact in words.facts.values():
        if isinstance(fact, Saying):
            yield from fragments(fact)


def in_spanish(found: Iterable[Finding]) -> Sequence[str]:
    """Return what pages say of the findings, having looked that none is English."""
    said = []
    for each in found:
        for words in filter(None, (each.about, each.message, each.effect, each.remedy)):
            shown = SPANISH.marked(words)
            left = AS_WRITTEN.sub("", shown)
            if isinstance(words, Saying):
                assert SPANISH.told(words), words
                assert not [part for part in fragments(words) if part in left], words
            else:  # a name, an address, a key of settings, a command
                assert isinstance(words, Verbatim) or " " not in words, words
            assert not ENGLISH.search(left), words
            said.append(shown)
    assert said
    return said
