"""Signing in to the console: who gets in, who does not, and what they are told."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from mailer.core.roles import Role
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import PASSWORD, House, words

ANA, BEN = "ana@union.example", "ben@union.example"


@pytest.fixture(scope="module")
def running(
    initial: Shell, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("console"))
    with House(shell.folder).open() as house:
        yield house


@pytest.fixture
def house(running: House) -> House:
    running.forget()
    running.person(ANA, [Role.AUTHOR])
    running.person(BEN, [Role.APPROVER], codes=True)
    return running


def test_a_password_opens_the_console_and_only_its_own_pages(house: House) -> None:
    browser = house.browser()
    assert browser.get("/console").headers["location"] == (
        "/console/sign-in?next=/console"
    )

    answer = browser.sign_in(ANA)

    assert answer.headers["location"] == "/console"
    assert "Ana" in words(browser.get("/console"))
    assert browser.get("/console/audit").status_code == 403


def test_whoever_signs_in_goes_where_they_wanted_and_never_elsewhere(
    house: House,
) -> None:
    wanted = {
        "/console/account": "/console/account",
        "//evil.example": "/console",
        "https://evil.example/console": "/console",
        "/console\\evil": "/console",
        "/consoleevil": "/console",
    }
    for asked, given in wanted.items():
        answer = house.browser().sign_in(ANA, next=asked)
        assert answer.headers["location"] == given


def test_unknown_wrong_and_disabled_get_the_same_answer_after_the_same_work(
    house: House,
) -> None:
    carla = house.person("carla@union.example", [Role.AUTHOR])
    house.project.console.accounts.create(
        "dan@union.example", language="en", roles=[], by="test", at=house.now
    )
    house.project.console.accounts.turn(
        carla, carla.state.DISABLED, by="test", at=house.now
    )
    attempts = [
        ("nobody@union.example", PASSWORD, ""),
        (ANA, "wrong", ""),
        (BEN, PASSWORD, ""),
        (BEN, PASSWORD, "000000"),
        (BEN, "wrong", house.code(BEN)),
        ("carla@union.example", PASSWORD, ""),
        ("dan@union.example", PASSWORD, ""),
    ]
    said, work = set(), []
    for address, password, code in attempts:
        before = house.passwords.computed
        answer = house.browser().sign_in(address, password, code)
        work.append(house.passwords.computed - before)
        said.add((answer.status_code, words(answer)))

    assert len(said) == 1
    assert set(work) == {1}


def test_who_has_a_second_factor_is_asked_for_it(house: House) -> None:
    browser = house.browser()

    assert browser.sign_in(BEN).status_code == 422
    assert browser.sign_in(BEN, code=house.code(BEN)).status_code == 303


def test_a_code_works_once(house: House) -> None:
    code = house.code(BEN)

    assert house.browser().sign_in(BEN, code=code).status_code == 303
    assert house.browser().sign_in(BEN, code=code).status_code == 422


def test_a_code_works_once_even_when_two_browsers_send_it_together(
    house: House,
) -> None:
    code, browsers = house.code(BEN), [house.browser() for _ in range(4)]
    for browser in browsers:
        browser.csrf()

    with ThreadPoolExecutor(4) as pool:
        codes = pool.map(lambda one: one.sign_in(BEN, code=code).status_code, browsers)

    assert sorted(codes) == [303, 422, 422, 422]


def test_a_recovery_code_works_once_in_place_of_the_phone(house: House) -> None:
    browser = house.signed_in(BEN)
    page = browser.post("/console/account/recovery")
    code = words(page).split("in place of the six digits ")[1].split()[0]

    assert house.browser().sign_in(BEN, code=code.upper()).status_code == 303
    assert house.browser().sign_in(BEN, code=code).status_code == 422
    assert house.account(BEN).recovery_left == 9


def test_the_cookie_of_before_signing_in_opens_nothing_afterwards(
    house: House,
) -> None:
    browser = house.browser()
    browser.csrf()
    planted = browser.cookie
    browser.sign_in(ANA)

    assert browser.cookie != planted
    other = house.browser()
    other.client.cookies.set("console", planted or "")
    assert not other.is_in()


def test_signing_out_ends_the_session_in_the_store_as_well(house: House) -> None:
    browser = house.signed_in(ANA)
    cookie = browser.cookie
    browser.post("/console/sign-out")

    other = house.browser()
    other.client.cookies.set("console", cookie or "")
    assert not other.is_in()


def test_a_session_ends_when_it_is_idle_and_after_a_day_of_work(house: House) -> None:
    browser = house.signed_in(ANA)
    house.now += timedelta(hours=1, minutes=59)
    assert browser.is_in()
    house.now += timedelta(hours=2)
    assert not browser.is_in()

    browser = house.signed_in(ANA)
    for _ in range(11):
        house.now += timedelta(hours=1)
        assert browser.is_in()
    house.now += timedelta(hours=1)
    assert not browser.is_in()


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(house: House) -> None:
    browser = house.signed_in(ANA)
    for _ in range(4):
        house.now += timedelta(minutes=29)
        assert browser.get("/console/running", HX_Request="true").status_code == 200
    house.now += timedelta(minutes=5)

    answer = browser.get("/console/running", HX_Request="true")

    assert answer.status_code == 403
    assert answer.headers["hx-redirect"] == "/console/sign-in"


def test_a_hundred_attempts_a_second_are_refused_before_any_work(
    house: House,
) -> None:
    before = house.passwords.computed
    browsers = [house.browser(f"198.51.100.{n}") for n in range(100)]
    token = {browser.network: browser.csrf() for browser in browsers}

    with ThreadPoolExecutor(16) as pool:
        codes = list(
            pool.map(
                lambda one: (
                    one.post(
                        "/console/sign-in",
                        {"email": ANA, "password": "guess"},
                        csrf=token[one.network],
                    ).status_code
                ),
                browsers,
            )
        )

    assert house.passwords.computed - before == codes.count(422) == 10
    assert codes.count(429) == 90


def test_one_network_has_thirty_attempts_whosever_address_it_tries(
    house: House,
) -> None:
    before = house.passwords.computed
    browser = house.browser()
    token = browser.csrf()
    codes = [
        browser.post(
            "/console/sign-in",
            {"email": f"{n}@union.example", "password": "guess"},
            csrf=token,
        ).status_code
        for n in range(40)
    ]

    assert codes == [422] * 30 + [429] * 10
    assert house.passwords.computed - before == 30


def test_whoever_is_attacked_still_gets_in_from_where_they_are_known(
    house: House,
) -> None:
    house.signed_in(ANA, "192.0.2.7")
    for n in range(12):
        house.browser(f"198.51.100.{n}").sign_in(ANA, "guess")

    assert house.browser("203.0.113.5").sign_in(ANA).status_code == 429
    assert house.browser("192.0.2.7").sign_in(ANA).status_code == 303
    house.now += timedelta(minutes=16)
    assert house.browser("203.0.113.5").sign_in(ANA).status_code == 303


def test_who_signs_in_well_never_uses_up_their_attempts(house: House) -> None:
    for _ in range(15):
        assert house.browser().sign_in(ANA).status_code == 303


def test_a_link_from_a_mail_program_finds_who_is_signed_in(house: House) -> None:
    answer = house.browser().get("/console/account", Sec_Fetch_Site="cross-site")

    assert answer.status_code == 200
    assert 'content="0;url=/console/account"' in answer.text


def test_the_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(
    house: House,
) -> None:
    cookie = house.browser().get("/console/sign-in").headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Domain" not in cookie


def test_pages_are_kept_by_nobody_and_run_only_our_scripts(house: House) -> None:
    headers = house.signed_in(ANA).get("/console").headers

    assert headers["cache-control"] == "no-store"
    assert "script-src 'self';" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"
