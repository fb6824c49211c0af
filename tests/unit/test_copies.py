"""Copies of letters: nothing of anybody, no style but in sheets, whatever was mailed."""

import re

import pytest
from lxml import html as lxml_html

from mailer.adapters.renderer.copies import Copies, Copy
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.sample import read_sample
from mailer.adapters.renderer.specimens import specimens
from mailer.core.envelope import Segments, cut, markers
from tests.fakes.site import TEMPLATES

NONCE = "5ec2e7"
SPECIMENS = {
    name: specimen
    for name, specimen in specimens(TEMPLATES).items()
    if specimen.folder in ("blast", "digest", "quiet", "correction")
}
BRAND = read_sample(TEMPLATES / "email" / "digest" / "sample.json").brand
MAIL = MailRenderer(TEMPLATES, BRAND, "https://mail.example.org")
INSTEAD = "<i>A copy for all & sundry.</i>"


def copy_of(name: str, language: str = "en") -> Copy:
    written = SPECIMENS[name].write(MAIL, language, markers(NONCE))
    stored = cut(written.html, NONCE, expected=("leave",))
    return Copies(MAIL).letter(written.subject, stored, instead=INSTEAD)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", sorted(SPECIMENS))
def test_a_copy_of_any_letter_keeps_the_words_and_nobody(
    name: str, language: str
) -> None:
    copy = copy_of(name, language)
    page = lxml_html.fromstring(copy.html)

    assert copy.title
    assert len(page.xpath("//h1")) == 1
    assert INSTEAD in page.text_content()
    links = page.xpath("//a/@href")
    assert not [link for link in links if re.search(r"/[upc]/|mailto:", link)]
    assert "zq" not in copy.html
    assert NONCE not in copy.html


@pytest.mark.parametrize("name", sorted(SPECIMENS))
def test_every_style_of_a_copy_stands_in_its_sheet(name: str) -> None:
    copy = copy_of(name)
    page = lxml_html.fromstring(copy.html)

    assert not page.xpath("//@style | //style | //script | //img | //comment()")
    used = {name for names in page.xpath("//@class") for name in names.split()}
    assert all(name.startswith("m-") for name in used)
    drawn = {name for name in used if re.fullmatch(r"m-[0-9a-f]{10}", name)}
    assert len(drawn) > 10
    assert all(f".{name}{{" in copy.css for name in drawn)
    assert "prefers-color-scheme: dark" in copy.css
    assert not re.search(r"(?<![\w-])\.(?!m-)[a-z]", copy.css)


def test_an_old_sheet_fits_what_has_not_changed() -> None:
    one, other = copy_of("blast-urgent"), copy_of("blast-plain")

    assert one.version != other.version
    rules = (
        dict(re.findall(r"\.(m-[0-9a-f]{10})\{(.*?)\}", c.css)) for c in (one, other)
    )
    first, second = rules
    shared = set(first) & set(second)
    assert shared
    assert all(first[name] == second[name] for name in shared)


def test_what_a_template_should_never_have_had_is_not_shown() -> None:
    letter = (
        "<html><body onload='x()'><h1>Hi</h1><script>x()</script>"
        "<form action='/u/x'><input name='a'></form><iframe src='https://x'></iframe>"
        "<p>Kept <img src='https://x/y.gif'>words</p></body></html>"
    )

    copy = Copies(MAIL).letter("Hi", Segments((letter,), ()), instead="")

    assert re.sub(r"\s", "", copy.html) == "<div><h1>Hi</h1><p>Keptwords</p></div>"


def test_a_link_of_ones_own_leaves_no_trace_wherever_it_stands() -> None:
    pieces = (
        "<p><a href='https://m/u/",
        "'>Leave</a></p><p title='",
        "'>For ",
        " only. <a href='https://m/x'>All</a></p>",
    )
    letter = Segments(pieces, ("leave", "reason_html", "unknown_slot"))

    copy = Copies(MAIL).letter("Hi", letter, instead="everybody")

    assert "Leave" not in copy.html
    assert "title" not in copy.html
    assert '<p>For  only. <a href="https://m/x">All</a></p>' in copy.html
