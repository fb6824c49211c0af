"""One's own account: what lets somebody in, how it is changed, and what that ends."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO

import pyotp
import pytest
from PIL import Image

from mailer.core.accounts import Factor, State
from mailer.core.errors import RefusedError
from mailer.core.roles import Role
from mailer.core.tokens import Purpose
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import PASSWORD, Browser, House, words

ANA, BEN = "ana@union.example", "ben@union.example"
OTHER = "a different heap of words"
NEW = {"password": OTHER, "again": OTHER}


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
    running.person(BEN, [Role.ADMIN], codes=True)
    return running


def with_cookie(house: House, cookie: str | None) -> Browser:
    browser = house.browser()
    browser.client.cookies.set("console", cookie or "")
    return browser


def link_of(house: House, address: str) -> str:
    """Return the path of a fresh link to set a password."""
    console = house.project.console
    link = console.inviter.link(house.account(address), by="test")
    return link.removeprefix(house.url)


def test_a_changed_password_ends_every_session_and_gives_this_one_a_new_cookie(
    house: House,
) -> None:
    here, there = house.signed_in(ANA), house.signed_in(ANA)
    before = here.cookie

    answer = here.post("/console/account/password", dict(NEW))

    assert answer.headers["location"] == "/console/account?done=password"
    assert here.cookie != before
    assert here.is_in()
    assert not there.is_in()
    assert not with_cookie(house, before).is_in()
    assert house.browser().sign_in(ANA).status_code == 422
    assert house.browser().sign_in(ANA, OTHER).status_code == 303


@pytest.mark.parametrize(
    ("password", "again"),
    [
        ("short", "short"),
        (OTHER, PASSWORD),
        ("anaanaanaana", "anaanaanaana"),
        ("union12345678", "union12345678"),
        ("password123456", "password123456"),
        ("x" * 201, "x" * 201),
    ],
)
def test_a_password_that_is_guessed_soon_is_not_taken(
    house: House, password: str, again: str
) -> None:
    browser = house.signed_in(ANA)

    said = {"password": password, "again": again}
    assert browser.post("/console/account/password", dict(said)).status_code == 422
    assert house.browser().sign_in(ANA).status_code == 303


def test_what_lets_in_is_changed_only_by_who_has_just_shown_the_password(
    house: House,
) -> None:
    browser = house.signed_in(ANA)
    house.now += timedelta(minutes=20)
    for path in ("password", "codes", "passkeys", "recovery"):
        answer = browser.post(
            f"/console/account/{path}", {"action": "start", "answer": "{}", **NEW}
        )
        assert answer.headers["location"] == "/console/account?done=stale"

    wrong = browser.post("/console/account/proof", {"password": "wrong"})
    assert wrong.status_code == 422
    assert "That is not your password." in words(wrong)
    assert browser.post("/console/account/proof", {"password": PASSWORD}).is_redirect
    assert (
        browser.post("/console/account/password", dict(NEW))
        .headers["location"]
        .endswith("done=password")
    )


def test_a_stolen_session_cannot_try_passwords_for_long(house: House) -> None:
    browser = house.signed_in(ANA)
    token = browser.csrf()
    before = house.passwords.computed
    codes = [
        browser.post(
            "/console/account/proof", {"password": f"guess {n}"}, csrf=token
        ).status_code
        for n in range(15)
    ]

    assert codes == [422] * 10 + [429] * 5
    assert house.passwords.computed - before == 10


def test_setting_up_a_phone_asks_for_its_code_and_ends_other_sessions(
    house: House,
) -> None:
    here, there = house.signed_in(ANA), house.signed_in(ANA)
    before = here.cookie
    here.post("/console/account/codes", {"action": "start"})
    picture = here.get("/console/account/codes.png")
    assert Image.open(BytesIO(picture.content)).format == "PNG"
    secret = house.project.console.credentials.proposed_totp(house.account(ANA).number)
    assert secret is not None
    confirm = {"action": "confirm", "code": "123456"}
    assert here.post("/console/account/codes", dict(confirm)).status_code == 422
    assert not house.account(ANA).totp

    confirm["code"] = pyotp.TOTP(secret).at(house.now)
    here.post("/console/account/codes", dict(confirm))

    assert house.account(ANA).totp
    assert here.is_in()
    assert here.cookie != before
    assert not there.is_in()
    assert house.browser().sign_in(ANA).status_code == 422
    # The code that set it up is used as well.
    assert house.browser().sign_in(ANA, code=confirm["code"]).status_code == 422
    house.secrets[ANA] = secret
    assert house.browser().sign_in(ANA, code=house.code(ANA)).status_code == 303


def test_the_secret_of_a_phone_is_not_in_the_database_as_it_is(house: House) -> None:
    house.project.console.credentials.propose_totp(
        house.account(ANA).number, "SECRETSECRET", at=house.now
    )
    file = house.project.folder / "mailer.db"
    log = file.with_name("mailer.db-wal")

    written = file.read_bytes() + (log.read_bytes() if log.exists() else b"")

    assert b"SECRETSECRET" not in written


def test_an_admin_without_a_second_factor_sees_nothing_but_how_to_set_one_up(
    house: House,
) -> None:
    house.person("new@union.example", [Role.ADMIN])
    browser = house.signed_in("new@union.example")

    answer = browser.get("/console/accounts")

    assert answer.headers["location"] == "/console/account?done=owed"
    page = browser.get("/console/account")
    assert "One step is left." in words(page)
    assert "/console/accounts" not in page.text


def test_the_last_second_factor_of_an_admin_cannot_be_removed(house: House) -> None:
    browser = house.signed_in(BEN)

    answer = browser.post("/console/account/codes", {"action": "remove"})

    assert answer.status_code == 422
    assert "Your roles need a second factor." in words(answer)
    assert house.account(BEN).totp


def test_whoever_needs_none_may_remove_it_and_the_recovery_codes_go_too(
    house: House,
) -> None:
    carla = "carla@union.example"
    house.person(carla, [Role.AUTHOR], codes=True)
    browser = house.signed_in(carla)
    browser.post("/console/account/recovery")
    assert house.account(carla).recovery_left == 10

    browser.post("/console/account/codes", {"action": "remove"})

    account = house.account(carla)
    assert (account.totp, account.recovery_left) == (False, 0)
    assert house.browser().sign_in(carla).status_code == 303


def test_sessions_are_listed_by_browser_and_each_can_be_ended(house: House) -> None:
    here, there = house.signed_in(ANA), house.signed_in(ANA)
    page = here.get("/console/account")
    assert page.text.count("End it") == 1
    assert "Firefox" in words(page)
    [other] = [
        one.number
        for one in house.project.console.sessions.listed(
            house.account(ANA).number, at=house.now
        )
        if f'value="{one.number}">End it' in page.text
    ]

    here.post("/console/account/sessions", {"session": str(other)})

    assert here.is_in()
    assert not there.is_in()


def test_nobody_ends_the_session_of_somebody_else(house: House) -> None:
    ana, ben = house.signed_in(ANA), house.signed_in(BEN)
    listed = house.project.console.sessions.listed
    [session] = listed(house.account(ANA).number, at=house.now)

    ben.post("/console/account/sessions", {"session": str(session.number)})

    assert ana.is_in()


def test_nobody_removes_the_passkey_of_somebody_else(house: House) -> None:
    console = house.project.console
    console.credentials.add_passkey(
        house.account(ANA).number,
        credential=b"c",
        public_key=b"k",
        counter=0,
        name="Key",
        at=house.now,
    )
    [key] = console.credentials.passkeys(house.account(ANA).number)

    answer = house.signed_in(BEN).post(
        "/console/account/passkeys", {"action": "remove", "passkey": str(key.number)}
    )

    assert answer.status_code == 404
    assert house.account(ANA).passkeys == 1


def test_a_passkey_answer_that_proves_nothing_lets_nobody_in(house: House) -> None:
    browser = house.browser()
    for said in ("", "{}", "[]", '{"rawId": 1}', '{"rawId":"AA","response":{}}'):
        answer = browser.post("/console/sign-in/passkey", {"answer": said})
        assert answer.status_code == 422


def test_asking_for_passkeys_for_ever_is_refused(house: House) -> None:
    browser = house.browser()
    token = browser.csrf()
    codes = [
        browser.post("/console/passkey", csrf=token).status_code for _ in range(125)
    ]

    assert codes == [200] * 120 + [429] * 5


def test_a_link_sets_the_password_once_and_signs_in_only_the_first_time(
    house: House,
) -> None:
    console = house.project.console
    console.accounts.create(
        "dan@union.example", language="es", roles=[Role.AUTHOR], by="x", at=house.now
    )
    path = link_of(house, "dan@union.example")
    browser = house.browser()
    assert "Prepare su cuenta" not in words(browser.get(path))

    browser.post(path, {"name": "Dan", "language": "es", **NEW})

    assert browser.is_in()
    assert "Mi cuenta" in words(browser.get("/console/account"))
    assert house.account("dan@union.example").state is State.ACTIVE
    again = house.browser()
    assert again.get(path).status_code == 404
    assert again.post(path, {"name": "X", "language": "es", **NEW}).status_code == 404


def test_a_reset_never_signs_in_and_still_asks_for_the_second_factor(
    house: House,
) -> None:
    before = house.signed_in(BEN)
    browser = house.browser()

    answer = browser.post(link_of(house, BEN), {"name": "Ben", "language": "en", **NEW})

    assert answer.headers["location"] == "/console/sign-in?done=reset"
    assert not browser.is_in()
    assert not before.is_in()
    assert house.browser().sign_in(BEN, OTHER).status_code == 422
    assert house.browser().sign_in(BEN, OTHER, house.code(BEN)).status_code == 303


def test_a_link_is_over_after_two_days_and_when_a_newer_one_is_made(
    house: House,
) -> None:
    first = link_of(house, ANA)
    second = link_of(house, ANA)
    browser = house.browser()

    assert browser.get(first).status_code == 404
    assert browser.get(second).status_code == 200
    house.now += timedelta(hours=48)
    assert browser.get(second).status_code == 404


def test_a_link_of_somebody_disabled_opens_nothing(house: House) -> None:
    path = link_of(house, ANA)
    house.project.console.accounts.turn(
        house.account(ANA), State.DISABLED, by="test", at=house.now
    )

    assert house.browser().get(path).status_code == 404


def test_links_for_readers_set_no_password(house: House) -> None:
    token = house.project.keyring.sign(Purpose.PREFERENCES, bytes(16), 1)

    assert house.browser().get(f"/console/set-up/{token}").status_code == 404


def test_somebody_disabled_is_out_at_once_and_may_come_back(house: House) -> None:
    ana, ben = house.signed_in(ANA), house.signed_in(BEN)
    page = f"/console/accounts/{house.account(ANA).public_id}"

    ben.post(page, {"action": "disable"})

    assert not ana.is_in()
    assert house.browser().sign_in(ANA).status_code == 422
    ben.post(page, {"action": "enable"})
    assert house.browser().sign_in(ANA).status_code == 303


def test_the_last_admin_stays_one(house: House) -> None:
    ben = house.signed_in(BEN)
    page = f"/console/accounts/{house.account(BEN).public_id}"

    forms: list[dict[str, str | list[str]]] = [
        {"action": "disable"},
        {"action": "roles", "role": ["author"]},
    ]
    for form in forms:
        answer = ben.post(page, form)
        assert answer.status_code == 409
        assert "Nobody would be left" in words(answer)

    with pytest.raises(RefusedError, match="nobody would be left"):
        house.project.console.accounts.give(
            house.account(BEN), [], by="cli", at=house.now
        )


def test_an_invitation_goes_out_by_mail_and_its_link_works(house: House) -> None:
    ben = house.signed_in(BEN)
    answer = ben.post(
        "/console/accounts",
        {"email": "eva@union.example", "role": ["author"], "language": "en"},
    )
    assert answer.headers["location"] == "/console/accounts?done=invited"

    crew = house.project.crew()
    crew.drain(sleep=lambda _: None)
    crew.flush()
    [letter] = sorted((house.project.folder / "outbox").rglob("*.eml"))[-1:]
    assert b"\nList-" not in letter.read_bytes()
    written = letter.read_text("utf-8").replace("=\n", "").replace("=3D", "=")
    path = "/console/set-up/" + written.split("/console/set-up/")[1][:51]
    page = house.browser().get(path)

    assert page.status_code == 200
    assert "eva@union.example" in words(page)
    again = ben.post(
        "/console/accounts",
        {"email": "EVA@union.example", "role": ["author"], "language": "en"},
    )
    assert again.status_code == 409
    assert "already" in words(again)


def test_an_invitation_needs_an_address_and_a_role(house: House) -> None:
    ben = house.signed_in(BEN)

    nobody = ben.post("/console/accounts", {"email": "nobody", "role": ["author"]})
    nothing = ben.post("/console/accounts", {"email": "eva@union.example"})
    mighty = ben.post(
        "/console/accounts", {"email": "eva@union.example", "role": ["emperor"]}
    )

    assert {nobody.status_code, nothing.status_code, mighty.status_code} == {422}


def test_every_change_is_in_the_log_without_an_address(house: House) -> None:
    ben = house.signed_in(BEN)
    page = f"/console/accounts/{house.account(ANA).public_id}"
    ben.post(page, {"action": "roles", "role": ["author", "auditor"]})
    ben.post(page, {"action": "disable"})
    ben.post("/console/account/recovery")

    records = house.project.console.records.latest(most=3)

    assert [one.verb for one in records] == [
        "make recovery codes",
        "disable",
        "give roles",
    ]
    assert {one.actor for one in records} == {house.account(BEN).actor}
    assert not any("@" in str(one) for one in records)
    log = words(ben.get("/console/audit"))
    assert "Ben gave them other roles Ana before: Author; roles: Author, Auditor" in log


def test_a_factor_is_removed_at_the_shell_by_who_has_lost_everything(
    house: House,
) -> None:
    number = house.account(BEN).number
    house.project.console.credentials.remove(number, Factor.TOTP, at=house.now)

    browser = house.browser()
    assert browser.sign_in(BEN).status_code == 303
    assert browser.get("/console/accounts").headers["location"].endswith("done=owed")


def test_name_and_language_are_ones_own(house: House) -> None:
    browser = house.signed_in(ANA)
    browser.post("/console/account", {"name": "  Ana   Ruiz ", "language": "es"})

    page = words(browser.get("/console/account"))
    assert "Ana Ruiz" in page
    assert "Mi cuenta" in page
    for name in ("", "x" * 81, "a\u202eb"):
        answer = browser.post("/console/account", {"name": name, "language": "es"})
        assert answer.status_code == 422
    browser.post("/console/language", {"language": "en", "back": "//evil.example"})
    assert "My account" in words(browser.get("/console/account"))
