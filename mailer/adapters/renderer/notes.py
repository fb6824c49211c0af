"""Letters to one person: the question of double opt-in, and short notes."""

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from mailer.adapters.renderer.cleaning import cleaned
from mailer.adapters.renderer.locating import spelled
from mailer.adapters.renderer.plain import clean, linkable
from mailer.adapters.renderer.press import Press
from mailer.core.errors import ConfigError, TemplateError
from mailer.core.lists import MailingList
from mailer.core.notices import Confirmation, Note
from mailer.core.requests import Kind
from mailer.core.tables import Table

WORDINGS = "note/wordings.toml"  # beneath templates/email
_BLANK = re.compile(r"\{([a-z_]+)\}")
_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)")
_REQUIRED = ("subject", "preheader", "heading", "sentences", "why")
_OPTIONAL = ("button", "after")


def question(
    confirmation: Confirmation, mailing_list: MailingList, press: Press
) -> dict[str, Any]:
    """Return what the templates of `confirm` print; the other language is printed."""
    other = press.shared(confirmation.language)["other_language"]
    named = confirmation.lists
    if not named and confirmation.about is Kind.SUBSCRIBE:
        named = (mailing_list,)
    there = {
        "confirmation": confirmation,
        "lists": [clean(one.title(other)) for one in named],
        "seat": clean(confirmation.seat) if confirmation.seat else None,
    }
    brief = press.lines("email/confirm/in_brief.txt", other, there)
    return {
        "confirmation": confirmation,
        "lists": [clean(one.title(confirmation.language)) for one in named],
        "brief": [clean(line) for line in brief],
        "seat": clean(confirmation.seat) if confirmation.seat else None,
    }


def words(note: Note, press: Press) -> dict[str, Any]:
    """Return what the templates of `note` print.

    Raises TemplateError naming file and key if the wording is not as it must be, or
    has a blank in its subject, heading or button that the note does not fill.
    """
    note = cleaned(note)
    wording = _Wording(press.templates / "email" / WORDINGS, note, press)
    return {
        "note": note,
        "url": linkable(note.url, press.base_url),
        "subject": wording.line("subject"),
        "sentences": wording.sentences("sentences"),
        "after": wording.sentences("after"),
        "heading": wording.lines("heading"),
        "preheading": wording.line("preheader"),
        "button": wording.line("button") if note.url else None,
        "why": wording.line("why"),
    }


class _Wording:
    """The words for one kind of note in one language, its blanks filled."""

    def __init__(self, file: Path, note: Note, press: Press) -> None:
        self._names = {**note.names, **_moments(note, press), **_told(note, press)}
        data = read(file)
        by_kind = data.get(note.kind.value, {})
        key = f"{note.kind.value}.{note.language}"
        table = by_kind.get(note.language) if isinstance(by_kind, dict) else None
        if not isinstance(table, dict):
            raise TemplateError(
                f"{spelled(file)}: there is no table [{key}]; add it, with"
                f" {', '.join(_REQUIRED)}"
            )
        self._table = Table(table, spelled(file), f"{key}.")
        self._check_keys()

    def _check_keys(self) -> None:
        """Refuse a misspelt key, before a sentence is missed by its readers."""
        known = (*_REQUIRED, *_OPTIONAL)
        missing = [key for key in _REQUIRED if not self._table.data.get(key)]
        for key in self._table.data:
            if key not in known:
                near = get_close_matches(key, missing or known, 1)
                hint = (
                    f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
                )
                raise TemplateError(
                    f"{self._table.file}: {self._table.shown(key)}: is not known here;"
                    f" {hint}"
                )
        if missing:
            raise TemplateError(
                f"{self._table.file}: {self._table.shown(missing[0])}: is missing or"
                " empty; write it"
            )

    def line(self, key: str) -> str:
        """Return one line; every blank must be filled."""
        try:
            return self._filled(key, self._table.text(key))
        except ConfigError as error:
            raise TemplateError(str(error)) from error

    def lines(self, key: str) -> list[str]:
        """Return lines; every blank must be filled."""
        return [self._filled(key, line) for line in self._list(key)]

    def sentences(self, key: str) -> list[str]:
        """Return sentences, but for those with a blank that is not filled."""
        return [
            self._filled(key, sentence)
            for sentence in self._list(key)
            if set(_BLANK.findall(sentence)) <= set(self._names)
        ]

    def _list(self, key: str) -> list[str]:
        found = self._table.data.get(key, [])
        if not isinstance(found, list) or not all(isinstance(s, str) for s in found):
            raise TemplateError(
                f"{self._table.file}: {self._table.shown(key)}: must be a list of"
                " sentences in quotes"
            )
        return found

    def _filled(self, key: str, sentence: str) -> str:
        missing = set(_BLANK.findall(sentence)) - set(self._names)
        if missing:
            raise TemplateError(
                f"{self._table.file}: {self._table.shown(key)}: nothing fills"
                f" {{{', '.join(sorted(missing))}}}; there is"
                f" {', '.join(sorted(self._names)) or 'nothing'}"
            )
        return _BLANK.sub(lambda blank: self._names[blank[1]], sentence)


def _moments(note: Note, press: Press) -> Mapping[str, str]:
    """Return the blanks that days with an hour fill."""
    return {
        name: press.text(
            "email/note/moment.txt", note.language, {"moment": moment}
        ).strip()
        for name, moment in note.moments.items()
    }


def _told(note: Note, press: Press) -> Mapping[str, str]:
    """Return the blanks that an action fills."""
    if note.occurrence is None:
        return {}
    told = {"day": note.occurrence.day, "is_far": note.occurrence.is_far}
    day = press.text("email/note/day.txt", note.language, told).strip()
    return {"place": note.occurrence.place, "day": day}


def read(file: Path) -> Mapping[str, Any]:
    """Read the wordings of all notes; raises TemplateError naming the file."""
    try:
        return _parsed(file.read_text("utf-8"))
    except OSError as error:
        raise TemplateError(
            f"{spelled(file)}: cannot be read: {error.strerror}"
        ) from error
    except UnicodeDecodeError as error:
        raise TemplateError(f"{spelled(file)}: is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise TemplateError(_not_toml(file, str(error))) from error


@lru_cache(maxsize=2)
def _parsed(said: str) -> Mapping[str, Any]:
    # The wordings of all notes are read for each, and parsing them takes 8 ms.
    return tomllib.loads(said)


def _not_toml(file: Path, said: str) -> str:
    """Return what is wrong with its line, where TOML's reader names one."""
    found = _AT_LINE.search(said)
    if found is None:
        return f"{spelled(file)}: not valid TOML: {said}"
    words = _AT_LINE.sub("", said)
    return f"{spelled(file)}, line {found[1]}: not valid TOML: {words}"
