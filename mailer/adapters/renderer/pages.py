"""The web pages: templates/web in each language, and their stylesheet."""

import hashlib
from functools import cached_property, partial
from pathlib import Path
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError, numbers
from jinja2 import Environment, TemplateError as JinjaError

from mailer.adapters.renderer.environment import environment, translations
from mailer.adapters.renderer.telling import Telling
from mailer.config import Coalition
from mailer.core.errors import TemplateError

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
        return self.file("pages.css")

    def file(self, name: str) -> bytes:
        """Return a file of `templates/web` as it is; raises TemplateError."""
        file = self._templates / "web" / name
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
        locale = Locale.parse(language)
        words = translations(self._templates / "translations", language)
        telling = Telling(locale, words)
        env.filters["told"], env.filters["marked"] = telling.told, telling.marked
        env.filters["capital"] = _capital
        env.filters["figures"] = lambda number: numbers.format_decimal(
            number, locale=locale
        )
        env.filters["language_name"] = partial(_language_name, locale)
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


def _language_name(reader: Locale, code: str) -> str:
    """Return what a language is called; what is none, as it was written."""
    try:
        return Locale.parse(code).get_display_name(reader) or code
    except (ValueError, UnknownLocaleError):
        return code


def _endonym(language: str) -> str:
    return _capital(Locale.parse(language).get_display_name(language) or language)


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
