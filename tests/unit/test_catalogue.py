"""A slip in a catalogue is refused with its line, and what is lost is told."""

import shutil
from pathlib import Path

import pytest

from mailer.adapters.renderer.environment import translations
from mailer.adapters.untranslated import untranslated
from mailer.core.errors import TemplateError
from tests.unit.gates.messages import TEMPLATES

NEAR = 'msgid "Near you"\nmsgstr "Cerca de ustedes"\n'


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


def edit(file: Path, old: str, new: str) -> int:
    """Make an edit and return its line."""
    words = file.read_text("utf-8")
    assert old in words, old
    file.write_text(words.replace(old, new, 1), "utf-8")
    return words[: words.index(old)].count("\n") + 1


def lost(templates: Path) -> list[str]:
    return [
        f"{one.where}: {one.words}" for one in untranslated(templates, ["en", "es"])
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"Cerca de ustedes"', '"Cerca de ustedes', "quotation marks"),
        ('"Cerca de ustedes"', 'Cerca de ustedes"', "quotation marks"),
        ('"Cerca de ustedes"', '"Cerca "de" ustedes"', 'takes a backslash, as \\"'),
        ('msgstr "Cerca', 'msgstring "Cerca', "a word such as msgstr"),
        ('"Cerca de ustedes"', '"Cerca de %(city)s"', "prints %(city)s, and the"),
    ],
)
def test_a_slip_is_named_with_file_and_line(
    templates: Path, old: str, new: str, said: str
) -> None:
    po = templates / "translations" / "es.po"
    line = edit(po, NEAR, NEAR.replace(old, new)) + ("city" not in new)

    with pytest.raises(TemplateError) as caught:
        translations(templates / "translations", "es")

    assert str(caught.value).startswith(f"templates/translations/es.po, line {line}: ")
    assert said in str(caught.value)


def test_a_misspelt_blank_is_named_with_those_that_there_are(templates: Path) -> None:
    edit(templates / "translations" / "es.po", "semana del %(day)s", "%(dias)s")
    with pytest.raises(
        TemplateError, match=r"%\(dias\)s, and the English has %\(day\)s"
    ):
        translations(templates / "translations", "es")


def test_a_blank_that_lost_its_letter_is_refused(templates: Path) -> None:
    edit(templates / "translations" / "es.po", "semana del %(day)s", "del %(day) x")
    with pytest.raises(TemplateError, match="that is no blank"):
        translations(templates / "translations", "es")


def test_nothing_is_lost_in_what_is_shipped() -> None:
    assert lost(TEMPLATES) == []


def test_a_reworded_sentence_is_told_with_the_spanish_that_it_lost(
    templates: Path,
) -> None:
    body = templates / "email" / "digest" / "body.html"
    line = edit(body, '_("Near you")', '_("Close to you")')
    [said] = lost(templates)

    assert said.startswith(f"templates/email/digest/body.html, line {line}: ")
    assert "No Spanish for “Close to you”" in said


def test_the_translation_that_is_left_over_is_offered(templates: Path) -> None:
    sentence = "You get this because you signed up for it."
    reason = templates / "email" / "_design" / "reason.txt"
    edit(reason, sentence, "You get this because you once signed up for it.")
    [said] = lost(templates)
    assert f"still has “{sentence}”" in said
    assert "templates/translations/es.po, line " in said


def test_an_empty_or_fuzzy_translation_is_none(templates: Path) -> None:
    po = templates / "translations" / "es.po"
    edit(po, NEAR, 'msgid "Near you"\nmsgstr ""\n')
    edit(po, 'msgid "Changes"\n', '#, fuzzy\nmsgid "Changes"\n')
    said = lost(templates)
    assert len(said) == 2
    assert all("has it empty or fuzzy" in one for one in said)


def test_a_note_without_its_spanish_is_told_with_the_table(templates: Path) -> None:
    file = templates / "email" / "note" / "wordings.toml"
    edit(file, 'button = "Quiero seguir recibiéndola"\n', "")
    [said] = lost(templates)
    assert said.startswith("templates/email/note/wordings.toml: [left.es]: ")
    assert "[left.es] has no button" in said


def test_a_coalition_that_writes_english_only_lacks_nothing(templates: Path) -> None:
    (templates / "translations" / "es.po").unlink()
    assert list(untranslated(templates, ["en"])) == []
