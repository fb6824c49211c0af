"""Jinja2 as both mail and pages use it: escaping, strict, in the reader's language."""

from gettext import NullTranslations
from pathlib import Path
from typing import Any

from babel import UnknownLocaleError
from jinja2 import Environment, FileSystemLoader
from jinja2.sandbox import safe_range

from mailer.adapters.renderer.catalogue import compiled
from mailer.adapters.renderer.kept import Kept
from mailer.adapters.renderer.missing import Missing
from mailer.adapters.renderer.plain import quoted
from mailer.adapters.renderer.wording import Wording, locale_of

_SIDES = {"ltr": ("left", "right"), "rtl": ("right", "left")}


def translations(folder: Path, language: str) -> NullTranslations:
    """Return `LANGUAGE.po` and `LANGUAGE.*.po` as one; English is the source.

    What both translate is taken from `LANGUAGE.po`. Raises TemplateError naming file
    and line of a slip.
    """
    files = [*sorted(folder.glob(f"{language}.*.po")), folder / f"{language}.po"]
    catalogues = [compiled(file, language) for file in files if file.exists()]
    if not catalogues:
        return NullTranslations()
    first, *others = catalogues
    for other in others:
        first.merge(other)
    return first


def environment(folder: Path, *, language: str, autoescape: bool) -> Environment:
    """Return Jinja2 over a `templates/` folder, speaking one language.

    Filters: `day`, `clock`, `spelled`, `listed` (see Wording), `quoted`. Globals: `language`,
    `direction` ("ltr" or "rtl"), `start` and `end` ("left" or "right": where lines
    begin and end), `direction_of` (another language's direction), `_`, `gettext`,
    `ngettext`, `pgettext`, `npgettext`.
    """
    env = Environment(
        loader=FileSystemLoader(folder),
        autoescape=autoescape,  # noqa: S701 - off for plain text only
        undefined=Missing,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=Kept(language, autoescape=autoescape),
    )
    catalogue = translations(folder / "translations", language)
    installed: Any = env  # the i18n extension adds its methods at run time
    installed.install_gettext_translations(catalogue, newstyle=True)
    wording = Wording(language, catalogue)
    for filter_ in (wording.day, wording.clock, wording.spelled, wording.listed):
        env.filters[filter_.__name__] = filter_
    env.filters["quoted"] = quoted
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
