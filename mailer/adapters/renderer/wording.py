"""Days, hours, numbers and lists as a language writes them."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from functools import lru_cache
from gettext import NullTranslations

from babel import Locale, dates, numbers

NO_BREAK = "\N{NO-BREAK SPACE}"
# The organizations write for readers in the United States: 12-hour clocks there.
_LOCALES = {"en": "en_US", "es": "es_US"}
_FIELDS = re.compile(r"'[^']*'|([A-Za-z])\1*")  # quoted words, or a run like MMMM
_SOUNDS_LIKE_Y = re.compile(r"h?[ií](?!e)", re.IGNORECASE)


def locale_of(language: str) -> Locale:
    """Return the locale whose dates and numbers a language is written with."""
    return Locale.parse(_LOCALES.get(language, language))


class Wording:
    """The filters of one language, for templates and for Python alike."""

    def __init__(self, language: str, translations: NullTranslations) -> None:
        self.language = language
        self.locale = locale_of(language)
        self.gettext = translations.gettext
        self._pattern = lru_cache(maxsize=64)(self._find_pattern)

    def day(self, value: date, skeleton: str) -> str:
        """Write a date by a CLDR skeleton: "MMMMEEEEd" is "Saturday, October 12"."""
        moment = datetime.combine(value, time())
        pattern = self._pattern(skeleton)
        return dates.format_datetime(moment, pattern, tzinfo=None, locale=self.locale)

    def clock(self, value: time) -> str:
        """Write a time of day that does not break: "10:00 a.m.", "10:00 a. m."."""
        words = dates.format_time(value, "short", locale=self.locale)
        words = words.replace("\N{NARROW NO-BREAK SPACE}", NO_BREAK)
        words = words.replace("AM", "a.m.").replace("PM", "p.m.")
        if self.language == "es":
            words = words.replace(".m.", f".{NO_BREAK}m.")
        return words

    def spelled(self, value: int) -> str:
        """Write a number as a word up to ten, then in figures; never for one."""
        words = self._words()
        if value in words:
            return words[value]
        return numbers.format_decimal(value, locale=self.locale)

    def listed(self, values: Sequence[str]) -> str:
        """Join names with commas and a last "and"; Spanish "e" before an i sound."""
        *rest, last = values or ("",)
        if not rest:
            return last
        joint = self.gettext("and")
        if self.language == "es" and _SOUNDS_LIKE_Y.match(last.lstrip("“«")):
            joint = "e"
        return f"{', '.join(rest)} {joint} {last}"

    def _words(self) -> dict[int, str]:
        _ = self.gettext
        low = (_("two"), _("three"), _("four"), _("five"), _("six"))
        high = (_("seven"), _("eight"), _("nine"), _("ten"))
        return dict(enumerate(low + high, start=2))

    def _find_pattern(self, skeleton: str) -> str:
        # Babel's own format_skeleton falls back to the nearest pattern and leaves its
        # widths as they are ("Sat, Oct 12"); UTS #35 §2.6.2.1 says to widen them.
        known = self.locale.datetime_skeletons
        nearest = dates.match_skeleton(skeleton, known)
        pattern = known[nearest].pattern if nearest else "full"
        for run in re.finditer(r"([ME])\1*", skeleton):
            pattern = _widened(pattern, run[0])
        return pattern.replace("E, ", "E ") if self.language == "es" else pattern


def _widened(pattern: str, run: str) -> str:
    """Give a pattern's weekday or month the width of this run: EEE becomes EEEE."""
    alike = {"M": "ML", "E": "Ec"}[run[0]]

    def widen(field: re.Match[str]) -> str:
        letter = field[1]
        return letter * len(run) if letter and letter in alike else field[0]

    return _FIELDS.sub(widen, pattern)
