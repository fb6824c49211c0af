"""Changing what comes, over real HTTP."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from mailer.core.tokens import Purpose
from tests.fakes.site import UID, URGENT, Site, a_reader, a_site, served

SPANISH_NOTES = {"language": "es", "quiet_weeks": "yes"}


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with served(a_site()) as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    running.readers.people.clear()
    running.readers.add(a_reader())
    return running


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url) as client:
        yield client


def test_the_page_shows_what_is_chosen_now(site: Site, client: httpx.Client) -> None:
    site.readers.add(replace(site.here, language="es", quiet_weeks=True))

    page = client.get(f"{site.preferences}?lang=en").text

    assert 'name="language" value="es" checked' in page
    assert 'name="quiet_weeks" value="yes" checked' in page
    assert page.count("checked") == 2


def test_saving_stores_the_choice_and_says_what_comes_next(
    site: Site, client: httpx.Client
) -> None:
    page = client.post(
        site.preferences, data={"language": "en", "quiet_weeks": "yes"}
    ).text

    assert site.here.quiet_weeks
    assert "The next “Weekly actions” comes Monday, October 14, in English." in page


def test_the_answer_is_in_the_language_that_was_just_chosen(
    site: Site, client: httpx.Client
) -> None:
    page = client.post(f"{site.preferences}?lang=en", data=SPANISH_NOTES).text

    assert site.here.language == "es"
    assert "llega el lunes 14 de octubre, en español." in page


def test_a_list_without_a_cadence_promises_no_day(
    site: Site, client: httpx.Client
) -> None:
    site.readers.add(a_reader(list_number=URGENT))
    token = site.token(Purpose.PREFERENCES, list_number=URGENT)

    page = client.post(f"/p/{token}", data={"language": "en", "quiet_weeks": "no"}).text

    assert "“Urgent calls” comes in English, when there is need." in page


def test_somebody_who_has_left_is_promised_nothing(
    site: Site, client: httpx.Client
) -> None:
    site.readers.add(replace(site.here, active=False))

    page = client.post(site.preferences, data={**SPANISH_NOTES, "language": "en"}).text

    assert "You are not on “Weekly actions”, so nothing comes." in page
    assert 'value="undo"' in page


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"language": "en"},
        {"quiet_weeks": "no"},
        {"language": "tlh", "quiet_weeks": "no"},
        {"language": "es", "quiet_weeks": "perhaps"},
    ],
)
def test_an_incomplete_form_changes_nothing_and_says_what_to_do(
    site: Site, client: httpx.Client, data: dict[str, str]
) -> None:
    before = site.here

    answer = client.post(site.preferences, data=data)

    assert answer.status_code == 422
    assert "Choose a language" in answer.text
    assert site.here == before


def test_the_page_leads_to_leaving_this_list(site: Site, client: httpx.Client) -> None:
    assert f'action="{site.leave}"' in client.get(site.preferences).text


def test_every_bad_link_gets_the_same_page_and_changes_nothing(
    site: Site, client: httpx.Client
) -> None:
    tokens = [
        site.token(Purpose.LEAVE),
        site.token(Purpose.PREFERENCES)[:-1],
        site.keyring.sign(Purpose.PREFERENCES, b"x" * 16, 1),
        site.keyring.sign(Purpose.PREFERENCES, UID, 77),
    ]
    before = dict(site.readers.people)

    shown = {client.get(f"/p/{token}").content for token in tokens}
    saved = {
        client.post(f"/p/{token}", data=data).content
        for token in tokens
        for data in (SPANISH_NOTES, {})
    }

    assert len(shown) == len(saved) == 1
    assert site.readers.people == before
