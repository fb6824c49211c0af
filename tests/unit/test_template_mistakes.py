"""What people do to templates who never wrote a program: the error says how to go on."""

import shutil
from pathlib import Path

import pytest

from mailer.adapters import specimens
from mailer.adapters.renderer.proof import proofread
from mailer.adapters.stamps import excerpt
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
        (
            "{% if view.signature %}",
            "{% if view.signature and view.note %}{% if view.changed %}",
            58,
            "It is the {% if %} of line 12: write {% endif %} for it.",
        ),
        (
            '_("Changes")',
            '_("Changes of %(dias)s")',
            21,
            "nothing fills %(dias)s",
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
            "never prints {{ reason }}",
        ),
        (
            BODY,
            "digest_footer(reason,",
            "digest_footer(reason | upper,",
            "{{ reason }}",
        ),
        (
            "email/digest/body.txt",
            "digest_foot(reason,",
            "digest_foot(reason | upper,",
            "body.txt: never prints {{ reason }}",
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


END = "</table></td></tr>"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (END, "</table></tr>", "<td> is never closed: “<td class="),
        (END, "</td></tr>", "<table> is never closed"),
        (END, END + END, "</td> closes what is not open"),
        ('<p class="letter"', '<p class="letter', "a quotation mark in it is missing"),
        ("{% block content %}", "{% block content %}<p>Hello</p>", "<p> stands in a"),
        ("{% block content %}", "{% block content %}Hello", "“Hello” stands in a"),
        (
            '<p class="said">',
            '<p class="said" style="color #1E1712">',
            "the style of <p>: line 1: “p” cannot be read",
        ),
        (
            '<p class="said">',
            '<p class="said"><a href="https://a.org"><a href="https://b.org">',
            "a link stands within a link",
        ),
    ],
)
def test_an_element_that_is_not_as_somebody_meant_it_is_told_by_its_words(
    templates: Path, old: str, new: str, words: str
) -> None:
    edit(templates, BODY, old, new)
    told = trouble(templates)
    assert told.startswith(f"templates/{BODY}: ")
    assert words in told


STYLES = "email/_design/styles.html"
PETAL = ".petal { background-color: "


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (PETAL, ".petal { background-color ", "“.petal” cannot be read"),
        (PETAL, "} " + PETAL, "“} .petal” selects nothing"),
        (PETAL, ".2petal { background-color: ", "“.2petal” selects nothing"),
        (PETAL, ".petal[[ { background-color: ", "a brace is missing"),
        ("22px; font-family", "22px font-family", "a ; is missing after padding"),
        ("line-height: 8px; }", "line-height: 8px;", "“.petal” is not closed"),
        ("line-height: 8px;", "line-height: 8px !important;", "dark mode"),
        (PETAL, "@import url(https://a.org/a.css); " + PETAL, "@import cannot"),
        ("</style>", "", "selects nothing"),
        (
            "  .home { color: {{ look.dark_board }} !important; }",
            "  .home { color {{ look.dark_board }} !important; }",
            "its <style> number 3, line 11: “.home” cannot be read",
        ),
    ],
)
def test_a_rule_that_would_be_dropped_without_a_word_is_told(
    templates: Path, old: str, new: str, words: str
) -> None:
    edit(templates, STYLES, old, new)
    told = trouble(templates)
    assert "its <style> number " in told
    assert ", line " in told
    assert words in told


def test_rows_without_their_table_are_told_as_that(templates: Path) -> None:
    lost = '<tr><td class="section">{{ draw.table() }}\n{{ draw.heading(_("Changes"))'
    edit(templates, BODY, lost, lost.replace("{{ draw.table() }}", ""))
    told = trouble(templates)
    assert "<tr> stands in a <td> and in no table" in told
    assert "Changes" in told


def test_what_html_ends_by_itself_and_what_outlook_alone_reads_is_left_alone() -> None:
    page = (
        "<!DOCTYPE html><html><body><ul><li>one<li>two</ul><p>a<p>b<br><img src=x>"
        "<!--[if mso]><td><table><![endif]--><!--[if !mso]><!--><b>c</b><!--<![endif]-->"
        '<p title="5 &gt; 3">a &lt; b < c</p></body></html>'
    )
    proofread(page, "page.html")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"day": "2019-10-', '"day": "2019-13-', "actions, number 1: "),
        ('"actions": [', '"actions": 5, "rest": [', "must be a list"),
        ('"at": [', '"at": [1, ', "sample.json: "),
        ('"time": "', '"time": "25:', "actions, number "),
        ('"sponsors": [', '"sponsor": [', "'sponsors' is missing"),
        ('"note": {', '"notte": {', "coalition: “notte” is not known here; did you"),
        ('"reader": {', '"reader" {', "sample.json, line 8: "),
    ],
)
def test_a_slip_in_sample_data_is_told_with_its_action(
    templates: Path, old: str, new: str, words: str
) -> None:
    edit(templates, "email/digest/sample.json", old, new)
    told = trouble(templates)
    assert told.startswith("templates/email/digest/sample.json")
    assert words in told


@pytest.mark.parametrize("content", ["null", "[]", "[" * 100_000, "{"])
def test_sample_data_that_is_no_object_is_told_in_words(
    templates: Path, content: str
) -> None:
    (templates / "email" / "digest" / "sample.json").write_text(content, "utf-8")
    assert trouble(templates).startswith("templates/email/digest/sample.json")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "heading = [",
            "headng = [",
            "[left.en] headng: is not known here; did you mean",
        ),
        ('subject = "', 'subjekt = "', "[left.en] subjekt: is not known here"),
        ("heading = [", "heading = [] #", "[left.en] heading: is missing or empty"),
        ("[left.en]", "[left.en", "wordings.toml, line 17: not valid TOML"),
    ],
)
def test_a_slip_in_the_wordings_is_told_with_its_key(
    templates: Path, old: str, new: str, words: str
) -> None:
    edit(templates, "email/note/wordings.toml", old, new)
    told = trouble(templates, "note-left")
    assert told.startswith("templates/email/note/wordings.toml")
    assert words in told


def test_a_key_that_nobody_knows_is_shown_in_its_lines(templates: Path) -> None:
    for file, old, new in (
        ("email/note/wordings.toml", "heading = [", "headng = ["),
        ("email/digest/sample.json", '"reply_to"', '"replyto"'),
    ):
        edit(templates, file, old, new)
        name = "note-left" if "note" in file else "digest"
        lines = list(excerpt(trouble(templates, name), templates))
        assert [new in line for _, line, here in lines if here] == [True]
        edit(templates, file, new, old)
