"""Mailings as coordinators watch and stop them: at a desk, and on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from mailer.core.roles import Role
from tests.browser.barriers import barriers
from tests.browser.test_console import enter, opened
from tests.browser.visiting import look, press
from tests.databases import migrated_file
from tests.e2e.conftest import Shell, copied, initial
from tests.e2e.coordinators import House
from tests.e2e.sendings import BATCH, MONDAY, Sendings, prepared
from tests.e2e.test_console_mailings import full, parked

__all__ = ["initial", "migrated_file"]
ROSA = "rosa@union.example"
PEOPLE = 3 * BATCH


@pytest.fixture(scope="module")
def house(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = prepared(copied(initial, tmp_path_factory.mktemp("watched")))
    house = House(shell.folder, named="localhost")
    house.now = MONDAY
    with house.open():
        house.person(ROSA, list(Role))
        yield house


@pytest.fixture
def sendings(house: House) -> Iterator[Sendings]:
    made = Sendings(house)
    yield made
    made.end()


def test_a_mailing_is_watched_to_its_end_and_its_report_stands_there_by_itself(
    chromium: Browser, house: House, sendings: Sendings
) -> None:
    mailing = sendings.digest(PEOPLE)
    with opened(chromium) as page:
        enter(page.context, house, ROSA)
        page.goto(f"{house.url}/console")
        expect(page.locator("[data-mailing] .big")).to_have_text("0")
        sendings.send(mailing, 1)
        expect(page.locator("[data-mailing] .big")).to_have_text("10")
        page.locator("article a").first.click()
        bar = page.get_by_role("progressbar")
        expect(bar).to_have_attribute("aria-valuenow", "10")
        sendings.send(mailing, 1)
        expect(bar).to_have_attribute("aria-valuenow", "20")
        expect(page.locator("[data-age]")).to_contain_text("updated")
        expect(page.locator("[data-stale]")).to_be_hidden()
        sendings.send(mailing, 1)

        expect(page.get_by_role("heading", name="Report", exact=True)).to_be_visible()
        expect(page.locator(".state .badge")).to_have_text("Done")
        assert page.get_by_role("link", name="Pause").count() == 0


def test_figures_that_nobody_could_renew_are_said_to_be_old(
    chromium: Browser, house: House, sendings: Sendings
) -> None:
    mailing = sendings.digest(PEOPLE)
    with opened(chromium, width=375, fresh=True) as page:
        page.clock.install()
        enter(page.context, house, ROSA)
        page.goto(f"{house.url}/console/mailings/{mailing.id}")
        note = page.locator("[data-stale]")
        expect(page.locator("[data-age]")).to_contain_text("updated")
        page.clock.fast_forward(20_000)
        expect(note).to_contain_text("seconds old")
        sendings.send(mailing, 1)
        expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "10")

        expect(note).to_be_hidden()


def test_a_phone_without_scripts_stops_a_mailing_at_two_presses(
    chromium: Browser, house: House, sendings: Sendings
) -> None:
    mailing = sendings.digest(PEOPLE)
    sendings.send(mailing, 1)
    with opened(chromium, width=375, script=False) as page:
        enter(page.context, house, ROSA)
        page.goto(f"{house.url}/console/mailings/{mailing.id}")
        look(page)
        expect(page.get_by_role("link", name="Look again")).to_be_visible()
        page.get_by_role("link", name="Pause").click()
        look(page)
        press(page, "Pause it")
        expect(page.get_by_role("status").first).to_contain_text("Paused.")
        sendings.send(mailing, 2)
        assert sendings.provider.accepted.total() == BATCH

        page.get_by_role("link", name="Stop for good").click()
        expect(page.get_by_text("20 people who have not got it yet")).to_be_visible()
        press(page, "Stop it for good")
        expect(page.get_by_role("status").first).to_contain_text("Stopped for good.")
        page.get_by_role("link", name="Overview").click()
        page.get_by_role("link", name="Stop all sending").click()
        look(page)
        press(page, "Stop all sending now")
        assert house.project.instance.stopped() is not None
        press(page, "Let sending go on")
        assert house.project.instance.stopped() is None


def test_nothing_bars_coordinators_from_watching_and_stopping(
    chromium: Browser, house: House, sendings: Sendings
) -> None:
    digest = sendings.digest(PEOPLE)
    sendings.provider.script(full)
    sendings.send(digest, 2)
    call = sendings.call(30, "barriers")
    parked(sendings, call)
    sendings.publish(sendings.day.replace(day=sendings.day.day + 1))
    [wrong] = house.project.corrector().wrong(house.now)
    paths = [
        "",
        "/mailings",
        f"/mailings/{digest.id}",
        f"/mailings/{call.id}",
        f"/mailings/{digest.id}/halt?what=pause",
        "/stop",
        "/parked",
        "/corrections",
        f"/corrections/{wrong.action.public_id}",
    ]
    found: list[str] = []
    with opened(chromium) as page:
        enter(page.context, house, ROSA)
        for path in paths:
            page.goto(f"{house.url}/console{path}")
            found += barriers(page)

    assert found == []
