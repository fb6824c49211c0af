"""The catalogues: all that templates say can be said in Spanish."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
Key = tuple[str | None, str]


def extracted() -> dict[Key, str]:
    """Every message that mail templates and the renderer can print, with its file."""
    found = {}
    mail = [("**.html", "jinja2"), ("**.txt", "jinja2")]
    # Babel leaves out folders that begin with "_" unless told otherwise.
    for file, _, message, _, context in extract_from_dir(
        str(ROOT / "templates" / "email"), mail, directory_filter=lambda _: True
    ):
        found[context, _singular(message)] = f"email/{file}"
    renderer = str(ROOT / "mailer" / "adapters" / "renderer")
    for file, _, message, _, context in extract_from_dir(
        renderer, [("wording.py", "python")]
    ):
        found[context, _singular(message)] = file
    return found


def _singular(message: str | Sequence[str]) -> str:
    return _forms(message)[0]


def _forms(words: str | Sequence[str] | None) -> Sequence[str]:
    return (words,) if isinstance(words, str) else words or ()


def spanish() -> Catalog:
    with (ROOT / "templates" / "translations" / "es.po").open("rb") as file:
        return read_po(file, locale="es", abort_invalid=True)


def messages() -> Iterator[Message]:
    return (message for message in spanish() if message.id)


def test_babel_finds_the_shared_design_too() -> None:
    assert any("_design" in file for file in extracted().values())


def test_everything_that_templates_say_is_translated() -> None:
    catalogue = {(m.context, _singular(m.id)): m for m in messages()}
    missing = {key: file for key, file in extracted().items() if key not in catalogue}
    assert missing == {}


def test_no_translation_is_empty_fuzzy_or_left_over() -> None:
    used = extracted()
    for message in messages():
        strings = _forms(message.string)
        assert strings, message.id
        assert all(strings), message.id
        assert not message.fuzzy, message.id
        assert (message.context, _singular(message.id)) in used, message.id
    assert not spanish().obsolete


def test_translations_fill_in_the_same_names() -> None:
    for message in messages():
        ids, strings = _forms(message.id), _forms(message.string)
        for original, translated in zip(ids, strings, strict=True):
            assert _names(translated) == _names(original), original


def _names(words: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", words))
