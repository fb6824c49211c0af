"""The console as coordinators use it: by code, by passkey, by keyboard, on a phone."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from mailer.core.accounts import Factor
from mailer.core.roles import Role
from tests.browser.barriers import barriers
from tests.browser.visiting import WIDTHS, look, press, tab_to, window
from tests.databases import migrated_file
from tests.e2e.conftest import Shell, copied, initial
from tests.e2e.coordinators import PASSWORD, House
from tests.e2e.test_console_policy import a_request

__all__ = ["initial", "migrated_file"]
ROSA, BEN = "rosa@union.example", "ben@union.example"


@pytest.fixture(scope="module")
def running(
    initial: Shell, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("console"))
    with House(shell.folder, named="localhost").open() as house:
        yield house


@pytest.fixture
def house(running: House) -> House:
    running.forget()
    running.person(ROSA, list(Role), codes=True)
    running.person(BEN, [Role.MODERATOR])
    return running


@contextmanager
def opened(
    chromium: Browser, *, width: int = 1280, script: bool = True, fresh: bool = False
) -> Iterator[Page]:
    """Open a browser; at the end no page of it has complained."""
    quiet = ("status of 4", "Password forms should have")
    with window(chromium, width=width, script=script, fresh=fresh, quiet=quiet) as page:
        yield page


def sign_in(page: Page, house: House, address: str) -> None:
    page.goto(f"{house.url}/console")
    page.get_by_label("Email address").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    if address in house.secrets:
        page.get_by_label("Six digits from your phone").fill(house.code(address))
    press(page, "Sign in")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def enter(context: BrowserContext, house: House, address: str) -> None:
    """Let a browser in without the form."""
    cookie = house.project.console.sessions.begin(
        house.account(address).number,
        strong=True,
        how=Factor.PASSWORD,
        agent="Firefox/140.0 Linux",
        at=house.now,
    )
    context.add_cookies([{"name": "console", "value": cookie, "url": house.url}])


def give_device(page: Page) -> None:
    """Give the browser a device that keeps passkeys and knows its owner's finger."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("width", WIDTHS)
def test_signing_in_with_password_and_phone(
    chromium: Browser, house: House, width: int, *, script: bool
) -> None:
    with opened(chromium, width=width, script=script) as page:
        sign_in(page, house, ROSA)
        look(page)
        page.get_by_role("button", name="Sign out").click()

        expect(page.get_by_role("status")).to_contain_text("You are signed out")


def test_setting_up_an_account_with_a_phone_and_signing_in_with_it(
    chromium: Browser, house: House
) -> None:
    console = house.project.console
    made = console.accounts.create(
        "new@union.example", language="en", roles=[Role.ADMIN], by="cli", at=house.now
    )
    path = console.inviter.link(made, by="cli").partition("/console")[2]
    with opened(chromium, width=375) as page:
        page.goto(f"{house.url}/console{path}")
        page.get_by_label("Your name").fill("Nora New")
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_label("The same again").fill(PASSWORD)
        look(page)
        press(page, "Set up and sign in")
        expect(page.get_by_text("One step is left.")).to_be_visible()
        press(page, "Set up a phone")
        look(page)
        picture = page.get_by_role("img").evaluate("one => one.naturalWidth")
        assert picture > 200
        house.secrets["new@union.example"] = page.locator(".key").inner_text()
        house.secrets["new@union.example"] = re.sub(
            r"\s", "", house.secrets["new@union.example"]
        )
        page.get_by_label("Six digits").fill(house.code("new@union.example"))
        press(page, "Use this phone")
        expect(page.get_by_text("Your second factor is set up.")).to_be_visible()
        press(page, "Make recovery codes")
        look(page)

        assert page.locator(".codes li").count() == 10
        page.get_by_role("link", name="Accounts").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Accounts")


@pytest.mark.parametrize("width", WIDTHS)
def test_adding_a_passkey_and_signing_in_with_nothing_else(
    chromium: Browser, house: House, width: int
) -> None:
    with opened(chromium, width=width, fresh=True) as page:
        give_device(page)
        enter(page.context, house, BEN)
        page.goto(f"{house.url}/console/account")
        press(page, "Add a passkey")
        expect(page.get_by_text("Your second factor is set up.")).to_be_visible()
        assert house.account(BEN).passkeys == 1
        page.get_by_role("button", name="Sign out").click()
        press(page, "Sign in with a passkey")

        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        [session] = house.project.console.sessions.listed(
            house.account(BEN).number, at=house.now
        )
        assert (session.how, session.strong) == (Factor.PASSKEY, True)


def test_a_passkey_that_nobody_has_is_said_to_be_so(
    chromium: Browser, house: House
) -> None:
    with opened(chromium, fresh=True) as page:
        give_device(page)
        page.goto(f"{house.url}/console/sign-in")
        page.get_by_role("button", name="Sign in with a passkey").click()

        expect(page.get_by_role("alert")).to_contain_text("The passkey was not used")


@pytest.mark.parametrize("width", WIDTHS)
def test_moderating_by_the_keyboard_alone(
    chromium: Browser, house: House, width: int
) -> None:
    a_request(house)
    with opened(chromium, width=width) as page:
        enter(page.context, house, BEN)
        page.goto(f"{house.url}/console")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        tab_to(page, "Decide")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Requests")
        tab_to(page, "Border Angels")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Border Angels")
        look(page)
        tab_to(page, "reason")
        page.keyboard.type("We do not know you.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")

        expect(page.get_by_role("status")).to_contain_text("Declined.")
        assert house.project.requests.waiting() == []


def test_accepting_a_request_and_looking_at_its_address(
    chromium: Browser, house: House
) -> None:
    a_request(house)
    with opened(chromium, width=375, script=False) as page:
        enter(page.context, house, BEN)
        page.goto(f"{house.url}/console/requests")
        page.get_by_role("link", name="Border Angels").click()
        assert "visitor@angels.example" not in page.content()
        press(page, "Show the address")
        assert "visitor@angels.example" in page.inner_text("main")
        press(page, "Accept Border Angels")

        expect(page.get_by_role("status")).to_contain_text("Accepted.")
        assert house.verbs()[:2] == ["accept", "look at address"]


def test_the_overview_asks_again_by_itself_and_leads_away_at_the_end(
    chromium: Browser, house: House
) -> None:
    with opened(chromium, fresh=True) as page:
        enter(page.context, house, BEN)
        page.clock.install()
        page.goto(f"{house.url}/console")
        with page.expect_response("**/console/running") as answer:
            page.clock.run_for(16_000)
        assert answer.value.status == 200
        house.project.console.sessions.end(house.account(BEN).number)
        page.clock.run_for(16_000)

        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_nothing_bars_coordinators_from_their_work(
    chromium: Browser, house: House
) -> None:
    number = a_request(house)
    ben = house.account(BEN).public_id
    paths = [
        "",
        "/account",
        "/requests",
        f"/requests/{number}",
        "/accounts",
        f"/accounts/{ben}",
        "/audit",
    ]
    with opened(chromium) as page:
        page.goto(f"{house.url}/console/sign-in")
        found = barriers(page)
        enter(page.context, house, ROSA)
        for path in paths:
            page.goto(f"{house.url}/console{path}")
            found += barriers(page)

        assert found == []


def test_words_that_visitors_typed_are_printed_and_not_run(
    chromium: Browser, house: House
) -> None:
    nasty = "<script>document.title='run'</script>\"'><img src=x onerror=alert(1)>"
    number = a_request(house, organization=nasty, contact="{{ 7 * 7 }}")
    with opened(chromium) as page:
        enter(page.context, house, BEN)
        for path in ("", "/requests", f"/requests/{number}"):
            page.goto(f"{house.url}/console{path}")
            assert page.title().startswith(("Overview", "Requests", "<script>"))
            assert page.locator("main img, main script").count() == 0
        assert "{{ 7 * 7 }}" in page.inner_text("main")


def test_the_pictures_are_ours_and_so_is_the_script() -> None:
    folder = Path(__file__).parents[2] / "mailer" / "web" / "console" / "static"

    assert sorted(file.name for file in folder.iterdir()) == [
        "htmx-2.0.11.min.js",
        "htmx-LICENSE",
        "live.js",
        "passkeys.js",
        "unsaved.js",
    ]
