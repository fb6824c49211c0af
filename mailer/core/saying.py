"""English sentences that remember how they were made, for pages in other languages."""

from collections.abc import Mapping

# What fills a blank; a Saying is put into words of its own, some stand one by one.
Fact = str | int | tuple[str, ...]


class Saying(str):  # noqa: SLOT000 - what it was made of is kept beside the text
    """A sentence in English, and what it was made of.

    Whoever wants English takes it for the text that it is.
    """

    sentence: str  # a key of the catalogues, its blanks as %(name)s
    facts: Mapping[str, Fact]


class Verbatim(str):
    """What stays as it was written on pages in any language: a record, a command.

    Answers of servers as well; pages mark it as English.
    """

    __slots__ = ()


def says(sentence: str, **facts: Fact) -> Saying:
    """Return a sentence with its blanks filled, numbers as English writes them.

    The sentence stands in the call as it is: a test looks for its translation.
    """
    shown = {name: _shown(fact) for name, fact in facts.items()}
    saying = Saying(sentence % shown if facts else sentence)
    saying.sentence, saying.facts = sentence, facts
    return saying


def _shown(fact: Fact) -> str:
    if isinstance(fact, int):
        return f"{fact:,}"
    return fact if isinstance(fact, str) else ", ".join(fact)
