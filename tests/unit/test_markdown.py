"""What coordinators write is words, bold, lists and links; the rest is told."""

import pytest
from hypothesis import given, strategies as st

from mailer.adapters.markdown import CommonMark
from mailer.core.prose import Bullets, Paragraph, Span

READER = CommonMark()


def test_paragraphs_bold_links_and_lists_are_kept() -> None:
    prose = READER.read(
        "Bring **water**, see [how](https://example.org/).\nAnd come.\n\n- one\n- two"
    )

    assert prose.unsaid == ()
    assert prose.blocks == (
        Paragraph(
            spans=(
                Span(words="Bring "),
                Span(words="water", bold=True),
                Span(words=", see "),
                Span(words="how", url="https://example.org/"),
                Span(words=". And come."),
            )
        ),
        Bullets(
            items=(
                Paragraph(spans=(Span(words="one"),)),
                Paragraph(spans=(Span(words="two"),)),
            )
        ),
    )


@pytest.mark.parametrize(
    ("words", "line", "told", "lost"),
    [
        ("x\n\n# What", 3, "a heading", True),
        ("![a picture](https://example.org/x.png)", 1, "a picture", True),
        ("x\n\n> said", 3, "a quotation", True),
        ("```\nx\n```", 1, "a block of code", True),
        ("- a\n  - b", 2, "a list within a list", True),
        ("x\n\n---\n\ny", 3, "a line across", True),
        ("one\n*two*", 2, "italics", False),
        ("one  \ntwo", 1, "a line break", False),
        ("one\n<script>alert(1)</script>", 2, "HTML; <script>", False),
        ("see https://example.org/", 1, "write <https://example.org/>", False),
        ("[x](javascript:alert(1))", 1, "a link that leads nowhere", False),
    ],
)
def test_what_mail_cannot_say_is_told_with_its_line(
    words: str, line: int, told: str, *, lost: bool
) -> None:
    first = READER.read(words).unsaid[0]

    assert (first.line, first.lost) == (line, lost)
    assert told in first.words


@given(st.text(max_size=200))
def test_whatever_is_written_comes_out_as_words_of_which_no_link_is_a_script(
    words: str,
) -> None:
    for block in READER.read(words).blocks:
        items = block.items if isinstance(block, Bullets) else (block,)
        for span in (span for item in items for span in item.spans):
            assert isinstance(span.words, str)
            assert not (span.url or "").lower().startswith(("javascript:", "data:text"))
