"""A page that does not close what it opens is refused, with the place of the slip."""

import shutil
from pathlib import Path

import pytest

from mailer.adapters import specimens
from mailer.core.errors import TemplateError
from tests.unit.gates.messages import TEMPLATES

BODY = "email/digest/body.html"
FOOTER = "{{ draw.digest_footer(reason, leave_url, preferences_url) }}"


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


def refused(templates: Path, file: str, old: str, new: str) -> str:
    """Return why the sample digest is not printed after this edit."""
    path = templates / file
    page = path.read_text("utf-8")
    assert old in page
    path.write_text(page.replace(old, new, 1), "utf-8")
    with pytest.raises(TemplateError) as caught:
        specimens.message(templates, "digest", "en")
    return str(caught.value)


def test_a_lost_quotation_mark_is_named_with_its_line(templates: Path) -> None:
    said = refused(templates, BODY, '<td class="opening">', '<td class="opening>')
    assert said.startswith('templates/email/digest/body.html, line 10: <td class="open')
    assert "quotation mark" in said


def test_rows_without_their_table_are_refused(templates: Path) -> None:
    old = '<tr><td class="section">{{ draw.table() }}\n{{ draw.heading(_("Changes"))'
    said = refused(templates, BODY, old, old.replace("{{ draw.table() }}", ""))
    assert said.startswith("templates/email/digest/body.html: <tr> “Changes")
    assert "as {{ draw.table() }} opens one" in said


def test_a_link_that_does_not_end_is_refused(templates: Path) -> None:
    link = '<p class="see-all"><a href="{{ view.actions_url }}">All</a></p>'
    row = f"<tr><td>{link}</td></tr>\n{FOOTER}"
    said = refused(templates, BODY, FOOTER, row.replace("</a>", ""))
    assert "“All” is not closed when </p>" in said
    assert "write </a>" in said


def test_a_link_within_a_link_is_refused(templates: Path) -> None:
    row = '<tr><td><a href="https://a.example/">One <a href="https://b.example/">Two</a></a></td></tr>'
    said = refused(templates, BODY, FOOTER, f"{row}\n{FOOTER}")
    assert said.startswith("templates/email/digest/body.html, line ")
    assert "“One” is not closed when the next link begins" in said


def test_an_end_without_a_beginning_is_refused(templates: Path) -> None:
    said = refused(templates, BODY, FOOTER, f"<tr><td>a</b></td></tr>\n{FOOTER}")
    assert "</b> after “" in said
    assert "closes nothing" in said


def test_paragraphs_and_list_items_need_no_end(templates: Path) -> None:
    row = "<tr><td><ul><li>One<li>Two</ul><p>Three<p>Four</td></tr>"
    page = (templates / BODY).read_text("utf-8").replace(FOOTER, f"{row}\n{FOOTER}")
    (templates / BODY).write_text(page, "utf-8")
    assert "Four" in specimens.message(templates, "digest", "en").html


def test_a_sample_is_refused_where_the_list_s_mail_would_be(templates: Path) -> None:
    said = refused(templates, BODY, "digest_footer(reason,", 'digest_footer("",')
    assert said.startswith(
        "templates/email/digest/body.html: never prints {{ reason }}"
    )
