"""What is kept in the corpus of hostile words executes in no message and in no sheet."""

import csv
import io
from dataclasses import replace
from datetime import date, time
from functools import cache
from pathlib import Path

import pytest
from lxml import html as lxml_html

from mailer.adapters.markdown import CommonMark
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.specimens import specimens
from mailer.adapters.sources.rejects import Rejects
from mailer.core import lists
from mailer.core.blast import Blast, Confirmed, Occasion, Version
from mailer.core.digest import ItemKind, Section, SectionKind
from mailer.core.envelope import cut, markers
from mailer.core.errors import InputError
from mailer.core.headers import header_text
from mailer.core.model import Facts, Rejection, Sponsor
from mailer.core.notices import Correction, Erratum, Note, NoteKind, Occurrence
from mailer.ports import Rendered
from tests.hostile import CORPUS, FORMULAS, MARKUP, dangers

ROOT = Path(__file__).parents[2] / "templates"
SAMPLE = specimens(ROOT)["digest"].sample
MAIL = MailRenderer(ROOT, SAMPLE.brand, "https://mail.example.org")
LIST = lists.parse({"title": "Weekly"}, file="weekly.toml", slug="weekly")
SLOTS = markers("5ec2e7")
EVENING = time(18, 30)


def facts(words: str) -> Facts:
    place = replace(SAMPLE.digest.near[0].facts.place, label=words, locality=words)
    return replace(
        SAMPLE.digest.near[0].facts,
        place=place,
        title=words,
        venue=words,
        address=words,
        kind=words,
        target=words,
        description=words,
        note=words,
        url=words,
        sponsors=(Sponsor(name=words), Sponsor(name=f"{words} 2")),
    )


def digest(words: str) -> Rendered:
    item = replace(SAMPLE.digest.near[0], kind=ItemKind.COMING, facts=facts(words))
    moved = replace(item, kind=ItemKind.CHANGED, before=facts(f"{words} before"))
    sections = (
        Section(kind=SectionKind.CHANGES, items=(moved,)),
        Section(kind=SectionKind.NEAR, items=(item,)),
    )
    made = replace(SAMPLE.digest, sections=sections)
    mail = MailRenderer(
        ROOT,
        replace(SAMPLE.brand, name=words, postal_address=words, note={"en": words}),
        "https://mail.example.org",
    )
    return mail.digest(made, mailing_list=LIST, shown=9, slots=SLOTS)


def blast(words: str) -> Rendered:
    body = CommonMark().read(words).blocks
    version = Version(
        language="en",
        headline=(words, words),
        preheader=words,
        reason=words,
        where=words,
        target=words,
        bring=words,
        body=body,
        answer=words,
    )
    return MAIL.blast(
        Blast(
            version=version,
            translation=replace(version, language="es"),
            occasion=Occasion(
                day=date(2019, 10, 12), starts=EVENING, calendar=words, directions=words
            ),
            answer_url=words,
            confirmed=Confirmed(checked_at=EVENING, coordinators=2, by=words),
        ),
        slots=SLOTS,
    )


def note(words: str) -> Rendered:
    names = ("list", "organization", "successor", "address", "name", "who", "blast")
    return MAIL.note(
        Note(
            kind=NoteKind.ACTION_DECLINED,
            language="en",
            names=dict.fromkeys(names, words),
            said=words,
            url=words,
            occurrence=Occurrence(
                place=words, day=date(2019, 10, 12), venue=words, target=words
            ),
        ),
        slots={"leave": SLOTS["leave"]},
    )


def correction(words: str) -> Rendered:
    item = replace(SAMPLE.digest.near[0], facts=facts(words), before=facts("x"))
    return MAIL.correction(
        Correction(
            language="en",
            list_slug="weekly",
            edition="2019-10-07",
            sent_on=date(2019, 10, 7),
            items=(item,),
            errata=(Erratum(was=words, now=words),),
        ),
        slots=SLOTS,
    )


LETTERS = {
    "digest": digest,
    "blast": blast,
    "note": note,
    "correction": correction,
}


def elements(page: str) -> set[str]:
    found = lxml_html.document_fromstring(page).iter()
    return {each.tag for each in found if isinstance(each.tag, str)}


@cache
def usual(kind: str) -> set[str]:
    return elements(LETTERS[kind]("Ordinary words").html)


@pytest.mark.parametrize("kind", LETTERS)
def test_hostile_words_run_in_no_message(kind: str) -> None:
    for words in CORPUS:
        letter = LETTERS[kind](words)

        assert dangers(letter.html) == [], words
        # Bold, lists and links may come of Markdown, nothing else of anything.
        assert elements(letter.html) <= usual(kind) | {
            "b",
            "strong",
            "ul",
            "ol",
            "li",
            "a",
        }
        assert "1337" not in letter.subject + letter.preheader + letter.text
        assert "\r" not in letter.subject
        assert "\n" not in letter.subject
        assert len((letter.subject + letter.preheader).splitlines()) <= 1


@pytest.mark.parametrize("kind", ["digest", "blast", "correction"])
def test_hostile_words_take_no_slot_and_add_none(kind: str) -> None:
    for words in (*CORPUS, *SLOTS.values()):
        letter = LETTERS[kind](words)

        cut(letter.html, "5ec2e7", expected=("leave", "preferences", "reason_html"))


def test_hostile_words_end_no_header() -> None:
    for words in (
        *CORPUS,
        "a\r\nBcc: everybody@example.org",
        "a\nSubject: b",
        "a\x00b",
    ):
        try:
            written = header_text("Subject", words)
        except InputError:
            continue
        assert len(written.splitlines()) <= 1
        assert "\x00" not in written


def test_no_cell_of_a_sheet_that_we_write_is_a_formula() -> None:
    file = io.StringIO()
    rejects = Rejects(file, [*CORPUS])
    rejects.write(
        Rejection(file="a.csv", line=2, field=FORMULAS[0], message=FORMULAS[1]),
        [*CORPUS],
    )
    file.seek(0)

    rows = list(csv.reader(file))

    assert len(rows) == 2
    for cell in (cell for row in rows for cell in row):
        bare = cell.strip('\ufeff\u200b"').lstrip()
        assert not bare.startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20\t\r")), cell


def test_the_corpus_is_told_from_harmless_words() -> None:
    """Or the tests that hold pages against it would hold nothing."""
    run = [
        words for words in MARKUP if dangers(f'<html><p x="{words}">{words}</p></html>')
    ]
    assert len(run) > len(MARKUP) / 2
    assert dangers("<html><body><p>{{ 7*191 }} &lt;script&gt;</p></body></html>") == []
    assert dangers("<html><p>1337</p></html>")
