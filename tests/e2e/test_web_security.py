"""What the pages tell strangers: nothing, whichever way they ask."""

import base64
import email
import email.policy
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from limits import parse
from sqlalchemy import event, select
from starlette.routing import Route

from mailer.adapters.database.schema import (
    lists,
    metadata,
    subscribers,
    subscriptions,
)
from mailer.bootstrap import Project
from mailer.cli import web
from mailer.core.requests import Ask, Kind
from mailer.core.tokens import Keyring, Purpose, encode
from mailer.web.guard import Guard
from tests.e2e import plain
from tests.e2e.conftest import Shell
from tests.e2e.town import Town
from tests.factories import draft
from tests.fakes.site import KEYS, UID, URGENT, WEEKLY, Site, a_site, served

PAGES = {
    "u": Purpose.LEAVE,
    "p": Purpose.PREFERENCES,
    "c": Purpose.CONFIRM,
    "h": Purpose.HOST,
    "i": Purpose.INTRODUCE,
}
POSTS: list[dict[str, str]] = [
    {},
    {"action": "confirm"},
    {"action": "undo", "change": "1"},
    {"from": "page"},
    {"action": "leave-all"},
    {"action": "export"},
    {"action": "refuse"},
]


def flipped(token: str) -> Iterator[str]:
    """The token with each of its bits turned, one at a time."""
    raw = base64.urlsafe_b64decode(token + "=")
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        yield encode(bytes(changed))


def bad_tokens(purpose: Purpose) -> dict[str, str]:
    """One token of each kind that is not the reader's, by what is wrong with it."""
    ring = Keyring(KEYS)
    others = [each for each in Purpose if each is not purpose]
    good = ring.sign(purpose, UID, WEEKLY)
    return {
        "of another purpose": ring.sign(others[0], UID, WEEKLY),
        "of the third purpose": ring.sign(others[1], UID, WEEKLY),
        "of a list that there is not": ring.sign(purpose, UID, 77),
        "of a list that they are not on": ring.sign(purpose, UID, URGENT),
        "of nobody": ring.sign(purpose, b"n" * 16, WEEKLY),
        "of another project": Keyring({1: b"x" * 32}).sign(purpose, UID, WEEKLY),
        "of a retired key": Keyring({9: b"r" * 32}).sign(purpose, UID, WEEKLY),
        "cut in two": good[:30],
        "twice": good + good,
        "not ours": "A" * 51,
    }


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    patient = Guard(bad=parse("100000/second"))
    with served(a_site(guard=patient)) as site:
        yield site


def seen(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    """All that a stranger can compare."""
    headers = dict(answer.headers)
    headers.pop("date", None)
    return answer.status_code, answer.content, headers


@pytest.mark.parametrize("page", PAGES)
def test_every_bad_token_gets_the_same_page_to_the_byte(page: str, site: Site) -> None:
    with plain.Client(base_url=site.url) as client:
        answers = {
            what: seen(client.get(f"/{page}/{token}"))
            for what, token in bad_tokens(PAGES[page]).items()
        }
        for form in POSTS:
            posted = {
                what: seen(client.post(f"/{page}/{token}", data=form))
                for what, token in bad_tokens(PAGES[page]).items()
            }
            first = posted["of nobody"]
            assert {w for w, each in posted.items() if each != first} == set(), form

    first = answers["of nobody"]
    assert first[0] == 200
    assert {what for what, each in answers.items() if each != first} == set()


@pytest.mark.parametrize("page", PAGES)
def test_a_token_with_any_bit_turned_gets_that_page_too(page: str, site: Site) -> None:
    good = site.token(PAGES[page])
    with plain.Client(base_url=site.url) as client:
        neutral = seen(client.get(f"/{page}/{bad_tokens(PAGES[page])['of nobody']}"))
        others = {seen(client.get(f"/{page}/{token}"))[1] for token in flipped(good)}

    assert others == {neutral[1]}


# --- the same work


@contextmanager
def statements(project: Project) -> Iterator[list[str]]:
    """What the database is told until the block ends, without values."""
    told: list[str] = []

    def note(*arguments: Any) -> None:
        told.append(arguments[2])

    event.listen(project.database.engine, "before_cursor_execute", note)
    try:
        yield told
    finally:
        event.remove(project.database.engine, "before_cursor_execute", note)


@pytest.fixture
def town(shell: Shell) -> Iterator[Town]:
    with Town(shell.folder).open() as town:
        town.settle()
        town.tell(draft("San Diego", 12))
        town.send()
        yield town


def number(town: Town) -> int:
    with town.project.database.reading() as connection:
        found = connection.scalar(
            select(lists.c.number).where(lists.c.slug == "weekly")
        )
    return int(found or 0)


def uid(town: Town, address: str = "ana@barrio.example") -> bytes:
    with town.project.database.reading() as connection:
        found = connection.scalar(
            select(subscribers.c.uid).where(subscribers.c.address == address)
        )
    return bytes(found or b"")


@pytest.mark.parametrize("page", ["u", "p"])
def test_a_good_link_and_a_bad_one_make_the_same_work(page: str, town: Town) -> None:
    ring = town.project.keyring
    good = ring.sign(PAGES[page], uid(town), number(town))
    paths = [f"/{page}/{good}", f"/{page}/{'A' * 51}"]
    told = []
    for path in paths:
        with statements(town.project) as said:
            town.get(path)
        told.append(said)

    assert told[0] == told[1]
    assert len(told[0]) > 3


def test_signing_up_makes_the_same_work_and_the_same_answer_for_known_and_unknown(
    town: Town,
) -> None:
    town.project.people.suppress(["gone@away.example"], reason="manual", at=town.now)
    told, answers = [], []
    for address in ("ana@barrio.example", "new@home.example", "gone@away.example"):
        with statements(town.project) as said:
            answer = plain.post(
                f"{town.url}/subscribe?lang=en",
                data={"email": address, "language": "en", "list": str(number(town))},
            )
        told.append(said)
        answers.append(answer.text.replace(address, "…"))

    assert told[0] == told[1] == told[2]
    assert answers[0] == answers[1] == answers[2]
    assert "Now look at your mail" in answers[0]


# --- headers


def test_every_route_is_strict_and_nothing_behind_a_token_is_kept(town: Town) -> None:
    app = web.application(town.project)
    values = {
        "token": town.project.keyring.sign(
            Purpose.PREFERENCES, uid(town), number(town)
        ),
        "public_id": town.id_of("San Diego"),
        "region": "all",
        "list": "weekly",
        "edition": "2019-10-07",
        "language": "en",
        "provider": "none",
    }
    paths = [
        re.sub(r"{(\w+)}", lambda found: values.get(found[1], "1"), route.path)
        for route in app.routes
        if isinstance(route, Route)
    ]
    assert len(paths) > 12
    for path in [*paths, "/no/such/page"]:
        for method in ("GET", "HEAD", "POST"):
            answer = plain.request(method, town.url + path)
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; "), path
            assert "unsafe" not in policy
            assert "http" not in policy
            # The console's forms are told from foreign ones by where they come from.
            ours = is_console(path) and answer.status_code < 400
            to_itself = {"same-origin"} if is_console(path) else set()
            assert answer.headers["referrer-policy"] in {"no-referrer", *to_itself}
            assert answer.headers["x-content-type-options"] == "nosniff", path
            # But of the console's: the token of its first form is bound to one.
            assert is_console(path) or "set-cookie" not in answer.headers, path
            if re.match(r"/[upch]/", path) or ours:
                assert answer.headers["cache-control"] == "no-store", path
                assert "noindex" in answer.headers["x-robots-tag"], path


def is_console(path: str) -> bool:
    return path.startswith("/console") and "/static/" not in path


# --- a flood of bad tokens


def test_many_bad_tokens_from_one_network_are_slowed_and_a_good_one_never() -> None:
    with served(a_site(guard=Guard(bad=parse("20/minute")))) as site:
        with plain.Client(base_url=site.url) as client:
            bad = [client.get(f"/u/{'A' * 51}") for _ in range(25)]
            other = client.get(f"/p/{'A' * 51}")
            good = client.get(site.leave)
            clicked = client.post(site.leave, data={"List-Unsubscribe": "One-Click"})

        assert [each.status_code for each in bad] == [200] * 20 + [429] * 5
        assert other.status_code == 429
        assert bad[-1].headers["retry-after"].isdigit()
        assert bad[-1].headers["cache-control"] == "no-store"
        assert (good.status_code, clicked.text) == (200, "Done.\n")
        assert not site.is_on()


# --- an old link


def test_a_link_of_eighteen_months_ago_still_works_after_two_new_keys(
    town: Town,
) -> None:
    path = links(town)["ana@barrio.example"][0]
    keys = town.project.folder / "secret.key"
    old = keys.read_text("ascii")
    new = [base64.b64encode(bytes([each]) * 32).decode() for each in (2, 3)]
    keys.write_text(f"{old}2:{new[0]}\n3:{new[1]}\n", "ascii")
    later = Town(town.project.folder)
    later.now = town.now + timedelta(days=550)

    with later.open():
        assert later.project.keyring.sign(Purpose.LEAVE, bytes(16), 1).startswith("Aw")
        assert "Leave this list" in later.get(f"{path}?lang=en").text
        answer = plain.post(later.url + path, data={"List-Unsubscribe": "One-Click"})

        assert answer.text == "Done.\n"
        assert state(later) == "ended"


def test_a_link_by_a_retired_key_is_nobodys_and_who_is_suppressed_stays_so(
    town: Town,
) -> None:
    path = links(town)["ana@barrio.example"][0]
    town.project.people.suppress(["ben@aft.example"], reason="manual", at=town.now)
    keys = town.project.folder / "secret.key"
    new = base64.b64encode(b"n" * 32).decode()
    keys.write_text(f"{keys.read_text('ascii').strip()}:retired\n2:{new}\n", "ascii")
    later = Town(town.project.folder)

    with later.open():
        assert "This link does not work." in later.get(f"{path}?lang=en").text
        plain.post(later.url + path, data={"List-Unsubscribe": "One-Click"})
        assert state(later) == "active"
        held = later.project.dossiers.of("ben@aft.example")
        assert held
        assert held["suppression"]


def state(town: Town) -> str:
    query = (
        select(subscriptions.c.state)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(subscribers.c.address == "ana@barrio.example")
    )
    with town.project.database.reading() as connection:
        return str(connection.scalar(query))


# --- what a scanner may follow


def messages(town: Town) -> list[email.message.EmailMessage]:
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted((town.project.folder / "outbox").rglob("*.eml"))
    ]


def links(town: Town) -> dict[str, list[str]]:
    """Every address in the mail that leads to us, by whom it was sent to."""
    found: dict[str, list[str]] = {}
    for message in messages(town):
        words = "".join(
            str(part.get_content())
            for part in message.walk()
            if part.get_content_type() in ("text/plain", "text/html")
        )
        words += str(message["List-Unsubscribe"] or "")
        base = re.escape(town.project.settings.base_url)
        paths = re.findall(rf"{base}(/[^\s\"'<>)]*)", words)
        mine = found.setdefault(str(message["To"]), [])
        mine += sorted(set(paths), key=lambda path: not path.startswith("/u/"))
    return found


def everything(town: Town) -> dict[str, list[Any]]:
    with town.project.database.reading() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table))]
            for table in metadata.sorted_tables
        }


def deliver(town: Town) -> None:
    town.project.clerk(print).admit()
    crew = town.project.crew(print)
    crew.drain(sleep=lambda _: None, wait=False)
    crew.flush()


def write_every_message(town: Town) -> None:
    """Have the service really send each letter that it knows."""
    numbered, sign = number(town), town.project.keyring.sign
    preferences = f"{town.url}/p/{sign(Purpose.PREFERENCES, uid(town), numbered)}"
    for form in (
        {"action": "rest"},
        {"action": "export"},
        {"action": "readdress"},
        {"action": "erase"},
    ):
        plain.post(preferences, data=form)
    ben = sign(Purpose.LEAVE, uid(town, "ben@aft.example"), numbered)
    plain.post(f"{town.url}/u/{ben}", data={"from": "page"})
    plain.post(
        f"{town.url}/subscribe",
        data={"email": "cy@home.example", "language": "en", "list": str(numbered)},
    )
    ask = Ask(
        kind=Kind.MOVE,
        address="dee@home.example",
        language="en",
        list_number=numbered,
        facts={"from": uid(town).hex()},
    )
    town.project.requests.ask(ask, at=town.now)
    deliver(town)


def test_a_scanner_that_follows_every_link_of_every_message_changes_nothing(
    town: Town,
) -> None:
    write_every_message(town)
    paths = [path for mine in links(town).values() for path in mine]
    assert {path[:3] for path in paths} >= {"/u/", "/p/", "/c/"}
    assert len(messages(town)) >= 8
    before = everything(town)

    answers = [
        plain.request(method, town.url + path, follow_redirects=True)
        for path in paths
        for method in ("GET", "HEAD", "GET")
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert everything(town) == before
    deliver(town)
    assert everything(town) == before


def test_one_press_in_a_mail_program_leaves_without_a_cookie(town: Town) -> None:
    message = next(m for m in messages(town) if m["To"] == "ana@barrio.example")
    target = re.findall(r"<(https?://[^>]+)>", str(message["List-Unsubscribe"]))[0]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = target.removeprefix(town.project.settings.base_url)

    for _ in range(2):
        answer = plain.post(town.url + path, data={"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, answer.text) == (200, "Done.\n")
        assert "set-cookie" not in answer.headers

    assert state(town) == "ended"


# --- logs


def test_a_whole_flow_at_debug_logs_no_address_and_no_token(
    town: Town, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        write_every_message(town)
        letters = links(town)
        for path in {path for mine in letters.values() for path in mine}:
            town.get(path)
            plain.post(town.url + path, data={"action": "confirm"})
            town.get(f"{path}/{'cut' * 20}")
        plain.post(f"{town.url}/p/{'x' * 20_000}", data={"action": "export"})
        deliver(town)
    visitors = ("httpx", "httpcore")  # the browser's own log is not ours
    ours = [each for each in caplog.records if not each.name.startswith(visitors)]
    logged = "\n".join(
        f"{each.getMessage()} {each.exc_text or ''} {each.exc_info}" for each in ours
    ) + "".join(capfd.readouterr())

    addresses = ["barrio.example", "aft.example", "home.example", "ana@", "cy@"]
    tokens = {path[3:] for mine in letters.values() for path in mine if path[3:]}
    tokens = {each for each in tokens if len(each) > 40}
    assert len(tokens) > 8
    assert len(ours) > 20
    assert [each for each in [*addresses, *tokens] if each in logged] == []
    assert [t for t in tokens if t[:25] in logged or t[-25:] in logged] == []
