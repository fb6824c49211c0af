"""What people do to templates who never wrote a program: the error says how to go on."""

import shutil
from pathlib import Path

import pytest

from mailer.adapters import specimens
from mailer.core.errors import MailerError, TemplateError
from tests.unit.gates.messages import TEMPLATES

BODY = "email/digest/body.html"


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


def edit(templates: Path, file: str, old: str, new: str) -> None:
    path = templates / file
    words = path.read_text("utf-8")
    assert old in words
    path.write_text(words.replace(old, new, 1), "utf-8")


def trouble(templates: Path, name: str = "digest") -> str:
    with pytest.raises(MailerError) as raised:
        specimens.message(templates, name, "en")
    return str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("{% if view.note %}", "{% if view.noted %}", 12, "did you mean “note”?"),
        ("view.note %}", "viw.note %}", 12, "“viw” is not defined"),
        (
            'draw.heading(_("Changes"))',
            'draw.headding(_("Changes"))',
            21,
            "there is no macro “headding” here; did you mean “heading”?",
        ),
        (
            "{% block content %}",
            '{% block content %}{% include "email/none.html" %}',
            5,
            "there is no template email/none.html",
        ),
        (
            "{% block content %}",
            '{% block content %}{% include "../mailer.toml" %}',
            5,
            "there is no template ../mailer.toml",
        ),
        (
            "{% block content %}",
            "{% block content %}{% for n in range(1000000000) %}x{% endfor %}",
            5,
            "Range too big",
        ),
    ],
)
def test_a_slip_is_told_with_file_and_line_and_what_was_meant(
    templates: Path, old: str, new: str, line: int, words: str
) -> None:
    edit(templates, BODY, old, new)
    told = trouble(templates)
    assert f"{BODY}, line {line}: " in told
    assert words in told


@pytest.mark.parametrize(
    "added",
    [
        '{% include "email/digest/body.html" %}',
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
    ],
)
def test_a_template_that_calls_itself_is_told_so_and_ends(
    templates: Path, added: str
) -> None:
    edit(templates, BODY, "{% block content %}", "{% block content %}" + added)
    told = trouble(templates)
    assert "calls itself without end" in told
    assert ", line " in told


def test_a_missing_file_names_the_folder_to_copy_it_from(templates: Path) -> None:
    (templates / BODY).unlink()
    with pytest.raises(TemplateError, match="mailer init"):
        specimens.message(templates, "digest", "en")


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        (
            BODY,
            "digest_footer(reason,",
            'digest_footer("",',
            "never prints reason_html",
        ),
        (BODY, "digest_footer(reason,", "digest_footer(reason | upper,", "reason_html"),
        (
            "email/digest/body.txt",
            "digest_foot(reason,",
            "digest_foot(reason | upper,",
            "body.txt: the template never prints reason_text",
        ),
        (
            "email/digest/subject.txt",
            "{% set heads",
            "{{ leave_url }}{% set heads",
            "subject and preheader are the same for everybody",
        ),
        (
            "email/digest/body.txt",
            "digest_foot(reason,",
            "digest_foot(reason ~ reason_html,",
            "body.txt",
        ),
    ],
)
def test_what_sending_would_refuse_is_told_while_one_edits(
    templates: Path, file: str, old: str, new: str, words: str
) -> None:
    edit(templates, file, old, new)
    told = trouble(templates)
    assert words in told
    assert "email/digest" in told
