"""The web pages: templates/web in each language, and their stylesheet."""

import hashlib
from collections.abc import Callable
from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from babel import Locale, dates
from jinja2 import Environment, TemplateError as JinjaError

from mailer.adapters.renderer.environment import environment, translations
from mailer.config import Coalition
from mailer.core.errors import TemplateError

# Babel's skeletons have no full weekday with a day but without a year.
_DAY = {"en": "EEEE, MMMM d", "es": "EEEE d 'de' MMMM"}
_HALVES = {"en": ("a.m.", "p.m."), "es": ("a.\xa0m.", "p.\xa0m.")}
_INVITATION = "Read in English"  # each catalogue names its own language instead


class Pages:
    """Renders `templates/web/NAME`; HTML is escaped, `.txt` is not."""

    def __init__(self, templates: Path, *, coalition: Coalition, base_url: str) -> None:
        """Load each language once; raises TemplateError without `web/pages.css`."""
        self._templates = templates
        self._coalition = coalition
        self._root = urlsplit(base_url).path.rstrip("/")
        self._environments = {
            (language, escaped): self._environment(language, escaped=escaped)
            for language in coalition.languages
            for escaped in (True, False)
        }

    def render(self, name: str, language: str, **values: object) -> str:
        """Return one page in one of the coalition's languages.

        Raises TemplateError, naming the file, when a template is missing or broken.
        """
        env = self._environments[language, not name.endswith(".txt")]
        try:
            return env.get_template(f"web/{name}").render(values)
        except JinjaError as error:
            raise TemplateError(
                f"{self._templates / 'web' / name}: {type(error).__name__}: {error};"
                " compare it with the one that `mailer init` lays out"
            ) from error

    @cached_property
    def stylesheet(self) -> bytes:
        """Return the one stylesheet, UTF-8."""
        file = self._templates / "web" / "pages.css"
        try:
            return file.read_bytes()
        except OSError as error:
            raise TemplateError(
                f"{file}: {error.strerror}; copy it from a folder that"
                " `mailer init` lays out"
            ) from error

    @cached_property
    def stylesheet_name(self) -> str:
        """Return a name that changes with the content, so that it may be kept."""
        digest = hashlib.sha256(self.stylesheet).hexdigest()[:12]
        return f"pages.{digest}.css"

    def _environment(self, language: str, *, escaped: bool) -> Environment:
        env = environment(self._templates, language=language, autoescape=escaped)
        env.filters.update(_filters(language))
        env.globals["coalition"] = self._coalition
        env.globals["root"] = self._root
        env.globals["stylesheet"] = self.stylesheet_name
        env.globals["endonym"] = _endonym
        env.globals["elsewhere"] = self._invitations(language)
        return env

    def _invitations(self, language: str) -> dict[str, str]:
        """Say "read in my language" in each other language: code → words."""
        words = self._templates / "translations"
        return {
            other: translations(words, other).gettext(_INVITATION)
            for other in self._coalition.languages
            if other != language
        }


def _endonym(language: str) -> str:
    name = Locale.parse(language).get_display_name(language) or language
    return name[:1].upper() + name[1:]


def _filters(language: str) -> dict[str, Callable[..., str]]:
    locale = Locale.parse(language)

    def day_name(value: date) -> str:
        return dates.format_date(value, _DAY.get(language, "full"), locale=locale)

    def day_year(value: date) -> str:
        return _capital(dates.format_date(value, "full", locale=locale))

    def weekday(value: date) -> str:
        return _capital(dates.format_date(value, "EEE", locale=locale))

    def month(value: date) -> str:
        return _capital(dates.format_date(value, "LLL", locale=locale))

    def hour(value: time) -> str:
        if language not in _HALVES:
            return dates.format_time(value, "short", locale=locale)
        moment = datetime.combine(date.min, value)
        half = _HALVES[language][moment.hour >= 12]  # noqa: PLR2004
        return f"{dates.format_time(value, 'h:mm', locale=locale)}\xa0{half}"

    def language_name(code: str) -> str:
        return Locale.parse(code).get_display_name(locale) or code

    return {
        "language_name": language_name,
        "day_name": day_name,
        "day_year": day_year,
        "weekday": weekday,
        "month": month,
        "hour": hour,
    }


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
