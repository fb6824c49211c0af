"""Sentences of the templates that a language of the coalition does not have.

English is the source: a sentence is looked up by its English words, so whoever changes
those loses the others. All templates are read, not only what one message prints.
"""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.extract import extract

from mailer.adapters.gates import Untranslated
from mailer.adapters.renderer import catalogue, notes, wording
from mailer.adapters.renderer.locating import spelled

_SOURCE = "en"
_PRINTED = (".html", ".txt")
_FILES = 500  # remembered, as they were read

_Key = tuple[str | None, str]  # context, English


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    """Where a sentence is translated, and whether it is."""

    where: str
    done: bool


def untranslated(templates: Path, languages: Sequence[str]) -> Iterator[Untranslated]:
    """Yield what each language lacks; raises TemplateError for a broken catalogue."""
    others = [language for language in languages if language != _SOURCE]
    used = dict(_used(templates)) if others else {}
    for language in others:
        yield from _lacking(used, templates, language)
        yield from _unworded(templates, language)


def _lacking(
    used: Mapping[_Key, str], templates: Path, language: str
) -> Iterator[Untranslated]:
    known = dict(_known(templates, language))
    left = {key[1]: one for key, one in known.items() if key not in used}
    name = _name(language)
    for key, where in used.items():
        found = known.get(key)
        if found is not None and found.done:
            continue
        near = get_close_matches(key[1], left, 1)
        if found is not None:
            hint = f"{found.where} has it empty or fuzzy: write it there"
        elif near:
            hint = (
                f"{left[near[0]].where} still has “{_short(near[0])}”: if that was this"
                " sentence, give its msgid the new words"
            )
        else:
            hint = f"add it to templates/translations/{language}.po"
        yield Untranslated(
            words=f"No {name} for “{_short(key[1])}”, so readers of {name} get English;"
            f" {hint}.",
            where=where,
        )


def _used(templates: Path) -> Iterator[tuple[_Key, str]]:
    """Yield what templates and the filters for them say, each with its place."""
    for file in sorted(templates.rglob("*")):
        if file.suffix in _PRINTED:
            content = file.read_bytes()
            where = spelled(file)
            for key, line in _extracted("jinja2.ext:babel_extract", content):
                yield key, f"{where}, line {line}"
    for key, _ in _extracted("python", inspect.getsource(wording).encode()):
        yield key, "the words for numbers and lists"


@lru_cache(maxsize=_FILES)  # whoever edits a template is shown what it lacks each time
def _extracted(method: str, content: bytes) -> Sequence[tuple[_Key, int]]:
    return [
        ((context, words if isinstance(words, str) else words[0]), line)
        for line, words, _, context in extract(method, BytesIO(content))
    ]


def _known(templates: Path, language: str) -> Iterator[tuple[_Key, _Sentence]]:
    folder = templates / "translations"
    for file in (*sorted(folder.glob(f"{language}.*.po")), folder / f"{language}.po"):
        for message in catalogue.read(file, language) if file.exists() else ():
            said = catalogue.forms(message.string)
            if message.id:
                yield (
                    (message.context, catalogue.forms(message.id)[0]),
                    _Sentence(
                        where=f"{spelled(file)}, line {message.lineno}",
                        done=all(said) and bool(said) and not message.fuzzy,
                    ),
                )


def _unworded(templates: Path, language: str) -> Iterator[Untranslated]:
    """Yield what wordings.toml says in English alone."""
    file = templates / "email" / notes.WORDINGS
    if not file.is_file():
        return
    for kind, by_language in notes.read(file).items():
        english = by_language.get(_SOURCE) if isinstance(by_language, dict) else None
        if not isinstance(english, dict):
            continue
        other = by_language.get(language)
        missing = [key for key in english if key not in (other or {})]
        if missing:
            table = f"[{kind}.{language}]"
            yield Untranslated(
                words=f"{table} has no {', '.join(missing)}, which [{kind}.{_SOURCE}]"
                f" has: write it in {_name(language)}.",
                where=f"{spelled(file)}: {table}",
            )


def _name(language: str) -> str:
    return Locale.parse(language).get_display_name("en") or language


def _short(words: str) -> str:
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}…"


_SHOWN = 60  # characters
