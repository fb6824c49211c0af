"""What is kept in the corpus of hostile words executes in no message and in no sheet."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, time
from itertools import cycle
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
LIST = lists.parse({"title": "Weekly"}, file="weekly.toml", slug="weekly")
NONCE, BASE, DAY = "5ec2e7", "https://mail.example.org", date(2019, 10, 12)
SLOTS = markers(NONCE)
EVENING = time(18, 30)
MAIL = MailRenderer(ROOT, SAMPLE.brand, BASE)


Say = Callable[[], str]  # the next of the words, for the next field


def saying(words: Sequence[str], first: int = 0) -> Say:
    return cycle([*words[first:], *words[:first]]).__next__


def facts(say: Say) -> Facts:
    place = replace(SAMPLE.digest.near[0].facts.place, label=say(), locality=say())
    return replace(
        SAMPLE.digest.near[0].facts,
        place=place,
        title=say(),
        venue=say(),
        address=say(),
        kind=say(),
        target=say(),
        description=say(),
        note=say(),
        url=say(),
        sponsors=(Sponsor(name=say()), Sponsor(name=say())),
    )


def digest(say: Say) -> Rendered:
    item = replace(SAMPLE.digest.near[0], kind=ItemKind.COMING, facts=facts(say))
    moved = replace(item, kind=ItemKind.CHANGED, before=facts(say))
    sections = (
        Section(kind=SectionKind.CHANGES, items=(moved,)),
        Section(kind=SectionKind.NEAR, items=(item,)),
    )
    made = replace(SAMPLE.digest, sections=sections)
    brand = replace(SAMPLE.brand, name=say(), postal_address=say(), note={"en": say()})
    mail = MailRenderer(ROOT, brand, BASE)
    return mail.digest(made, mailing_list=LIST, shown=9, slots=SLOTS)


def blast(say: Say) -> Rendered:
    versions = [
        Version(
            language=language,
            headline=(say(), say()),
            preheader=say(),
            reason=say(),
            where=say(),
            target=say(),
            bring=say(),
            body=CommonMark().read(f"{say()}\n\n{say()}\n\n{say()}").blocks,
            answer=say(),
        )
        for language in ("en", "es")
    ]
    return MAIL.blast(
        Blast(
            version=versions[0],
            translation=versions[1],
            occasion=Occasion(
                day=DAY, starts=EVENING, calendar=say(), directions=say()
            ),
            answer_url=say(),
            confirmed=Confirmed(checked_at=EVENING, coordinators=2, by=say()),
        ),
        slots=SLOTS,
    )


def note(say: Say) -> Rendered:
    names = ("list", "organization", "successor", "address", "name", "who", "blast")
    return MAIL.note(
        Note(
            kind=NoteKind.ACTION_DECLINED,
            language="en",
            names={name: say() for name in names},
            said=say(),
            url=say(),
            occurrence=Occurrence(place=say(), day=DAY, venue=say(), target=say()),
        ),
        slots={"leave": SLOTS["leave"]},
    )


def correction(say: Say) -> Rendered:
    item = replace(SAMPLE.digest.near[0], facts=facts(say), before=facts(say))
    return MAIL.correction(
        Correction(
            language="en",
            list_slug="weekly",
            edition="2019-10-07",
            sent_on=DAY,
            items=(item,),
            errata=(Erratum(was=say(), now=say()),),
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


# Bold, lists and links may come of Markdown, nothing else of anything.
EXPECTED = ("leave", "preferences", "reason_html")
MARKDOWN = {"b", "strong", "ul", "ol", "li", "a"}
WORDS = (*CORPUS, *SLOTS.values())


@pytest.mark.parametrize("kind", LETTERS)
def test_hostile_words_run_in_no_message_and_take_no_slot(kind: str) -> None:
    usual = elements(
        LETTERS[kind](saying(["Usual", "words", "of", "some", "people"])).html
    )
    for first in range(0, len(WORDS), 9):  # so that each stands in several fields
        letter = LETTERS[kind](saying(WORDS, first))

        assert dangers(letter.html) == [], first
        assert elements(letter.html) <= usual | MARKDOWN
        assert "1337" not in letter.subject + letter.preheader + letter.text
        assert len((letter.subject + letter.preheader).splitlines()) <= 1
        cut(letter.html, NONCE, expected=() if kind == "note" else EXPECTED)


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
        bare = cell.strip("\ufeff\u200b").lstrip()
        assert not bare.startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20\t\r")), cell


def test_the_corpus_is_told_from_harmless_words() -> None:
    """Or the tests that hold pages against it would hold nothing."""
    run = [
        words for words in MARKUP if dangers(f'<html><p x="{words}">{words}</p></html>')
    ]
    assert len(run) > len(MARKUP) / 2
    assert dangers("<html><body><p>{{ 7*191 }} &lt;script&gt;</p></body></html>") == []
    assert dangers("<html><p>1337</p></html>")
