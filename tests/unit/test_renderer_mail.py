"""The digest as mail: what every reader is promised, whatever people wrote."""

import itertools
import re
from collections import Counter
from dataclasses import replace
from datetime import date, time, timedelta
from html import unescape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from lxml import html as lxml_html

from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.sample import Sample, read_sample
from mailer.core import lists
from mailer.core.digest import Digest, Item, ItemKind, Section, SectionKind
from mailer.core.envelope import cut, markers
from mailer.core.errors import TemplateError
from mailer.core.model import ActionStatus, LocationVisibility, Sponsor
from mailer.ports import Rendered

TEMPLATES = Path(__file__).parents[2] / "templates"
WEEKLY = lists.parse({"title": "Weekly"}, file="weekly.toml", slug="weekly")
SLOTS = markers("5ec2e7")
BASE = "https://mail.example.org"
SAMPLE = read_sample(TEMPLATES / "email" / "digest" / "sample.json")


def renderer(sample: Sample = SAMPLE, **brand: object) -> MailRenderer:
    return MailRenderer(TEMPLATES, replace(sample.brand, **brand), BASE)  # type: ignore[arg-type]


MAIL = renderer()


def rendered(digest: Digest, *, shown: int = 35, mail: MailRenderer = MAIL) -> Rendered:
    return mail.digest(digest, mailing_list=WEEKLY, shown=shown, slots=SLOTS)


def words(page: str) -> str:
    """What a reader of the HTML reads, on one line."""
    body = lxml_html.document_fromstring(page).find("body")
    return " ".join(" ".join(body.itertext()).split())


def links(page: str) -> list[str]:
    return [link for *_, link, _ in lxml_html.document_fromstring(page).iterlinks()]


def near(*items: Item) -> Digest:
    section = Section(kind=SectionKind.NEAR, items=items)
    return replace(SAMPLE.digest, sections=(section,))


def changed(item: Item, **facts: object) -> Digest:
    """A digest in which one action became what these facts say."""
    now = replace(item.facts, **facts)  # type: ignore[arg-type]
    kind = ItemKind.CANCELLED if now.status.is_off else ItemKind.CHANGED
    item = replace(item, kind=kind, before=item.facts, facts=now)
    section = Section(kind=SectionKind.CHANGES, items=(item,))
    return replace(SAMPLE.digest, sections=(section,))


def an_item(**facts: object) -> Item:
    item = replace(SAMPLE.digest.near[0], kind=ItemKind.COMING)
    return replace(item, facts=replace(item.facts, **facts))  # type: ignore[arg-type]


def october() -> Digest:
    """27 actions with 159 sponsorships, as in October 2019."""
    extra = [
        an_item(
            start_date=date(2019, 10, 9), sponsors=tuple(map(_sponsor, "A" * number))
        )
        for number in (1, 4)
    ]
    sections = (
        *SAMPLE.digest.sections,
        Section(kind=SectionKind.COUNTRY, items=tuple(extra)),
    )
    return replace(SAMPLE.digest, sections=sections)


def _sponsor(letter: str) -> Sponsor:
    return Sponsor(name=letter * 30)


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_slot_is_printed_in_both_parts_and_the_mail_can_be_cut_there(
    language: str,
) -> None:
    mail = rendered(SAMPLE.in_language(language))
    html = cut(mail.html, "5ec2e7", expected=("leave", "preferences", "reason_html"))
    text = cut(mail.text, "5ec2e7", expected=("leave", "preferences", "reason_text"))
    assert Counter(html.slots) == {"leave": 2, "preferences": 2, "reason_html": 1}
    assert Counter(text.slots) == {"leave": 2, "preferences": 2, "reason_text": 1}


def test_one_can_leave_near_the_top_even_where_gmail_clips_the_foot() -> None:
    page = rendered(SAMPLE.digest).html
    assert page.index(f"{BASE}/u/{SLOTS['leave']}") < page.index("<h2")


def test_27_actions_with_159_sponsorships_stay_far_below_where_gmail_clips() -> None:
    digest = october()
    facts = [item.facts for item in (*digest.upcoming, *digest.changes)]
    assert sum(len(f.sponsors) for f in facts) >= 159
    page = rendered(digest).html
    assert len(page.encode()) < 70_000
    assert max(map(len, page.encode().splitlines())) < 5_000


@pytest.mark.parametrize("language", ["en", "es"])
def test_html_and_plain_text_lead_to_the_same_places(language: str) -> None:
    mail = rendered(SAMPLE.in_language(language), shown=12)
    in_text = set(re.findall(r"https://\S+", mail.text))
    in_html = set(links(mail.html))
    assert in_text <= in_html
    compact = {link for link in in_html if link.endswith(".ics")}
    assert {link for link in in_html - compact if link.startswith("https")} <= in_text


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
def test_hostile_words_are_printed_as_they_were_written(hostile: str) -> None:
    item = an_item(
        title=hostile,
        venue=hostile,
        target=hostile,
        description=hostile,
        note=hostile,
        sponsors=(Sponsor(name=hostile),),
    )
    mail = rendered(near(item))
    assert words(mail.html).count(hostile) == 6
    assert mail.text.count(hostile) == 6
    assert "<script" not in mail.html
    cut(mail.html, "5ec2e7", expected=("leave", "preferences", "reason_html"))


def test_characters_that_turn_or_hide_text_are_taken_out() -> None:
    item = an_item(venue="Chicano\u202e\u0092\x00 Park\r\n.\n", title=None)
    mail = rendered(near(item))
    for part in (mail.html, mail.text):
        assert "Chicano Park ." in part
        assert not re.search("[\u202e\u0092\x00]", part)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(title=st.text(max_size=80), city=st.text(min_size=1, max_size=40))
def test_no_words_whatsoever_break_a_mail_or_its_slots(title: str, city: str) -> None:
    item = an_item(title=title)
    place = replace(item.facts.place, locality=city, label=city)
    mail = rendered(near(replace(item, facts=replace(item.facts, place=place))))
    cut(mail.html, "5ec2e7", expected=("leave", "preferences", "reason_html"))
    cut(mail.text, "5ec2e7", expected=("leave", "preferences", "reason_text"))
    assert "\n" not in mail.subject
    assert len(mail.preheader) <= 110


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "javascript:alert(1)",
        "//example.org",
        "https://",
        "https://[",
        'https://example.org/"onclick="x',
        "https://example.org/a b",
    ],
)
def test_only_a_proper_https_link_replaces_our_own_page(url: str) -> None:
    item = an_item(url=url)
    assert f"{BASE}/actions/{item.public_id}" in links(rendered(near(item)).html)
    assert url not in links(rendered(near(item)).html)


def test_a_link_of_an_organizer_is_used_with_its_query() -> None:
    url = "https://example.org/rsvp?a=1&b=2"
    mail = rendered(near(an_item(url=url)))
    assert url in links(mail.html)
    assert url in mail.text.split()


def test_a_private_address_is_in_neither_part() -> None:
    for hidden in (LocationVisibility.CITY_ONLY, LocationVisibility.RSVP_ONLY):
        item = an_item(
            venue="Secret House", address="1 Hidden St", location_visibility=hidden
        )
        for digest in (near(item), changed(item, start_date=date(2019, 10, 20))):
            mail = rendered(digest)
            assert not re.search("Secret|Hidden", mail.html + mail.text)


def test_a_change_says_what_was_and_what_is_now() -> None:
    moved = changed(an_item(), start_date=date(2019, 10, 20), start_time=time(18, 30))
    mail = rendered(moved)
    assert "Was Saturday, October 12 Now Sunday, October 20" in words(mail.html)
    assert "WAS Saturday, October 12\n  NOW Sunday, October 20" in mail.text
    assert (
        "WAS 10:00\N{NO-BREAK SPACE}a.m.\n  NOW 6:30\N{NO-BREAK SPACE}p.m." in mail.text
    )
    assert "CHANGED: San Diego, CA" in mail.text
    spanish = rendered(replace(moved, language="es")).text
    assert "ANTES el sábado 12 de octubre\n  AHORA el domingo 20 de octubre" in spanish


@pytest.mark.parametrize(
    ("status", "badge"),
    [(ActionStatus.CANCELLED, "Cancelled"), (ActionStatus.POSTPONED, "Postponed")],
)
def test_what_is_off_is_struck_and_says_so_in_words(
    status: ActionStatus, badge: str
) -> None:
    mail = rendered(changed(an_item(), status=status))
    page = lxml_html.document_fromstring(mail.html)
    assert [struck.text for struck in page.iter("s")] == ["12", "San Diego, CA"]
    assert badge in words(mail.html)
    assert f"{badge.upper()}: San Diego, CA" in mail.text
    assert mail.subject == "One change, no new actions: week of October 7"


def test_what_still_stands_in_the_same_city_is_offered_instead() -> None:
    mail = rendered(SAMPLE.digest)
    assert "Still on in Sacramento: Wednesday, October 16" in words(mail.html)
    assert "Still on in Sacramento: Wednesday, October 16\n  https://" in mail.text


def test_what_was_not_known_is_told_without_a_was() -> None:
    unknown = an_item(start_time=None, venue=None)
    read = words(rendered(changed(unknown, start_time=time(9), venue="Pier")).html)
    assert "New time: 9:00 a.m." in read
    assert "New place: Pier" in read
    assert "Was" not in read


def test_an_action_that_is_on_again_says_that_it_was_cancelled() -> None:
    off = an_item(status=ActionStatus.CANCELLED)
    mail = rendered(changed(off, status=ActionStatus.CONFIRMED))
    assert "On again" in words(mail.html)
    assert "Was cancelled, is on again" in words(mail.html)


def test_a_first_edition_has_no_badges_because_everything_is_new() -> None:
    item = replace(an_item(), kind=ItemKind.NEW)
    later = near(item)
    assert "NEW: " in rendered(later).text
    assert "NEW: " not in rendered(replace(later, first=True)).text
    assert 'class="badge' not in rendered(replace(later, first=True)).html


def test_unknown_facts_leave_no_empty_rows() -> None:
    bare = an_item(start_time=None, venue=None, address=None, target=None, sponsors=())
    read = words(rendered(near(bare)).html)
    assert not re.search(r"Time|Place|Target|TBD|None", read)


def test_four_sponsors_are_named_and_the_others_counted() -> None:
    names = [f"Group {number}" for number in range(1, 29)]
    many = an_item(sponsors=tuple(Sponsor(name=name) for name in names))
    five = an_item(sponsors=many.facts.sponsors[:5])
    assert "Group 1, Group 2, Group 3, Group 4 and 24 more" in rendered(near(many)).text
    assert "Group 3, Group 4 and Group 5" in rendered(near(five)).text


def test_how_many_more_sponsors_there_are_stays_on_one_line() -> None:
    names = [f"Organization {number}" for number in range(1, 29)]
    page = rendered(near(an_item(sponsors=tuple(Sponsor(name=n) for n in names)))).html
    assert "Organization 4 and\N{NO-BREAK SPACE}24\N{NO-BREAK SPACE}more<" in page


def test_each_of_several_changes_stands_apart_from_the_next() -> None:
    moved = changed(an_item(), start_date=date(2019, 10, 20), start_time=time(18, 30))
    page = lxml_html.document_fromstring(rendered(moved).html)
    told = [
        half.getparent().get("class")
        for half in page.iter("span")
        if half.get("class") == "half"
    ]
    assert told == [None, "gap"]


def test_what_is_beyond_the_limit_becomes_one_line_with_a_link() -> None:
    mail = rendered(SAMPLE.digest, shown=20)
    assert "Four more actions are on our site." in words(mail.html)
    assert f"{BASE}/actions" in links(mail.html)
    assert "Burlington" not in words(mail.html)
    assert "24 actions" in mail.subject


def test_words_in_another_language_are_marked_and_names_are_not() -> None:
    item = an_item(title="Marcha por la dignidad", language="es")
    page = lxml_html.document_fromstring(rendered(near(item)).html)
    marked = [node.text for node in page.iter() if node.get("lang") == "es"]
    assert "Marcha por la dignidad" in marked
    assert "Unión del Barrio" not in marked


def test_a_note_that_exists_only_in_another_language_is_marked() -> None:
    mail = renderer(note={"es": "Nos vemos en la calle."}, signature={})
    page = rendered(SAMPLE.digest, mail=mail).html
    assert re.search(r'<p class="letter" lang="es"[^>]*>Nos vemos', page)


def test_headings_step_down_without_a_gap() -> None:
    page = lxml_html.document_fromstring(rendered(SAMPLE.digest).html)
    levels = [int(n.tag[1]) for n in page.iter("h1", "h2", "h3")]
    assert levels.count(1) == 1
    assert all(now - last <= 1 for last, now in itertools.pairwise(levels))


def test_every_layout_table_is_one_to_the_eye_only() -> None:
    page = lxml_html.document_fromstring(rendered(SAMPLE.digest).html)
    assert {table.get("role") for table in page.iter("table")} == {"presentation"}


def test_rules_for_phones_and_dark_mode_survive_inlining() -> None:
    page = rendered(SAMPLE.digest).html
    assert "@media (max-width: 480px)" in page
    assert "@media (prefers-color-scheme: dark)" in page
    assert page.count("!important") == page.count(" !important") > 30
    assert "font-family: Arial, sans-serif !important" in page


def test_the_calendar_link_of_each_row_names_its_action() -> None:
    page = lxml_html.document_fromstring(rendered(SAMPLE.digest).html)
    named = [
        a.get("aria-label") for a in page.iter("a") if a.get("href").endswith(".ics")
    ]
    assert len(named) == len(set(named)) == 24


def test_distance_is_told_where_near_is_not_the_own_city() -> None:
    item = an_item()
    vista = replace(item.facts.place, label="Chula Vista, CA", locality="Chula Vista")
    away = replace(item, distance_km=19.3, facts=replace(item.facts, place=vista))
    mail = rendered(near(away))
    assert "12 miles from San Diego" in words(mail.html)
    assert mail.subject == "One action near San Diego: week of October 7"


def test_an_action_over_several_days_says_until_when() -> None:
    mail = rendered(near(an_item(end_date=date(2019, 10, 14))))
    assert "Until Monday, October 14" in words(mail.html)


def test_a_night_is_no_second_day_and_an_hour_is_no_span() -> None:
    night = an_item(start_time=time(22), end_time=time(2), end_date=date(2019, 10, 13))
    text = rendered(near(night)).text
    assert "Time: 10:00\N{NO-BREAK SPACE}p.m. to 2:00\N{NO-BREAK SPACE}a.m." in text
    assert "Until" not in text
    camp = replace(night, facts=replace(night.facts, end_time=time(12)))
    assert "Until Sunday, October 13" in rendered(near(camp)).text
    hour = rendered(near(an_item(start_time=time(14), end_time=time(14)))).text
    assert "Time: 2:00\N{NO-BREAK SPACE}p.m.\n" in hour


def _unlocated() -> Digest:
    country = Section(kind=SectionKind.COUNTRY, items=SAMPLE.digest.upcoming)
    return replace(SAMPLE.digest, reader=None, sections=(country,))


def _far() -> Digest:
    kept = (SectionKind.REGION, SectionKind.COUNTRY)
    sections = tuple(s for s in SAMPLE.digest.sections if s.kind in kept)
    return replace(SAMPLE.digest, sections=sections)


@pytest.mark.parametrize(
    ("digest", "headline", "subject"),
    [
        (
            SAMPLE.digest,
            "24 actions. Two in San Diego.",
            "24 actions, two in San Diego: week of October 7",
        ),
        (
            SAMPLE.in_language("es"),
            "24 acciones. Dos en San Diego.",
            "24 acciones, dos en San Diego: semana del 7 de octubre",
        ),
        (
            _far(),
            "22 actions. Nearest: Los Angeles.",
            "22 actions, nearest in Los Angeles: week of October 7",
        ),
        (
            _unlocated(),
            "24 actions, from Anchorage to Hartford.",
            "24 actions across the country: week of October 7",
        ),
        (
            near(an_item()),
            "One action, here in San Diego.",
            "One action in San Diego: week of October 7",
        ),
        (
            replace(near(an_item()), language="es"),
            "Una acción, aquí en San Diego.",
            "Una acción en San Diego: semana del 7 de octubre",
        ),
        (
            replace(SAMPLE.digest, sections=()),
            "A quiet week.",
            "A quiet week: no actions announced",
        ),
    ],
)
def test_the_board_and_the_subject_say_the_same_in_few_words(
    digest: Digest, headline: str, subject: str
) -> None:
    mail = rendered(digest)
    board = lxml_html.document_fromstring(mail.html).find(".//h1")
    assert " ".join(board.itertext()) == headline
    assert mail.text.startswith(f"{headline}\n")
    assert mail.subject == subject
    assert len(mail.subject) <= 65
    assert 60 <= len(mail.preheader) <= 110


def test_a_quiet_week_is_said_honestly_and_asks_for_news() -> None:
    mail = rendered(replace(SAMPLE.digest, sections=()))
    assert "No actions are announced" in words(mail.html)
    assert any(
        link.startswith("mailto:actions@example.org?subject=An%20action")
        for link in links(mail.html)
    )


def test_the_week_strip_counts_what_is_near_and_what_comes_after_sunday() -> None:
    read = words(rendered(SAMPLE.digest).html)
    assert "Eight more after Sunday." in read
    earlier = replace(SAMPLE.digest, week_of=SAMPLE.digest.week_of - timedelta(days=14))
    assert "None this week; 24 later." in words(rendered(earlier).html)


@pytest.mark.parametrize(
    ("language", "organization", "day", "sentence"),
    [
        (
            "en",
            "Unión del Barrio",
            date(2019, 9, 3),
            (
                "You get this because Unión del Barrio asked for it on September 3,"
                " 2019."
            ),
        ),
        (
            "es",
            "R&D <b>",
            date(2019, 9, 3),
            ("Reciben este correo porque R&D <b> lo pidió el 3 de septiembre de 2019."),
        ),
        ("en", "DSA", None, "You get this because DSA asked for it."),
        ("en", None, None, "You get this because you signed up for it."),
        (
            "es",
            None,
            date(2019, 9, 3),
            ("Reciben este correo porque lo pidieron el 3 de septiembre de 2019."),
        ),
    ],
)
def test_the_reason_is_one_sentence_of_plain_text(
    language: str, organization: str | None, day: date | None, sentence: str
) -> None:
    assert MAIL.reason(language, organization, day) == sentence


def test_the_text_part_keeps_to_72_columns_but_for_links_and_the_reason() -> None:
    lines = rendered(SAMPLE.digest).text.splitlines()
    long = [line for line in lines if len(line) > 72 and "https://" not in line]
    assert long == []
    assert lines.count("-- ") == 1


def _copied(folder: Path) -> Path:
    for file in TEMPLATES.rglob("*"):
        if file.is_file():
            copy = folder / file.relative_to(TEMPLATES)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    return folder


@pytest.mark.parametrize(
    ("broken", "line"),
    [("{{ view.nothing }}", 2), ("{% if %}", 2), ("{{ 1 / 0 }}", 2)],
)
def test_a_mistake_in_a_template_is_named_with_file_and_line(
    tmp_path: Path, broken: str, line: int
) -> None:
    folder = _copied(tmp_path / "templates")
    (folder / "email" / "digest" / "body.txt").write_text(f"fine\n{broken}\n")
    mail = MailRenderer(folder, SAMPLE.brand, BASE)
    with pytest.raises(TemplateError, match=rf"digest/body\.txt, line {line}: "):
        rendered(SAMPLE.digest, mail=mail)


def test_a_mistake_in_a_shared_piece_is_named_where_it_stands(tmp_path: Path) -> None:
    folder = _copied(tmp_path / "project")
    piece = folder / "email" / "_design" / "words.txt"
    source = piece.read_text("utf-8")
    broken = source.replace("view.this_week", "view.this_wek")
    piece.write_text(broken, "utf-8")
    line = 1 + broken[: broken.index("view.this_wek")].count("\n")
    mail = MailRenderer(folder, SAMPLE.brand, BASE)
    with pytest.raises(TemplateError, match=rf"words\.txt, line {line}: .*this_wek"):
        rendered(SAMPLE.digest, mail=mail)


def test_a_style_that_a_browser_needs_a_network_for_is_never_fetched(
    tmp_path: Path,
) -> None:
    folder = _copied(tmp_path / "templates")
    page = folder / "email" / "digest" / "body.html"
    linked = '<tr><td><link rel="stylesheet" href="http://127.0.0.1:1/x.css"></td></tr>'
    page.write_text(
        page.read_text("utf-8").replace(
            "{% block content %}", "{% block content %}" + linked
        ),
        "utf-8",
    )
    mail = MailRenderer(folder, SAMPLE.brand, BASE)
    assert "127.0.0.1:1/x.css" in rendered(SAMPLE.digest, mail=mail).html


def test_the_fingerprint_changes_with_whatever_shapes_a_mail(tmp_path: Path) -> None:
    folder = _copied(tmp_path / "templates")
    before = MailRenderer(folder, SAMPLE.brand, BASE).fingerprint("digest")
    assert MailRenderer(folder, SAMPLE.brand, BASE).fingerprint("digest") == before
    seen = {before}
    for name in (
        "email/digest/body.txt",
        "email/_design/styles.html",
        "translations/es.po",
    ):
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write("\n")
        seen.add(MailRenderer(folder, SAMPLE.brand, BASE).fingerprint("digest"))
    other = replace(SAMPLE.brand, name="Another coalition")
    seen.add(MailRenderer(folder, other, BASE).fingerprint("digest"))
    assert len(seen) == 5


def test_a_list_whose_template_is_missing_is_told_which_there_are() -> None:
    with pytest.raises(TemplateError, match=r"must be one of .*digest"):
        MAIL.fingerprint("weekly")
    other = replace(WEEKLY, template="weekly")
    with pytest.raises(TemplateError, match="there is no template email/weekly"):
        MAIL.digest(SAMPLE.digest, mailing_list=other, shown=35, slots=SLOTS)


def test_what_people_wrote_is_read_back_unescaped_once() -> None:
    page = rendered(near(an_item(title="Q&amp;A & more"))).html
    assert "Q&amp;amp;A &amp; more" in page
    assert "Q&amp;A & more" in unescape(page)


def test_a_week_in_which_everything_changed_ends_in_a_link_to_the_rest() -> None:
    moved = [
        replace(
            item,
            kind=ItemKind.CHANGED,
            before=item.facts,
            facts=replace(item.facts, start_date=item.facts.start_date + timedelta(1)),
        )
        for item in SAMPLE.digest.upcoming
    ]
    digest = replace(
        SAMPLE.digest,
        sections=(Section(kind=SectionKind.CHANGES, items=tuple(moved)),),
    )

    mail = MAIL.digest(
        digest, mailing_list=WEEKLY, shown=0, changes_shown=3, slots=SLOTS
    )

    assert words(mail.html).count("Was") == 3
    for part in (words(mail.html), mail.text):
        assert f"{len(moved) - 3} more actions changed" in part
        assert f"{len(moved)} actions changed since your last digest" in part
    assert f"{BASE}/actions" in mail.text
