"""Urgent calls as two people make them: on a desk, on a phone, without a script."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from mailer.core.proposal import Stage
from mailer.core.roles import Role
from tests.browser.barriers import barriers
from tests.browser.test_console import enter, opened, sign_in
from tests.browser.visiting import WIDTHS, look
from tests.databases import migrated_file
from tests.e2e.callers import MARTA, ROSA, Callers, furnish
from tests.e2e.conftest import Shell, copied, initial
from tests.e2e.coordinators import House

__all__ = ["initial", "migrated_file"]
MOST_PAGES, MOST_TO_APPROVE = 8, 2


@pytest.fixture(scope="module")
def house(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("calls"))
    furnish(shell)
    with House(shell.folder, named="localhost").open() as house:
        yield house


@pytest.fixture
def callers(house: House) -> Callers:
    return Callers.of(house)


@dataclass
class Hand:
    """Presses and counts: every press, and every page that it leads to."""

    page: Page
    pages: int = 1  # the first one is open already
    clicks: int = 0

    def click(self, role: str, words: str) -> None:
        """Press a link or a button, and wait for the page."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.get_by_role(role, name=words, exact=True).click()  # type: ignore[arg-type]
        self.pages += 1
        self.clicks += 1
        look(self.page)

    def choose(self, label: str, option: str) -> None:
        """Choose from a list: two presses."""
        self.page.get_by_label(label, exact=True).first.select_option(label=option)
        self.clicks += 2

    def fill(self, label: str, words: str) -> None:
        """Press a field and type."""
        self.page.get_by_label(label, exact=True).first.fill(words)
        self.clicks += 1


def test_from_a_new_urgent_call_to_its_first_readers_in_few_pages(
    chromium: Browser, callers: Callers
) -> None:
    house = callers.house
    with opened(chromium) as page:
        sign_in(page, house, ROSA)
        author = Hand(page)
        author.click("link", "New urgent call")
        author.fill("Headline", "Come to Chula Vista\ntonight at 7")
        author.fill(
            "Why",
            "People held at the detention center are being moved tonight; come.",
        )
        page.locator("#es-headline").fill("Vengan a Chula Vista\nhoy a las 7")
        page.locator("#es-reason").fill(
            "Esta noche trasladan a personas detenidas; sus familias nos piden ir."
        )
        author.clicks += 2
        author.choose("Whoever", "lives in the state")
        author.fill("Which; several with a semicolon between them", "California")
        author.click("button", "Count them")
        expect(page.locator(".card .big")).to_have_text("2")
        author.click("button", "Save and check")
        page.get_by_title("Preview").wait_for()
        frame = page.frame_locator("iframe.preview")
        expect(frame.get_by_role("heading", level=1)).to_contain_text("Chula Vista")
        author.click("button", "Ask Marta to approve")
        expect(page.get_by_role("status")).to_contain_text("Nothing is sent yet.")
    with opened(chromium, width=375, script=False) as page:
        sign_in(page, house, MARTA)
        approver = Hand(page)
        approver.click("link", "Come to Chula Vista tonight at 7")
        pages, clicks = approver.pages, approver.clicks + 1
        approver.click("button", "Send to 2 people")
        expect(page.get_by_role("status")).to_contain_text("Approved for 2 people")
        callers.work(minutes=1.5)
        assert callers.called() == {}
        callers.work(minutes=0.5)
        assert set(callers.called()) == {"eva@barrio.example", "bob@aft.example"}
        page.reload()
        expect(page.locator(".head .badge")).to_have_text("First few")
        callers.work(minutes=3)
        page.reload()
        expect(page.locator(".head .badge")).to_have_text("Done")

    assert (author.pages, author.clicks) == (5, 11)
    assert (pages, clicks) == (2, 2)
    assert author.pages <= MOST_PAGES
    assert pages <= MOST_TO_APPROVE


def test_stop_is_the_biggest_thing_on_a_phone_and_one_press_without_a_script(
    chromium: Browser, callers: Callers
) -> None:
    callers.approved()
    with opened(chromium, width=375, script=False) as page:
        enter(page.context, callers.house, ROSA)
        page.goto(f"{callers.house.url}{callers.page}")
        look(page)
        sizes = {
            each.inner_text(): (box["width"] * box["height"])
            for each in page.locator("button, a.button").all()
            if (box := each.bounding_box())
        }
        assert max(sizes, key=lambda words: sizes[words]) == "Stop"
        Hand(page).click("button", "Stop")

        expect(page.get_by_role("status")).to_contain_text("Nothing has left")
        assert callers.call.stage is Stage.STOPPED
        callers.work(minutes=30)
        assert callers.called() == {}


def test_the_hold_counts_down_by_itself_and_leads_on(
    chromium: Browser, callers: Callers
) -> None:
    callers.approved()
    # An admin sees no preview: into its frame no clock could be put.
    callers.house.person("admin@union.example", [Role.ADMIN], codes=True)
    with opened(chromium, fresh=True) as page:
        enter(page.context, callers.house, "admin@union.example")
        page.clock.install()
        page.goto(f"{callers.house.url}{callers.page}")
        expect(page.locator("#standing")).to_contain_text("in 2 minutes")
        callers.work(minutes=1.5)
        page.clock.run_for(6_000)
        expect(page.locator("#standing")).to_contain_text("in 1 minute")
        callers.work(minutes=0.5)
        page.clock.run_for(6_000)

        expect(page.locator(".head .badge")).to_have_text("First few")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_count_is_told_where_it_was_asked_for(
    chromium: Browser, callers: Callers, width: int
) -> None:
    with opened(chromium, width=width, script=False) as page:
        enter(page.context, callers.house, ROSA)
        page.goto(f"{callers.house.url}/console/calls/new")
        author = Hand(page)
        author.choose("Whoever", "lives in the state")
        author.fill("Which; several with a semicolon between them", "California")
        author.click("button", "Count them")

        expect(page.get_by_role("button", name="Count them")).to_be_focused()
        expect(page.get_by_text("2 people would get it.")).to_be_in_viewport()
        expect(page.get_by_role("button", name="Count them")).to_be_in_viewport()
        if width == max(WIDTHS):
            expect(page.locator(".card .big")).to_be_in_viewport()
        author.click("button", "Add a row \N{EN DASH} But nobody who")
        expect(page.locator("#exclude-1-kind")).to_be_focused()


def test_nobody_loses_a_call_half_written_by_one_press(
    chromium: Browser, callers: Callers
) -> None:
    with opened(chromium, fresh=True) as page:
        enter(page.context, callers.house, ROSA)
        page.goto(f"{callers.house.url}/console/calls/new")
        asked: list[str] = []

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.dismiss()

        page.on("dialog", stay)
        author = Hand(page)
        page.get_by_label("Headline").first.click()
        page.keyboard.type("Come to Otay Mesa")
        author.click("button", "Count them")
        assert asked == []
        page.get_by_role("link", name="Overview").click()

        expect(page.get_by_label("Headline").first).to_have_value("Come to Otay Mesa")
        assert asked == ["beforeunload"]
        author.fill("Why", "The families of those inside ask us to come at once.")
        author.click("button", "Save and check")
        assert asked == ["beforeunload"]


def test_a_count_that_cannot_be_made_says_why_before_anything_else(
    chromium: Browser, callers: Callers
) -> None:
    with opened(chromium, width=375, script=False) as page:
        enter(page.context, callers.house, ROSA)
        page.goto(f"{callers.house.url}/console/calls/new")
        author = Hand(page)
        author.choose("Whoever", "has the tag")
        author.fill("Which; several with a semicolon between them", "pres")
        author.click("button", "Count them")
        expect(page.get_by_role("alert")).to_be_in_viewport()

        author.choose("Whoever", "lives in the state")
        author.fill("Which; several with a semicolon between them", "Kalifornia")
        author.click("button", "Count them")
        expect(page.get_by_text("There is no state “Kalifornia”.")).to_be_in_viewport()


def test_whoever_approves_meets_message_and_people_before_the_button(
    chromium: Browser, callers: Callers
) -> None:
    callers.submitted()
    with opened(chromium, width=375, script=False) as page:
        enter(page.context, callers.house, MARTA)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"{callers.house.url}{callers.page}")
            look(page)
            send = page.get_by_role("button", name="Send to 2 people").bounding_box()
            message = page.get_by_title("Preview").bounding_box()
            card = page.locator(".card").bounding_box()
            assert send
            assert message
            assert card
            if width == min(WIDTHS):
                assert card["y"] < message["y"] < send["y"]
            else:
                assert message["x"] > send["x"] + send["width"]
                assert card["y"] < send["y"]


def test_hostile_words_run_nowhere_in_a_browser(
    chromium: Browser, callers: Callers
) -> None:
    nasty = "<img src=x onerror=alert(1)><script>alert(2)</script>{{ 7 * 7 }}"
    callers.write(**{f"en-{key}": nasty for key in ("headline", "reason", "body")})
    with opened(chromium, fresh=True) as page:
        ran: list[str] = []
        page.on("dialog", lambda dialog: ran.append(dialog.message))
        enter(page.context, callers.house, ROSA)
        for path in ("", "/edit", "/preview"):
            page.goto(f"{callers.house.url}{callers.page}{path}")
            page.wait_for_load_state("networkidle")
        frame = page.frame_locator("iframe.preview")
        expect(frame.get_by_role("heading", level=1)).to_contain_text("{{ 7 * 7 }}")

        assert ran == []
        assert frame.locator("img, script").count() == 0


def test_nothing_bars_anybody_from_an_urgent_call(
    chromium: Browser, callers: Callers
) -> None:
    house = callers.house
    house.person("both@union.example", list(Role), codes=True)
    only_english = dict.fromkeys(("es-headline", "es-reason", "es-body"), "")
    callers.write(**only_english)  # which wants a reason
    found: list[str] = []
    with opened(chromium) as page:
        enter(page.context, house, "both@union.example")

        def walk(*paths: str) -> None:
            for path in paths:
                page.goto(f"{house.url}{path}")
                found.extend(barriers(page))

        new = "/console/calls/new"
        walk("/console", "/console/calls", new, callers.page, f"{callers.page}/preview")
        callers.press(callers.rosa, "submit", **callers.reasons())
        walk(callers.page)
        callers.press(callers.marta, "approve")
        walk(callers.page, f"{callers.page}/edit")

    assert found == []
