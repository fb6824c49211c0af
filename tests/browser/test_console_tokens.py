"""A token for a phone: made, used and revoked as a person does it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from mailer.core.roles import Role
from tests.browser.barriers import barriers
from tests.browser.test_console import enter, opened
from tests.browser.visiting import WIDTHS, look, press, tab_to
from tests.databases import migrated_file
from tests.e2e.conftest import Shell, copied, initial
from tests.e2e.coordinators import PASSWORD, House
from tests.e2e.programs import stranger

__all__ = ["initial", "migrated_file"]
ROSA = "rosa@union.example"
PATH = "/console/account/tokens"


@pytest.fixture(scope="module")
def house(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("tokens"))
    with House(shell.folder, named="localhost").open() as house:
        house.person(ROSA, [Role.APPROVER], codes=True)
        yield house


@pytest.mark.parametrize("width", WIDTHS)
def test_a_token_is_made_used_and_revoked(
    chromium: Browser, house: House, width: int
) -> None:
    with opened(chromium, width=width, script=width != WIDTHS[0]) as page:
        enter(page.context, house, ROSA)
        page.goto(f"{house.url}/console/account")
        page.get_by_role("link", name="See and make tokens").click()
        look(page)
        page.get_by_label("Where will you use it?").fill("Shortcut on my phone")
        press(page, "Make the token")
        expect(page.get_by_text("Tick at least one.")).to_be_visible()
        page.locator("[name=scope][value=stop]").check()
        page.get_by_label("7 days").check()
        look(page)
        press(page, "Make the token")
        look(page)
        token = page.get_by_role("status").locator("code").inner_text()

        phone = stranger(house, token)
        scopes = phone("GET", "").json()["token"]["scopes"]
        assert scopes == ["stop"]
        page.get_by_role("link", name="I have it").click()
        assert token not in page.content()
        press(page, "Revoke Shortcut on my phone")
        expect(page.get_by_role("status")).to_contain_text("Revoked.")
        assert phone("GET", "").status_code == 401


def test_tokens_are_made_by_keyboard_in_spanish_and_without_barriers(
    chromium: Browser, house: House
) -> None:
    account = house.account(ROSA)
    house.project.console.accounts.describe(account, name="Rosa", language="es")
    with opened(chromium) as page:
        enter(page.context, house, ROSA)
        page.goto(f"{house.url}{PATH}")
        found = barriers(page)
        tab_to(page, "name")
        page.keyboard.type("Atajo")
        tab_to(page, "scope")
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Su clave nueva")).to_be_visible()
        found += barriers(page)
        page.goto(f"{house.url}{PATH}")
        found += barriers(page)
        assert found == []
    house.project.console.accounts.describe(account, name="Rosa", language="en")


def test_nobody_makes_a_token_long_after_they_have_shown_their_password(
    chromium: Browser, house: House
) -> None:
    with opened(chromium, width=WIDTHS[0]) as page:
        enter(page.context, house, ROSA)
        house.now += timedelta(minutes=20)
        page.goto(f"{house.url}{PATH}")
        expect(page.get_by_role("button", name="Make the token")).to_have_count(0)
        look(page)
        page.get_by_role("main").get_by_role("link", name="My account").last.click()
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        press(page, "Go on")
        page.goto(f"{house.url}{PATH}")
        expect(page.get_by_role("button", name="Make the token")).to_be_visible()
