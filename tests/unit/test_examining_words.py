"""What the examination says, made of sentences that pages can put into Spanish."""

import ast

import pytest
from babel import Locale
from markupsafe import escape

from mailer.adapters.renderer.environment import translations
from mailer.adapters.renderer.telling import Telling
from mailer.core.saying import Verbatim, says
from tests.contract.spanish import SPANISH
from tests.fakes.site import TEMPLATES

ENGLISH = Telling(Locale("en"), translations(TEMPLATES / "translations", "en"))
EXAMINE = TEMPLATES.parent / "mailer" / "pipeline" / "examine"


def test_each_sentence_of_the_examination_is_made_to_be_translated() -> None:
    made = {"ok", "note", "warn", "fail", "unasked", "About"}
    seen = 0
    for file in sorted(EXAMINE.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func
            called = name.attr if isinstance(name, ast.Attribute) else ""
            called = name.id if isinstance(name, ast.Name) else called
            if called not in made:
                continue
            seen += 1
            for argument in node.args:
                bare = isinstance(argument, ast.JoinedStr) or (
                    isinstance(argument, ast.Constant) and argument.value != ""
                )
                assert not bare, f"{file.name}:{argument.lineno}"
    assert seen > 100


def test_each_sentence_of_the_examination_has_its_spanish() -> None:
    catalogue = translations(TEMPLATES / "translations", "es")
    sentences = [
        ast.literal_eval(node.args[0])
        for file in sorted(EXAMINE.glob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "says"
    ]

    assert len(sentences) > 200
    for each in sentences:
        assert catalogue.gettext(each) != each


def test_what_stays_as_it_was_written_is_marked_and_harmless() -> None:
    record = Verbatim("v=spf1 <b>&</b> ~all")
    words = says("mend the record; it reads now: %(text)s", text=record)
    named = says("only %(domain)s itself may send mail in that name", domain="<i>")

    assert SPANISH.marked(words) == (
        "corrija el registro; ahora dice: "
        '<span lang="en">v=spf1 &lt;b&gt;&amp;&lt;/b&gt; ~all</span>'
    )
    assert "&lt;i&gt;" in SPANISH.marked(named)
    assert SPANISH.told(words) == f"corrija el registro; ahora dice: {record}"
    assert SPANISH.marked(Verbatim("chmod 600 a&b")) == (
        '<span lang="en">chmod 600 a&amp;b</span>'
    )
    assert SPANISH.marked("") == ""


@pytest.mark.parametrize(
    "sly", ["%(text)s %s %% %", "{{ 7*7 }} {0}", "%(domain)s<script>", "%c%n%d"]
)
def test_what_strangers_answer_is_no_template_and_no_format(sly: str) -> None:
    named = says("only %(domain)s itself may send mail in that name", domain=sly)
    record = says("mend the record; it reads now: %(text)s", text=Verbatim(sly))
    within = says("mend the record; it reads now: %(text)s", text=named)

    for words in (named, record, within, sly, Verbatim(sly)):
        for language in (SPANISH, ENGLISH):
            assert str(escape(sly)) in language.marked(words)
            assert "<script>" not in language.marked(words)
    assert sly in SPANISH.told(within)
