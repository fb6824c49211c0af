"""What checks and refusals say, in the language of a page."""

from gettext import NullTranslations

from babel import Locale, numbers

from mailer.core.saying import Fact, Saying

_SOURCE = "en"


class Telling:
    """Says in one language what was said in English."""

    def __init__(self, locale: Locale, catalogue: NullTranslations) -> None:
        """Take the language and its words."""
        self._locale, self._catalogue = locale, catalogue

    def told(self, words: str) -> str:
        """Return the words in this language; "" if they are known in English alone."""
        if self._locale.language == _SOURCE:
            return str(words)
        if not isinstance(words, Saying):
            return ""
        sentence = self._catalogue.gettext(words.sentence)
        facts = {name: self._fact(fact) for name, fact in words.facts.items()}
        if sentence == words.sentence or None in facts.values():
            return ""
        return sentence % facts if facts else sentence

    def _fact(self, fact: Fact) -> str | None:
        """Return what fills a blank; None: a part that is known in English alone."""
        if isinstance(fact, int):
            return numbers.format_decimal(fact, locale=self._locale)
        if isinstance(fact, str):
            return self.told(fact) or None if isinstance(fact, Saying) else fact
        parts = [part for each in fact if (part := self._fact(each))]
        return ", ".join(parts) if len(parts) == len(fact) else None
