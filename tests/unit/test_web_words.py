"""The words of the pages: every one in Spanish, and the right language chosen."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from hypothesis import given, strategies as st

from mailer.adapters.renderer.pages import Pages
from mailer.config import Coalition
from mailer.core.errors import TemplateError
from mailer.core.tokens import Keyring, Purpose
from mailer.web.language import choose
from mailer.web.log import redact
from tests.fakes.site import COALITION, TEMPLATES

CATALOGUES = sorted(  # the console's has a test of its own
    file
    for file in (TEMPLATES / "translations").glob("es.*.po")
    if not file.name.startswith("es.console")
)
PLACEHOLDER = re.compile(r"%\((\w+)\)s|</?strong>")


def words_in_templates() -> set[str]:
    found = set()
    for file in sorted((TEMPLATES / "web").iterdir()):
        if file.suffix in (".html", ".txt"):
            with file.open("rb") as lines:
                for _, message, *_ in extract("jinja2.ext:babel_extract", lines):
                    found.add(message if isinstance(message, str) else message[0])
    return found


def catalogue() -> dict[str, list[str]]:
    found = {}
    for file in CATALOGUES:
        with file.open("rb") as lines:
            for message in read_po(lines, locale="es"):
                if message.id:
                    found[_forms(message.id)[0]] = _forms(message.string)
    return found


def _forms(words: str | Sequence[str] | None) -> list[str]:
    return [words] if isinstance(words, str) else list(words or ())


def test_every_word_of_the_pages_is_said_in_spanish_and_no_other() -> None:
    assert words_in_templates() | {"Read in English"} == set(catalogue())


def test_every_translation_keeps_the_values_and_the_emphasis() -> None:
    for english, spanish in catalogue().items():
        assert spanish, english
        for words in spanish:
            assert words.strip(), english
            assert sorted(PLACEHOLDER.findall(words)) == sorted(
                PLACEHOLDER.findall(english)
            )


def test_a_project_without_the_page_templates_is_told_the_way_out(
    tmp_path: Path,
) -> None:
    with pytest.raises(TemplateError, match=r"pages\.css.*mailer init"):
        Pages(tmp_path, coalition=COALITION, base_url="https://example.org")


def test_a_broken_template_is_named(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "pages.css").write_text("")
    (tmp_path / "web" / "leave.html").write_text("{{ nobody_gave_this }}")
    pages = Pages(tmp_path, coalition=COALITION, base_url="https://example.org")

    with pytest.raises(TemplateError, match=r"leave\.html.*nobody_gave_this"):
        pages.render("leave.html", "en")


def test_a_coalition_with_one_language_offers_no_other() -> None:
    alone = Coalition(name="Solo", languages=("en",))
    pages = Pages(TEMPLATES, coalition=alone, base_url="https://example.org")

    assert "?lang=" not in pages.render("neutral.html", "en").replace(
        "/actions?lang=en", ""
    )


@pytest.mark.parametrize(
    ("asked", "preferred", "accepted", "chosen"),
    [
        ("es", "en", "en", "es"),
        ("xx", "es", "en", "es"),
        (None, None, "es-MX,es;q=0.9,en;q=0.8", "es"),
        (None, None, "fr, en;q=0.2, es;q=0.7", "es"),
        (None, None, "es;q=0, en;q=0.1", "en"),
        (None, None, "es;q=broken", "en"),
        (None, "tlh", "", "en"),
    ],
)
def test_the_language_is_asked_for_then_preferred_then_the_browsers(
    asked: str | None, preferred: str | None, accepted: str, chosen: str
) -> None:
    found = choose(("en", "es"), asked=asked, preferred=preferred, accepted=accepted)

    assert found == chosen


@given(accepted=st.text(max_size=200), asked=st.text(max_size=5))
def test_whatever_a_browser_sends_a_language_is_found(
    accepted: str, asked: str
) -> None:
    found = choose(("en", "es"), asked=asked, preferred=None, accepted=accepted)

    assert found in ("en", "es")


@given(
    uid=st.binary(min_size=16, max_size=16),
    before=st.text(max_size=20),
    after=st.sampled_from(["", " x", '"', "?a=b", ".ics", "/"]),
)
def test_a_token_is_cut_from_a_log_line_wherever_it_stands(
    uid: bytes, before: str, after: str
) -> None:
    token = Keyring({1: bytes(32)}).sign(Purpose.LEAVE, uid, 1)

    for line in (f"{before}{token}{after}", f"{before}/u/{token}{after}"):
        assert token[5:-5] not in redact(line)
