"""View in browser: what everybody may read of an edition, and that nobody is in it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest

from mailer.core.model import ActionStatus, LocationVisibility
from tests.e2e.conftest import Shell
from tests.e2e.town import Copy, Town
from tests.factories import NINE, draft

EDITION = "/editions/weekly/2019-10-07"
WEEK = timedelta(weeks=1)
SAN_DIEGO = draft("San Diego", 12, external_id="1", title="March to the gates")
DENVER = draft("Denver", 13, external_id="2", start_time=NINE)
NEWARK = draft("Newark", 25, external_id="3")


@pytest.fixture
def town(shell: Shell) -> Iterator[Town]:
    """A weekly list whose archive is on, and its first edition."""
    shell.edit(
        "lists/weekly.toml", 'kind = "digest"', 'kind = "digest"\narchive = true'
    )
    town = Town(shell.folder)
    with town.open():
        town.settle()
        town.tell(SAN_DIEGO, DENVER, NEWARK)
        town.send()
        yield town


def test_an_edition_is_shown_with_all_of_its_actions_in_both_languages(
    town: Town,
) -> None:
    english, spanish = (
        Copy(town.get(f"{EDITION}?lang={x}").text) for x in ("en", "es")
    )

    for copy in (english, spanish):
        for place in ("San Diego, CA", "Denver, CO", "Newark, NJ"):
            assert place in copy.words
        assert "March to the gates" in copy.words
    assert "Three actions" in english.words
    assert "Tres acciones" in spanish.words
    assert "Public copy of the mail of October 7, 2019." in english.words
    assert "Copia pública del correo del 7 de octubre de 2019." in spanish.words


def test_nothing_in_a_copy_belongs_to_anybody(town: Town) -> None:
    page = town.get(EDITION).text
    copy = Copy(page)

    assert not [link for link in copy.links if re.search(r"/[upc]/|mailto:", link)]
    assert "zq" not in page
    for somebody in ("ana@", "ben@", "AFT 1931", "Leave this list"):
        assert somebody not in page
    assert "This is a public copy." in copy.words


def test_everything_a_copy_loads_is_ours_and_its_styles_are_in_sheets(
    town: Town,
) -> None:
    page = town.get(EDITION).text
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)

    assert "style=" not in page
    assert "<style" not in page
    assert len(sheets) == 2
    for sheet in sheets:
        answer = town.get(sheet)
        assert answer.headers["content-type"].startswith("text/css")
        assert "immutable" in answer.headers["cache-control"]
    assert (
        "immutable" not in town.get(f"{EDITION}/en.css?v=old").headers["cache-control"]
    )
    assert town.get(f"{EDITION}/xx.css").status_code == 404


def test_a_first_edition_calls_nothing_new_and_the_next_one_does(town: Town) -> None:
    town.now += WEEK
    town.tell(DENVER, NEWARK, draft("Anchorage", 20, external_id="4"))
    town.send()

    first, second = (
        Copy(town.get(f"/editions/weekly/2019-10-{day}").text) for day in ("07", "14")
    )

    assert " New " not in first.words
    assert second.words.count(" New ") == 1
    assert "New Anchorage, AK" in second.words


def test_what_changed_since_the_edition_before_is_told_as_in_the_mail(
    town: Town,
) -> None:
    town.now += WEEK
    moved = draft("Newark", 24, external_id="3")
    town.tell(SAN_DIEGO, DENVER, moved)
    town.send()

    copy = Copy(town.get("/editions/weekly/2019-10-14").text)

    assert "Was Friday, October 25 Now Thursday, October 24" in copy.words
    assert "Put right since" not in copy.words


def test_an_action_that_is_cancelled_later_is_cancelled_in_the_archive_too(
    town: Town,
) -> None:
    before = town.get(EDITION)
    town.now += timedelta(days=1)
    off = draft(
        "Denver", 13, external_id="2", start_time=NINE, status=ActionStatus.CANCELLED
    )
    town.tell(SAN_DIEGO, off, NEWARK)

    after = town.get(EDITION, If_None_Match=before.headers["etag"])
    words = Copy(after.text).words

    assert after.status_code == 200
    assert "Put right since. 1 action changed after this was mailed." in words
    assert "Denver, CO Cancelled" in words
    assert "Two actions" in words


def test_an_action_that_moves_later_says_when_it_is_now(town: Town) -> None:
    town.now += timedelta(days=1)
    town.tell(SAN_DIEGO, draft("Denver", 14, external_id="2", start_time=NINE), NEWARK)

    words = Copy(town.get(EDITION).text).words

    assert "Denver, CO now Monday, October 14, 2019, 9:00 a.m." in words
    assert "Was Sunday, October 13 Now Monday, October 14" in words


def test_a_place_that_is_hidden_later_is_not_told_by_the_archive(town: Town) -> None:
    town.now += timedelta(hours=1)
    seen = draft("San Diego", 12, external_id="1", venue="Ana's kitchen")
    town.tell(seen, DENVER, NEWARK)
    town.send(edition="2019-10-08")
    town.now += timedelta(hours=1)
    hidden = draft(
        "San Diego",
        15,
        external_id="1",
        venue="Ana's kitchen",
        location_visibility=LocationVisibility.CITY_ONLY,
    )
    town.tell(hidden, DENVER, NEWARK)

    for day in ("07", "08"):
        page = town.get(f"/editions/weekly/2019-10-{day}").text
        assert "San Diego" in page
        assert "kitchen" not in page


def test_the_mail_leads_to_its_copy_in_its_own_language(town: Town) -> None:
    messages = [
        file.read_text("utf-8")
        for file in sorted((town.project.folder / "outbox").rglob("*.html"))
    ]
    found = {
        link.partition("/editions")[2]
        for message in messages
        for link in re.findall(r'href="([^"]+/editions/[^"]+)"', unescape(message))
    }

    assert found == {f"/weekly/2019-10-07?lang={x}" for x in ("en", "es")}
    assert all(town.get(f"/editions{path}").status_code == 200 for path in found)
    assert "Read this on the web" not in town.get(EDITION).text


def test_a_list_is_private_unless_its_file_says_otherwise(shell: Shell) -> None:
    with Town(shell.folder).open() as town:
        town.settle()
        town.tell(SAN_DIEGO)
        town.send()

        for path in (EDITION, f"{EDITION}/en.css", "/editions", "/feeds/editions.atom"):
            assert town.get(path).status_code == 404
        assert "/editions" not in town.get("/actions").text


def test_private_missing_and_unsent_editions_answer_alike(town: Town) -> None:
    plan_only = town.project.mailing_list("weekly")
    town.now += WEEK
    town.project.ledger.make(
        list_slug=plan_only.slug,
        edition="2019-10-14",
        kind="digest",
        state="planned",
        reason=None,
        due_at=town.now,
        as_of=town.now,
        until=town.now + WEEK,
        planned_at=town.now,
    )
    answers = [
        town.get(f"/editions/{path}")
        for path in ("weekly/2019-10-14", "weekly/2001-01-01", "urgent/x", "no/x")
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("indexed", ["false", "true"])
def test_search_engines_stay_away_unless_the_list_lets_them_in(
    shell: Shell, indexed: str
) -> None:
    more = f"archive = true\nsearch_engines = {indexed}"
    shell.edit("lists/weekly.toml", 'kind = "digest"', f'kind = "digest"\n{more}')
    with Town(shell.folder).open() as town:
        town.settle()
        town.tell(SAN_DIEGO)
        town.send()

        for path in (EDITION, "/editions"):
            answer = town.get(path)
            assert answer.status_code == 200
            is_hidden = indexed == "false"
            assert ("noindex" in answer.text) is is_hidden
            assert (answer.headers.get("x-robots-tag") == "noindex") is is_hidden


def test_the_index_leads_to_every_edition(town: Town) -> None:
    town.now += WEEK
    town.send()

    links = Copy(town.get("/editions").text).links

    ours = [link for link in links if link.startswith("/editions/")]
    assert ours == [
        "/editions/weekly/2019-10-14?lang=en",
        "/editions/weekly/2019-10-07?lang=en",
    ]
    assert {town.get(link).status_code for link in ours} == {200}


def test_a_blast_is_shown_as_it_was_mailed_with_its_styles_in_a_sheet(
    shell: Shell,
) -> None:
    shell.edit("lists/urgent.toml", 'kind = "blast"', 'kind = "blast"\narchive = true')
    with Town(shell.folder).open() as town:
        town.blast("raid-in-vista", "blast-urgent")

        english, spanish = (
            town.get(f"/editions/urgent/raid-in-vista?lang={x}") for x in ("en", "es")
        )
        index = Copy(town.get("/editions").text)

        for answer in (english, spanish):
            copy = Copy(answer.text)
            assert "This is a public copy." in copy.words or "copia" in copy.words
            assert not [x for x in copy.links if re.search(r"/[upc]/|mailto:", x)]
        assert "Urgent" in Copy(english.text).words
        assert english.text != spanish.text
        assert town.subjects["en"] in index.words


def test_an_edition_that_nothing_happened_to_is_not_sent_again(town: Town) -> None:
    first = town.get(EDITION, Accept_Language="es")

    by_tag = town.get(
        EDITION, Accept_Language="es", If_None_Match=first.headers["etag"]
    )
    other = town.get(EDITION, Accept_Language="en", If_None_Match=first.headers["etag"])

    assert (by_tag.status_code, by_tag.content) == (304, b"")
    assert by_tag.headers["etag"] == first.headers["etag"]
    assert by_tag.headers["x-robots-tag"] == "noindex"
    assert other.status_code == 200
    assert first.headers["vary"] == "Accept-Language"
