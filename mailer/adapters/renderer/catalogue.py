"""Translations as gettext writes them, refused where a slip would reach readers."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import Translations

from mailer.adapters.renderer.locating import spelled
from mailer.core.errors import TemplateError

_LINE = re.compile(
    r"(?:(?:msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?)\s+)?\"(?:[^\"\\]|\\.)*\""
)
_BLANK = re.compile(r"%\((\w+)\)")
_FORM = re.compile(r"%(?:\(\w*\)?)?.?")
_GOOD_FORM = re.compile(r"%(?:%|\(\w+\)[sd])")
_MOST = 32  # files whose compiled form is kept: one or two for each language
_COMPILED: dict[tuple[str, str], bytes] = {}
_IMPLIED = frozenset({"num"})  # a plural's number, which gettext fills by itself


def compiled(file: Path, language: str) -> Translations:
    """Read a `.po` file.

    Raises TemplateError naming file and line if it is no gettext catalogue, or prints
    a blank that its English does not have. What it came to is kept: a site has each
    language in several places, and a file that was changed is read anew.
    """
    words = _decoded(file)
    kept = _COMPILED.get((language, words))
    if kept is None:
        written = BytesIO()
        write_mo(written, _parsed(file, words, language))
        if len(_COMPILED) >= _MOST:
            _COMPILED.clear()
        kept = _COMPILED[language, words] = written.getvalue()
    return Translations(BytesIO(kept))


def read(file: Path, language: str) -> Catalog:
    """Read a `.po` file with what stands in which line; raises TemplateError."""
    return _parsed(file, _decoded(file), language)


def _parsed(file: Path, words: str, language: str) -> Catalog:
    for number, line in enumerate(words.splitlines(), start=1):
        said = line.strip()
        if said and not said.startswith("#") and not _LINE.fullmatch(said):
            raise _wrong(
                file,
                number,
                "write a word such as msgstr and then text in quotation marks on one"
                ' line, as msgstr "Cerca de ustedes"; a quotation mark within the text'
                ' takes a backslash, as \\"',
            )
    try:
        catalogue = read_po(
            BytesIO(words.encode()), locale=language, abort_invalid=True
        )
    except PoFileError as error:
        raise _wrong(file, error.lineno + 1, str(error.args[0])) from error
    except ValueError as error:
        raise TemplateError(f"{spelled(file)}: {error}") from error
    for message in catalogue:
        _check_blanks(file, message)
    return catalogue


def _decoded(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except OSError as error:
        raise TemplateError(
            f"{spelled(file)}: cannot be read: {error.strerror}"
        ) from error
    except UnicodeDecodeError as error:
        raise TemplateError(
            f"{spelled(file)}: is not UTF-8 text; save it as UTF-8"
        ) from error


def forms(words: object) -> tuple[str, ...]:
    """Return the forms of a message: one, or singular and plural."""
    return (words,) if isinstance(words, str) else tuple(map(str, words or ()))  # type: ignore[call-overload]


def _check_blanks(file: Path, message: Message) -> None:
    if not message.id or message.fuzzy:
        return
    english = set(_blanks(forms(message.id)))
    known = english | (_IMPLIED if message.pluralizable else set())
    for said in forms(message.string):
        unknown = sorted(set(_blanks([said])) - known)
        if unknown:
            there = ", ".join(f"%({name})s" for name in sorted(known)) or "none"
            raise _wrong(
                file,
                message.lineno or 1,
                f"“{said[:60]}” prints %({unknown[0]})s, and the English has {there};"
                " mend the name between the brackets",
            )
        broken = [form for form in _FORM.findall(said) if not _GOOD_FORM.match(form)]
        if english and broken:
            raise _wrong(
                file,
                message.lineno or 1,
                f"“{said[:60]}” has a “{broken[0]}” that is no blank; write a blank as"
                " %(name)s, and a percent sign as %%",
            )


def _blanks(several: object) -> Iterator[str]:
    for words in forms(several):
        yield from _BLANK.findall(words)


def _wrong(file: Path, line: int, words: str) -> TemplateError:
    return TemplateError(f"{spelled(file)}, line {line}: {words}")
