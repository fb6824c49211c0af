"""Every message but the digest: what its readers are promised."""

import itertools
import re
import tomllib
from collections import Counter
from dataclasses import replace
from datetime import date, time
from functools import cache
from html import unescape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from lxml import html as lxml_html

from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.specimens import specimens
from mailer.core import lists
from mailer.core.blast import Blast, Confirmed, Occasion, Urgency, Version
from mailer.core.branding import Branding, Logo
from mailer.core.colours import Colour
from mailer.core.envelope import QUESTION_SLOTS, cut, markers
from mailer.core.errors import TemplateError
from mailer.core.model import ActionStatus
from mailer.core.notices import (
    Confirmation,
    Correction,
    Note,
    NoteKind,
    Occurrence,
)
from mailer.core.prose import Bullets, Paragraph, Span
from mailer.core.requests import OWN, Kind
from mailer.ports import Rendered

TEMPLATES = Path(__file__).parents[2] / "templates"
SPECIMENS = specimens(TEMPLATES)
OTHERS = [name for name in SPECIMENS if name != "digest"]
BASE = "https://mail.example.org"
BRAND = SPECIMENS["digest"].sample.brand
MAIL = MailRenderer(TEMPLATES, BRAND, BASE)
NONCE = "5ec2e7"
SLOTS = markers(NONCE)
QUESTION = markers(NONCE, QUESTION_SLOTS)
LIST = lists.parse(
    {"title": {"en": "Weekly", "es": "Semanal"}}, file="weekly.toml", slug="weekly"
)


@cache
def letter(name: str, language: str) -> Rendered:
    """A message as one reader gets it, from the coalition of the digest's sample."""
    return SPECIMENS[name].letter(MAIL, language)


def words(page: str) -> str:
    body = lxml_html.document_fromstring(page).find("body")
    return " ".join(" ".join(body.itertext()).split())


def links(page: str) -> list[str]:
    return [link for *_, link, _ in lxml_html.document_fromstring(page).iterlinks()]


def blast(**changes: object) -> Blast:
    version = Version(language="en", headline=("Come to the gate", "tonight at 6"))
    return replace(Blast(version=version), **changes)  # type: ignore[arg-type]


def sent(message: Blast) -> Rendered:
    return MAIL.blast(message, slots=SLOTS)


def bilingual() -> Blast:
    spanish = Version(language="es", headline=("Vengan", "hoy a las 6"), where="Reja")
    return blast(translation=spanish)


# --- what holds for every message


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", OTHERS)
def test_every_message_is_short_in_the_inbox_and_far_below_the_limit(
    name: str, language: str
) -> None:
    mail = letter(name, language)
    assert 20 <= len(mail.subject) <= 70
    assert 60 <= len(mail.preheader) <= 110
    assert len(mail.html.encode()) < 20_000
    assert "\n" not in mail.subject


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", OTHERS)
def test_headings_step_down_from_a_single_first_one(name: str, language: str) -> None:
    page = lxml_html.document_fromstring(letter(name, language).html)
    levels = [int(node.tag[1]) for node in page.iter("h1", "h2", "h3")]
    assert levels.count(1) == 1
    assert all(now - last <= 1 for last, now in itertools.pairwise(levels))


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", OTHERS)
def test_plain_text_has_every_link_of_the_html_and_no_other(
    name: str, language: str
) -> None:
    mail = letter(name, language)
    in_text = set(re.findall(r"https://\S+", mail.text))
    assert in_text == {link for link in links(mail.html) if link.startswith("https")}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", OTHERS)
def test_plain_text_begins_with_the_headline_and_keeps_to_72_columns(
    name: str, language: str
) -> None:
    mail = letter(name, language)
    board = lxml_html.document_fromstring(mail.html).find(".//h1")
    lines = mail.text.splitlines()
    read = " ".join(" ".join(board.itertext()).split())
    start = lines[:3] if "urgent" in name else lines[:1]
    assert read in [" ".join(line.split()) for line in start]
    assert [ln for ln in lines if len(ln) > 72 and "http" not in ln] == []
    assert lines.count("-- ") == 1


@pytest.mark.parametrize("name", OTHERS)
def test_no_sentence_is_left_in_english_for_spanish_readers(name: str) -> None:
    english = letter(name, "en")
    spanish = letter(name, "es")
    own = (english.text.split("\n\n"), spanish.text.split("\n\n"))
    both = set(own[0]) & set(own[1])
    ours = [part for part in both if len(part) > 60 and "example" not in part]
    # Two of them are in both languages at once; the address is in neither.
    bilingual = {"blast-urgent", "confirm"}
    assert name in bilingual or not [part for part in ours if "PO Box" not in part]


@pytest.mark.parametrize(
    ("base", "sources"),
    [(BASE, [f"{BASE}/brand/logo.png"]), ("http://localhost", [])],
)
def test_nothing_but_the_logo_is_an_image_and_only_over_https(
    base: str, sources: list[str]
) -> None:
    own = Branding(logo=Logo(png=b"", width=120, height=48))
    mail = MailRenderer(TEMPLATES, replace(BRAND, own=own), base)
    for specimen in SPECIMENS.values():
        page = lxml_html.document_fromstring(specimen.letter(mail, "en").html)
        images = list(page.iter("img"))
        assert [image.get("src") for image in images] == sources
        assert all(image.get("alt") == "" for image in images)
        assert all(image.get("width") == "120" for image in images)


@pytest.mark.parametrize("name", OTHERS)
def test_conditional_comments_are_balanced_and_the_page_says_its_direction(
    name: str,
) -> None:
    for language, direction in (("en", "ltr"), ("ar", "rtl")):
        page = letter("digest" if language == "ar" else name, language).html
        assert page.count("<!--[if mso]>") == page.count("<![endif]-->") == 3
        assert f'<html lang="{language}" dir="{direction}"' in page
        assert 'role="article" aria-roledescription="email"' in page
        assert page.count(f'dir="{direction}"') >= 2


# --- urgent calls and plain ones


def test_a_blast_can_be_cut_at_the_digests_slots() -> None:
    mail = sent(bilingual())
    html = cut(mail.html, NONCE, expected=("leave", "preferences", "reason_html"))
    text = cut(mail.text, NONCE, expected=("leave", "preferences", "reason_text"))
    assert Counter(html.slots) == {"leave": 2, "preferences": 1, "reason_html": 1}
    assert Counter(text.slots) == {"leave": 2, "preferences": 1, "reason_text": 1}


def test_only_an_urgent_call_says_so_and_offers_no_more_of_them_first() -> None:
    urgent = sent(blast(urgency=Urgency.URGENT))
    plain = sent(blast())
    assert urgent.subject == "Urgent: Come to the gate tonight at 6"
    assert urgent.text.startswith("URGENT\n\nCome to the gate tonight at 6\n")
    assert 'class="board urgent"' in urgent.html
    footer = urgent.html[urgent.html.index('class="links"') :]
    assert footer.index("No more urgent calls") < footer.index("Change what you get")
    assert "rgent" not in words(plain.html) + plain.text + plain.subject


def test_facts_that_nobody_gave_leave_no_rows_and_nothing_to_press() -> None:
    mail = sent(blast())
    read = words(mail.html)
    assert not re.search("When|Where|Target|Bring|calendar|Directions|None", read)
    assert 'class="button' not in mail.html


def test_a_call_says_when_in_the_words_of_each_language() -> None:
    occasion = Occasion(day=date(2019, 10, 10), starts=time(18), ends=time(20, 30))
    read = words(sent(replace(bilingual(), occasion=occasion)).html)
    assert "When Thursday, October 10, 6:00 p.m. to 8:30 p.m." in read
    assert "Cuándo Jueves 10 de octubre, 6:00 p. m. a 8:30 p. m." in read


def test_the_second_language_is_marked_and_announced_in_its_own_words() -> None:
    page = lxml_html.document_fromstring(sent(bilingual()).html)
    (passage,) = [node for node in page.iter("td") if node.get("lang") == "es"]
    assert passage.find(".//h2").text_content() == "Vengan hoy a las 6"
    assert "Dónde" in passage.text_content()
    (announced,) = [node for node in page.iter("p") if node.get("lang") == "es"]
    assert announced.text == "En español, más abajo"


def test_who_vouches_for_a_call_stands_in_it() -> None:
    confirmed = Confirmed(
        by="Unión del Barrio",
        checked_at=time(15, 40),
        coordinators=2,
        again_before=time(17, 30),
    )
    mail = sent(blast(confirmed=confirmed))
    assert (
        "Confirmed by Unión del Barrio. Checked at 3:40 p.m. by two coordinators."
        " We will write again by 5:30 p.m. if anything changes."
    ) in words(mail.html)
    alone = replace(confirmed, by=None, coordinators=1, again_before=None)
    assert "Confirmed. Checked at 3:40 p.m. by a coordinator." in words(
        sent(blast(confirmed=alone)).html
    )


def test_what_a_coordinator_wrote_is_printed_with_its_links_numbered_in_text() -> None:
    body = (
        Paragraph(
            spans=(
                Span(words="Read "),
                Span(words="the plan ", url="https://example.org/plan"),
                Span(words="first", bold=True),
            )
        ),
        Bullets(items=(Paragraph(spans=(Span(words="water"),)),), numbered=True),
    )
    mail = sent(blast(version=replace(blast().version, body=body)))
    assert "Read the plan [1] first\n\n1. water\n\n[1] https://example.org/plan" in (
        mail.text
    )
    page = lxml_html.document_fromstring(mail.html)
    assert "https://example.org/plan" in links(mail.html)
    assert [item.text for item in page.iter("li")] == ["water"]
    assert "first" in [bold.text for bold in page.iter("b")]


@pytest.mark.parametrize(
    "url", ["http://example.org/", "javascript:alert(1)", "//example.org", "https://"]
)
def test_a_link_that_may_not_stand_in_mail_leaves_its_words(url: str) -> None:
    body = (Paragraph(spans=(Span(words="the plan", url=url),)),)
    message = blast(
        version=replace(blast().version, body=body),
        answer_url=url,
        occasion=Occasion(day=date(2019, 10, 10), calendar=url, directions=url),
    )
    mail = sent(message)
    assert url not in links(mail.html)
    assert url not in mail.text.split()
    assert "the plan" in words(mail.html)


HOSTILE = (
    "{{ 7*7 }}",
    "{% for x in y %}",
    "zq0000-leave-qz",
    "<script>alert(1)</script>",
    """a "quoted" 'name' & co""",
    "%(city)s 100%",
    "</td></table><!--[if mso]>",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_in_a_call_are_printed_as_they_were_written(hostile: str) -> None:
    version = Version(
        language="en",
        headline=(hostile,),
        reason=hostile,
        where=hostile,
        target=hostile,
        bring=hostile,
        body=(Paragraph(spans=(Span(words=hostile, bold=True),)),),
        answer=hostile,
    )
    confirmed = Confirmed(by=hostile, checked_at=time(9), coordinators=1)
    message = Blast(
        version=version,
        translation=replace(version, language="es"),
        answer_url=f"{BASE}/actions",
        confirmed=confirmed,
    )
    mail = sent(message)
    assert words(mail.html).replace("\N{NO-BREAK SPACE}", " ").count(hostile) >= 16
    assert " ".join(mail.text.split()).count(hostile) == 16
    assert "<script" not in mail.html
    cut(mail.html, NONCE, expected=("leave", "preferences", "reason_html"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(line=st.text(min_size=1, max_size=60), reason=st.text(max_size=200))
def test_no_words_whatsoever_break_a_call_or_its_slots(line: str, reason: str) -> None:
    version = Version(language="en", headline=("Now:", line), reason=reason)
    mail = sent(Blast(version=version, translation=replace(version, language="es")))
    cut(mail.html, NONCE, expected=("leave", "preferences", "reason_html"))
    cut(mail.text, NONCE, expected=("leave", "preferences", "reason_text"))
    assert not re.search("[\u202e\u0092\x00]", mail.html + mail.text + mail.subject)


def test_a_board_like_the_alarm_gets_a_bar_above_urgent_calls_only() -> None:
    def page(colour: str, urgency: Urgency) -> str:
        own = Branding(colour=Colour.read(colour))
        mail = MailRenderer(TEMPLATES, replace(BRAND, own=own), BASE)
        return mail.blast(blast(urgency=urgency), slots=SLOTS).html

    assert 'class="bar"' in page("#B3261E", Urgency.URGENT)
    assert 'class="bar"' not in page("#B3261E", Urgency.PLAIN)
    assert 'class="bar"' not in page("#174F6B", Urgency.URGENT)


# --- a coalition's own colour and footer


def test_a_dark_board_takes_white_letters_and_turns_the_week_strip_over() -> None:
    own = Branding(colour=Colour.read("#174F6B"))
    mail = MailRenderer(TEMPLATES, replace(BRAND, own=own), BASE)
    page = lxml_html.document_fromstring(SPECIMENS["digest"].letter(mail, "en").html)

    def style(name: str) -> str:
        cell = next(cell for cell in page.iter("td") if cell.get("class") == name)
        return re.sub(r"([:;]) ", r"\1", cell.get("style"))

    assert "background-color:#174F6B" in style("board")
    home = style("number home")
    assert "background-color:#FFFFFF" in home
    assert ";color:#174F6B" in home
    some = style("number some")
    assert "border:2px solid #FFFFFF" in some


def test_the_own_footer_stands_in_every_message_and_says_its_language() -> None:
    own = Branding(footer={"en": "Member of the statewide network."})
    renderer = MailRenderer(TEMPLATES, replace(BRAND, own=own), BASE)
    for specimen in SPECIMENS.values():
        mail = specimen.letter(renderer, "es")
        assert re.search(r'<p[^>]* lang="en"[^>]*>Member of the statewide', mail.html)
        assert "Member of the statewide network." in mail.text


def test_a_colour_changes_the_fingerprint_of_what_was_composed() -> None:
    own = Branding(colour=Colour.read("#174F6B"))
    other = MailRenderer(TEMPLATES, replace(BRAND, own=own), BASE)
    assert other.fingerprint("digest") != MAIL.fingerprint("digest")


# --- confirm


def asked(*, on_behalf: bool = True, language: str = "en") -> Rendered:
    confirmation = Confirmation(
        language=language, expires_on=date(2019, 10, 14), on_behalf=on_behalf
    )
    return MAIL.confirmation(confirmation, mailing_list=LIST, slots=QUESTION)


def test_the_question_holds_its_slots_and_no_other_link() -> None:
    mail = asked()
    html = cut(mail.html, NONCE, expected=("confirm", "address_html"))
    text = cut(mail.text, NONCE, expected=("confirm", "address_text"))
    assert set(html.slots) == {"confirm", "address_html", "organization_html"}
    assert set(text.slots) == {"confirm", "address_text", "organization_text"}
    assert set(links(mail.html)) == {f"{BASE}/c/{QUESTION['confirm']}"}


def test_an_organization_is_named_only_on_its_behalf() -> None:
    html = cut(asked(on_behalf=False).html, NONCE, expected=("confirm",))
    assert "organization_html" not in html.slots


def test_the_question_is_asked_in_both_languages_with_the_lists_name_in_each() -> None:
    for language, other, name in (("en", "es", "“Semanal”"), ("es", "en", "“Weekly”")):
        page = lxml_html.document_fromstring(asked(language=language).html)
        (passage,) = [node for node in page.iter("td") if node.get("lang") == other]
        assert name in passage.text_content()
        assert name not in page.find(".//h1").getparent().text_content()


@pytest.mark.parametrize("about", [*OWN, Kind.SUBSCRIBE, Kind.MOVE, Kind.SEAT])
def test_whoever_asked_by_a_link_of_theirs_is_asked_whether_it_was_they(
    about: Kind,
) -> None:
    confirmation = Confirmation(
        language="en",
        expires_on=date(2019, 10, 14),
        about=about,
        seat="Unión del Barrio",
    )

    mail = MAIL.confirmation(confirmation, mailing_list=LIST, slots=QUESTION)

    assert mail.text.startswith("Was that you?") is (about in OWN)
    assert ("¿Fue usted?" in mail.text) is (about in OWN)
    assert ("¿Es suya esta dirección?" in mail.text) is (about not in OWN)


@pytest.mark.parametrize("about", [Kind.SUBSCRIBE, Kind.ENDORSE, Kind.SUBMIT])
def test_the_question_names_every_list_that_a_press_joins(about: Kind) -> None:
    other = replace(LIST, titles={"en": "Rapid <response>", "es": "Ideas <ya>"})
    for language, names in (
        ("en", "“Weekly” and “Rapid <response>”"),
        ("es", "“Semanal” e “Ideas <ya>”"),
    ):
        confirmation = Confirmation(
            language=language,
            expires_on=date(2019, 10, 14),
            about=about,
            lists=(LIST, other),
        )
        mail = MAIL.confirmation(confirmation, mailing_list=LIST, slots=QUESTION)
        page = lxml_html.document_fromstring(mail.html).text_content()
        assert names in " ".join(page.split())
        assert names in " ".join(mail.text.split())


# --- notes


WORDINGS = tomllib.loads(
    (TEMPLATES / "email" / "note" / "wordings.toml").read_text("utf-8")
)


def test_every_kind_of_note_has_the_same_keys_and_blanks_in_both_languages() -> None:
    assert set(WORDINGS) == {kind.value for kind in NoteKind}
    for kind, by_language in WORDINGS.items():
        assert set(by_language) == {"en", "es"}, kind
        english, spanish = by_language["en"], by_language["es"]
        assert set(english) == set(spanish), kind
        for key in english:
            assert _blanks(english[key]) == _blanks(spanish[key]), (kind, key)


def _blanks(said: object) -> set[str]:
    return set(re.findall(r"\{([a-z_]+)\}", str(said)))


def note(kind: NoteKind = NoteKind.LEFT, **changes: object) -> Note:
    base = Note(kind=kind, language="en", names={"list": "Weekly"})
    return replace(base, **changes)  # type: ignore[arg-type]


def test_a_day_far_off_is_told_with_its_year() -> None:
    march = Occurrence(place="San Diego, CA", day=date(2019, 10, 12))
    for today, said in (
        (date(2019, 9, 1), "Saturday, October 12"),
        (date(2018, 12, 1), "Saturday, October 12, 2019"),
    ):
        told = note(NoteKind.ACTION_LISTED, occurrence=march.seen_from(today))
        mail = MAIL.note(told, slots={})
        assert mail.subject == f"Your action is listed: San Diego, CA, {said}"
        assert f"When {said} " in words(mail.html)


def test_a_note_without_an_address_to_press_has_no_button() -> None:
    mail = MAIL.note(note(), slots={})
    assert links(mail.html) == []
    assert "http" not in mail.text


def test_a_notes_link_may_be_a_slot() -> None:
    url = f"{BASE}/u/{SLOTS['leave']}"
    mail = MAIL.note(note(url=url), slots={"leave": SLOTS["leave"]})
    assert Counter(cut(mail.html, NONCE, expected=("leave",)).slots) == {"leave": 3}
    assert Counter(cut(mail.text, NONCE, expected=("leave",)).slots) == {"leave": 1}


def test_a_sentence_that_nothing_fills_is_left_out_of_a_note() -> None:
    changed = MAIL.note(note(NoteKind.PREFERENCES_CHANGED), slots={})
    assert "We have noted what you want" in changed.text
    assert "Weekly" not in changed.text
    told = {"list": "Weekly", "choice": "every second Monday"}
    whole = MAIL.note(note(NoteKind.PREFERENCES_CHANGED, names=told), slots={})
    assert "Weekly: every second Monday." in whole.text


def test_a_subject_that_nothing_fills_is_refused_by_name() -> None:
    with pytest.raises(
        TemplateError,
        match=r"wordings\.toml: \[still-right\.en\] subject: nothing fills",
    ):
        MAIL.note(note(NoteKind.STILL_RIGHT), slots={})


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_in_a_note_are_printed_as_they_were_written(hostile: str) -> None:
    occurrence = Occurrence(place=hostile, day=date(2019, 10, 12), venue=hostile)
    declined = note(NoteKind.ACTION_DECLINED, occurrence=occurrence, said=hostile)
    mail = MAIL.note(declined, slots={})
    assert hostile in mail.subject
    read = words(mail.html).replace("\N{NO-BREAK SPACE}", " ")
    assert read.count(hostile) == 3
    assert " ".join(mail.text.split()).count(hostile) == 3
    assert "<script" not in mail.html


# --- correction


def correction(**changes: object) -> Correction:
    item = SPECIMENS["digest"].sample.digest.near[0]
    item = replace(item, before=replace(item.facts, start_date=date(2019, 10, 11)))
    base = Correction(
        language="en",
        list_slug="weekly",
        edition="2019-10-07",
        sent_on=date(2019, 10, 7),
        items=(item,),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_a_correction_strikes_what_was_said_and_says_what_is_right() -> None:
    mail = MAIL.correction(correction(our_mistake=True), slots=SLOTS)
    read = words(mail.html)
    assert "Corrected" in read
    assert "We are sorry" in read
    assert "Was Friday, October 11 Now Saturday, October 12" in read
    page = lxml_html.document_fromstring(mail.html)
    assert [struck.text for struck in page.iter("s")] == ["Friday, October 11"]
    assert "WAS Friday, October 11\n  NOW Saturday, October 12" in mail.text
    assert "Our mail of October 7 was wrong" in mail.subject
    cut(mail.html, NONCE, expected=("leave", "preferences", "reason_html"))
    cut(mail.text, NONCE, expected=("leave", "preferences", "reason_text"))


def test_a_plan_that_changed_after_our_mail_is_no_mistake_of_ours() -> None:
    for language, sorry in (("en", "sorry"), ("es", "Lamentamos")):
        mail = MAIL.correction(correction(language=language), slots=SLOTS)
        for said in (mail.subject, mail.preheader, words(mail.html), mail.text):
            for blame in (sorry, "wrong", "error", "orrec"):
                assert blame not in said
    (item,) = correction().items
    off = replace(item, facts=replace(item.facts, status=ActionStatus.CANCELLED))
    gone = MAIL.correction(correction(items=(off,)), slots=SLOTS).subject
    assert gone == "San Diego: what our mail of October 7 announced is off"
    subject = MAIL.correction(correction(), slots=SLOTS).subject
    assert subject == "San Diego has changed since our mail of October 7"


def test_readers_report_an_action_by_the_form_where_somebody_reads_it() -> None:
    reads = MailRenderer(TEMPLATES, replace(BRAND, takes_plans=True), BASE)
    for name, language in itertools.product(("digest", "quiet"), ("en", "es")):
        form = f"{BASE}/share?lang={language}"
        mail = SPECIMENS[name].letter(reads, language)
        assert form in links(mail.html)
        assert form in mail.text
        assert "mailto:" not in mail.html
        plain = letter(name, language)
        assert form not in mail_of(plain)


def mail_of(mail: Rendered) -> str:
    return mail.html + mail.text


def test_a_correction_may_be_that_an_action_does_not_take_place() -> None:
    (item,) = correction().items
    off = replace(item.facts, status=ActionStatus.CANCELLED)
    mail = MAIL.correction(correction(items=(replace(item, facts=off),)), slots=SLOTS)
    assert "Cancelled" in words(mail.html)
    assert "CANCELLED: San Diego, CA" in mail.text
    assert "Corrected" not in words(mail.html)


def test_a_correction_of_words_alone_is_a_correction_too() -> None:
    mail = letter("correction", "en")
    assert "We said: Childcare is offered in every city." in words(mail.html)
    assert "WE SAID: Childcare is offered in every city." in mail.text


# --- the quiet week


def test_a_digest_with_nothing_to_tell_is_the_quiet_week() -> None:
    digest = replace(SPECIMENS["digest"].sample.digest, sections=())
    as_digest = MAIL.digest(digest, mailing_list=LIST, shown=35, slots=SLOTS)
    assert as_digest == MAIL.quiet(digest, slots=SLOTS)
    assert as_digest.subject == "A quiet week: no actions announced"


def test_mappings_of_words_are_escaped_in_urls_too() -> None:
    page = letter("quiet", "es").html
    assert "subject=Una%20acci%C3%B3n%20para" in unescape(page)
