"""Jinja2 as both mail and pages use it: escaping, strict, in the reader's language."""

from collections.abc import Sequence
from datetime import date, datetime, time
from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale, dates, lists
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined


def translations(folder: Path, language: str) -> NullTranslations:
    """Return `LANGUAGE.po` and every `LANGUAGE.*.po` as one; English is the source."""
    named = [folder / f"{language}.po", *sorted(folder.glob(f"{language}.*.po"))]
    files = [file for file in named if file.exists()]
    if not files:
        return NullTranslations()
    merged = _compiled(files[0], language)  # its plural rule is the one that counts
    for file in files[1:]:
        merged.merge(_compiled(file, language))
    return merged


def _compiled(file: Path, language: str) -> Translations:
    compiled = BytesIO()
    with file.open("rb") as lines:
        write_mo(compiled, read_po(lines, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def environment(folder: Path, *, language: str, autoescape: bool) -> Environment:
    """Return Jinja2 over a `templates/` folder, speaking one language."""
    env = Environment(
        loader=FileSystemLoader(folder),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    installed: Any = env  # the i18n extension adds its methods at run time
    installed.install_gettext_translations(
        translations(folder / "translations", language), newstyle=True
    )
    env.filters.update(_filters(Locale.parse(language)))
    env.globals["language"] = language
    env.globals["direction"] = Locale.parse(language).text_direction
    return env


def _filters(locale: Locale) -> dict[str, Any]:
    @lru_cache(maxsize=4096)
    def day(value: date, pattern: str) -> str:
        return dates.format_skeleton(
            pattern, datetime.combine(value, time()), tzinfo=None, locale=locale
        )

    def clock(value: time) -> str:
        words = dates.format_time(value, "short", locale=locale)
        return words.replace("AM", "a.m.").replace("PM", "p.m.")

    def listed(values: Sequence[str]) -> str:
        return lists.format_list(list(values), style="standard", locale=locale)

    return {"day": day, "clock": clock, "listed": listed}
