"""Jinja2 as both mail and pages use it: escaping, strict, in the reader's language."""

from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import Translations
from jinja2 import Environment, FileSystemLoader
from jinja2.sandbox import safe_range

from mailer.adapters.renderer.missing import Missing
from mailer.adapters.renderer.wording import Wording, locale_of
from mailer.core.errors import TemplateError

_SIDES = {"ltr": ("left", "right"), "rtl": ("right", "left")}


def translations(folder: Path, language: str) -> NullTranslations:
    """Return `LANGUAGE.po` and `LANGUAGE.*.po` as one; English is the source.

    What both translate is taken from `LANGUAGE.po`. Raises TemplateError if a file
    is no gettext catalogue.
    """
    files = [*sorted(folder.glob(f"{language}.*.po")), folder / f"{language}.po"]
    catalogues = [_compiled(file, language) for file in files if file.exists()]
    if not catalogues:
        return NullTranslations()
    first, *others = catalogues
    for other in others:
        first.merge(other)
    return first


class Untranslated(NullTranslations):
    """What is asked last: notes each text that the catalogues do not have."""

    def __init__(self) -> None:
        """Begin with nothing noted."""
        super().__init__()
        self.texts: dict[str, None] = {}  # in the order in which they were missed

    def gettext(self, message: str) -> str:
        """Return the text as it is written, in English."""
        self.texts[message] = None
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the singular or plural as it is written, in English."""
        self.texts[msgid1] = None
        return super().ngettext(msgid1, msgid2, n)

    def pgettext(self, context: str, message: str) -> str:
        """Return the text as it is written, in English."""
        self.texts[message] = None
        return super().pgettext(context, message)

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        """Return the singular or plural as it is written, in English."""
        self.texts[msgid1] = None
        return super().npgettext(context, msgid1, msgid2, n)


def _compiled(file: Path, language: str) -> Translations:
    compiled = BytesIO()
    try:
        with file.open("rb") as lines:
            write_mo(compiled, read_po(lines, locale=language, abort_invalid=True))
    except (PoFileError, ValueError) as error:
        raise TemplateError(
            f"{file}: {error}; check it with `msgfmt --check {file.name}`"
        ) from error
    compiled.seek(0)
    return Translations(compiled)


def environment(
    folder: Path,
    *,
    language: str,
    autoescape: bool,
    untranslated: Untranslated | None = None,
) -> Environment:
    """Return Jinja2 over a `templates/` folder, speaking one language.

    Filters: `day`, `clock`, `spelled`, `listed` (see Wording). Globals: `language`,
    `direction` ("ltr" or "rtl"), `start` and `end` ("left" or "right": where lines
    begin and end), `direction_of` (another language's direction), `_`, `gettext`,
    `ngettext`, `pgettext`, `npgettext`. What no catalogue translates is noted in
    `untranslated`.
    """
    env = Environment(
        loader=FileSystemLoader(folder),
        autoescape=autoescape,  # noqa: S701 - off for plain text only
        undefined=Missing,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    catalogue = translations(folder / "translations", language)
    if untranslated is not None:
        catalogue.add_fallback(untranslated)
    installed: Any = env  # the i18n extension adds its methods at run time
    installed.install_gettext_translations(catalogue, newstyle=True)
    wording = Wording(language, catalogue)
    for filter_ in (wording.day, wording.clock, wording.spelled, wording.listed):
        env.filters[filter_.__name__] = filter_
    env.globals["range"] = safe_range  # a slip must not keep a worker for hours
    env.globals["language"] = language
    direction = wording.locale.text_direction
    env.globals["direction"] = direction
    env.globals["start"], env.globals["end"] = _SIDES[direction]
    env.globals["direction_of"] = _direction_of
    return env


def _direction_of(language: str) -> str:
    """Return "ltr" or "rtl"; a language that nobody knows reads as most do."""
    try:
        return locale_of(language).text_direction
    except (UnknownLocaleError, ValueError):
        return "ltr"
