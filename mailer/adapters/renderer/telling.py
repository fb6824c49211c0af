"""What checks and refusals say, in the language of a page."""

from collections.abc import Callable
from gettext import NullTranslations

from babel import Locale, numbers
from markupsafe import Markup, escape

from mailer.core.saying import Fact, Saying, Verbatim

_SOURCE = "en"
_ENGLISH = Markup('<span lang="en">%s</span>')
_Shown = Callable[[str], str]


class Telling:
    """Says in one language what was said in English."""

    def __init__(self, locale: Locale, catalogue: NullTranslations) -> None:
        """Take the language and its words."""
        self._locale, self._catalogue = locale, catalogue

    def told(self, words: str) -> str:
        """Return the words in this language; "" if they are known in English alone."""
        return self._said(words, str, str)

    def marked(self, words: str) -> Markup:
        """Return the words as HTML; what stays as it was written is marked as English."""
        said = self._said(words, escape, _ENGLISH.__mod__)
        return Markup(said) if said or not words else _ENGLISH % words  # noqa: S704 - escaped part by part

    def _said(self, words: str, text: _Shown, verbatim: _Shown) -> str:
        if self._locale.language == _SOURCE:
            return text(str(words))
        if not isinstance(words, Saying):
            return ""
        sentence = self._catalogue.gettext(words.sentence)
        facts = {
            name: self._fact(fact, text, verbatim) for name, fact in words.facts.items()
        }
        if sentence == words.sentence or None in facts.values():
            return ""
        return text(sentence) % facts if facts else text(sentence)

    def _fact(self, fact: Fact, text: _Shown, verbatim: _Shown) -> str | None:
        """Return what fills a blank; None: a part that is known in English alone."""
        if isinstance(fact, int):
            return numbers.format_decimal(fact, locale=self._locale)
        if isinstance(fact, Saying):
            return self._said(fact, text, verbatim) or None
        if isinstance(fact, str):
            return verbatim(fact) if isinstance(fact, Verbatim) else text(fact)
        parts = [part for each in fact if (part := self._fact(each, text, verbatim))]
        return text(", ").join(parts) if len(parts) == len(fact) else None
