"""Leaving a list, over real HTTP, as mail programs, scanners and people do it."""

import logging
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from mailer.core.tokens import Keyring, Purpose
from mailer.ports import Reader
from tests.e2e import plain
from tests.fakes.site import (
    KEYS,
    LISTS,
    NOW,
    UID,
    URGENT,
    WEEKLY,
    Site,
    a_reader,
    a_site,
    served,
)

PRESS = {"from": "page"}
UNDO = {"from": "page", "action": "undo"}
LEAVING = (Purpose.LEAVE, UID, WEEKLY)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with served(a_site()) as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    running.forget()
    running.readers.add(a_reader())
    running.readers.add(a_reader(list_number=URGENT))
    return running


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    with plain.Client(base_url=site.url) as client:
        yield client


def test_a_mail_program_leaves_with_a_form_post_without_cookies(
    site: Site, client: httpx.Client
) -> None:
    answer = client.post(site.leave, data=ONE_CLICK)

    assert answer.status_code == 200
    assert len(answer.content) < 20
    assert "set-cookie" not in answer.headers
    assert site.readers.left == [(UID, WEEKLY, "one-click")]


def test_a_mail_program_leaves_with_a_multipart_post(
    site: Site, client: httpx.Client
) -> None:
    parts = {"List-Unsubscribe": (None, "One-Click")}

    answer = client.post(site.leave, files=parts)

    assert answer.request.headers["content-type"].startswith("multipart/form-data")
    assert answer.status_code == 200
    assert site.readers.left == [(UID, WEEKLY, "one-click")]


STRANGE = (
    b'--x\r\nContent-Disposition: form-data; name="city"\r\n\r\n\\ud800\r\n--x--\r\n'
)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", b"List-Unsubscribe=One-Click"),
        ("multipart/form-data", b"no boundary at all"),
        ("multipart/form-data; boundary=x", b"--y\r\nbroken"),
        ("multipart/form-data; boundary=x; charset=punycode", STRANGE),
        ("multipart/form-data; boundary=x; charset=undefined", STRANGE),
        ("application/x-www-form-urlencoded", b"\xff\xfe=%zz&&&="),
        ("application/x-www-form-urlencoded", b""),
    ],
)
def test_a_press_that_arrives_mangled_still_counts(
    site: Site, client: httpx.Client, content_type: str, body: bytes
) -> None:
    answer = client.post(
        site.leave, content=body, headers={"Content-Type": content_type}
    )

    assert answer.status_code == 200
    assert not site.here.active


def test_a_post_from_another_site_still_leaves(
    site: Site, client: httpx.Client
) -> None:
    client.post(site.leave, data=ONE_CLICK, headers={"Origin": "https://mail.example"})

    assert not site.here.active


def test_leaving_twice_is_fine_and_recorded_once(
    site: Site, client: httpx.Client
) -> None:
    answers = [client.post(site.leave, data=ONE_CLICK) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(site.readers.left) == 1


def test_leaving_one_list_keeps_the_others(site: Site, client: httpx.Client) -> None:
    client.post(site.leave, data=PRESS)

    other = site.readers.reader(UID, URGENT)
    assert other is not None
    assert other.active


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("query", ["", "?lang=es", "?from=page&List-Unsubscribe=1"])
def test_a_scanner_that_follows_the_links_changes_nothing(
    site: Site, client: httpx.Client, method: str, query: str
) -> None:
    before = dict(site.readers.people)

    for path in (site.leave, site.preferences):
        headers = {"Purpose": "prefetch"}
        assert client.request(method, path + query, headers=headers).status_code == 200

    assert site.readers.people == before


def test_the_page_names_the_list_and_the_masked_address(
    site: Site, client: httpx.Client
) -> None:
    page = client.get(site.leave).text

    assert "Weekly actions" in page
    assert "o…@aftguild.example" in page
    assert 'method="post"' in page


def test_whoever_rests_already_is_not_offered_a_rest_that_may_be_shorter(
    site: Site, client: httpx.Client
) -> None:
    reader = a_reader()
    assert "Rest four weeks" in client.get(site.leave).text

    later = replace(reader.choices, paused_until=NOW + timedelta(weeks=20))
    site.readers.add(replace(reader, choices=later))
    page = client.get(site.leave).text

    assert "Rest four weeks" not in page
    assert "Leave this list" in page
    assert "You can get it less often" in page


def test_a_person_who_presses_the_button_is_told_and_can_undo(
    site: Site, client: httpx.Client
) -> None:
    left = client.post(site.leave, data=PRESS)
    assert "You have left." in left.text
    assert "Undo" in left.text
    assert site.readers.left == [(UID, WEEKLY, "page")]

    back = client.post(site.leave, data=UNDO)
    assert "You are back." in back.text
    assert site.here.active


def test_undo_says_so_when_the_list_ended_for_another_reason(
    site: Site, client: httpx.Client
) -> None:
    site.readers.add(replace(site.here, active=False))
    site.readers.ended_otherwise.add((UID, WEEKLY))

    answer = client.post(site.leave, data=UNDO)

    assert "cannot undo that" in answer.text
    assert 'role="alert"' in answer.text
    assert not site.here.active


def test_the_page_speaks_the_readers_language_unless_asked_otherwise(
    site: Site, client: httpx.Client
) -> None:
    site.readers.add(a_reader(language="es"))

    spanish = client.get(site.leave, headers={"Accept-Language": "en"})
    english = client.get(f"{site.leave}?lang=en")

    assert '<html lang="es"' in spanish.text
    assert "Acciones de la semana" in spanish.text
    assert "Read in English" in spanish.text
    assert '<html lang="en"' in english.text
    assert "Ver en español" in english.text


# --- links that are no good ---------------------------------------------------


def bad_links(site: Site) -> dict[str, str]:
    good = site.token(Purpose.LEAVE)
    return {
        "forged": Keyring({1: bytes(32)}).sign(Purpose.LEAVE, UID, WEEKLY),
        "truncated": good[:-3],
        "lengthened": good + "A",
        "of another purpose": site.token(Purpose.PREFERENCES),
        "of an unknown subscriber": site.keyring.sign(Purpose.LEAVE, b"x" * 16, WEEKLY),
        "of an unknown list": site.keyring.sign(Purpose.LEAVE, UID, 77),
        "of a retired key": Keyring({9: bytes(32)}).sign(Purpose.LEAVE, UID, WEEKLY),
        "no token": "hello",
        "not even text": "%ff%00",
    }


@pytest.mark.parametrize(
    ("method", "data"), [("GET", None), ("POST", PRESS), ("POST", UNDO)]
)
def test_every_bad_link_gets_the_same_page_and_changes_nothing(
    site: Site, client: httpx.Client, method: str, data: dict[str, str] | None
) -> None:
    before = dict(site.readers.people)

    answers = [
        client.request(method, f"/u/{token}", data=data)
        for token in bad_links(site).values()
    ]

    assert len({answer.content for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {200}
    assert "aftguild" not in answers[0].text
    assert "Weekly" not in answers[0].text
    assert site.readers.people == before


def test_a_one_click_post_answers_the_same_for_good_and_bad_links(
    site: Site, client: httpx.Client
) -> None:
    tokens = [*bad_links(site).values(), site.token(Purpose.LEAVE)]

    answers = [client.post(f"/u/{token}", data=ONE_CLICK) for token in tokens]

    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert len({tuple(sorted(set(answer.headers))) for answer in answers}) == 1


def test_a_list_whose_file_is_gone_can_still_be_left(
    site: Site, client: httpx.Client
) -> None:
    orphan = replace(a_reader(), list_number=77, list_slug="gone")
    site.readers.add(orphan)
    assert 77 not in LISTS

    client.post(f"/u/{site.token(Purpose.LEAVE, list_number=77)}", data=ONE_CLICK)

    assert site.readers.left == [(UID, 77, "one-click")]


_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(at=st.integers(0, 50), letter=st.sampled_from(_ALPHABET))
def test_a_token_with_any_character_changed_never_acts(
    site: Site, client: httpx.Client, at: int, letter: str
) -> None:
    good = site.token(Purpose.LEAVE)
    changed = good[:at] + letter + good[at + 1 :]
    before = dict(site.readers.people)

    if changed != good:
        client.post(f"/u/{changed}", data=ONE_CLICK)
        client.post(f"/p/{changed}", data={"language": "es", "quiet_weeks": "yes"})

    assert site.readers.people == before


# --- bounds and logs -----------------------------------------------------------


def test_a_body_above_ten_kilobytes_is_refused_and_changes_nothing(
    site: Site, client: httpx.Client
) -> None:
    answer = client.post(site.leave, content=b"x" * 200_000)

    assert answer.status_code == 413
    assert "Nothing was changed." in answer.text
    assert site.here.active


def test_an_endless_body_in_chunks_is_refused_too(
    site: Site, client: httpx.Client
) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b"y" * 1_000

    answer = client.post(site.leave, content=endless())

    assert answer.status_code == 413
    assert site.here.active


def test_the_real_server_logs_no_token_even_when_it_logs_everything(
    tmp_path: Path,
) -> None:
    site, log = a_site(), tmp_path / "log"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = (
        "import logging, sys; logging.basicConfig(level=1);"
        "from mailer.web import serve; from tests.fakes.site import a_site;"
        f"serve(a_site().app, '127.0.0.1', {port})"
    )
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 — our own interpreter and program
            [sys.executable, "-c", program], stdout=output, stderr=output
        )
        try:
            retrying = httpx.HTTPTransport(retries=9)  # until the port is open
            with plain.Client(
                base_url=f"http://127.0.0.1:{port}", transport=retrying
            ) as client:
                _visit_everything(site, client)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(15)
    written = unquote(log.read_text())

    assert "POST /u/… 200" in written
    assert "PUT /u/… 405" in written
    for token in (site.token(Purpose.LEAVE), site.token(Purpose.PREFERENCES)):
        for start in range(0, len(token) - 12, 6):
            assert token[start : start + 12] not in written


def test_the_access_log_stays_silent_when_somebody_gives_it_a_handler() -> None:
    written = StringIO()
    handler = logging.StreamHandler(written)
    access = logging.getLogger("uvicorn.access")
    with served(a_site()) as site:
        access.addHandler(handler)
        try:
            assert plain.get(site.url + site.leave).status_code == 200
        finally:
            access.removeHandler(handler)

    assert written.getvalue() == ""


def _visit_everything(site: Site, client: httpx.Client) -> None:
    client.post(site.leave, data=ONE_CLICK)
    client.get(site.preferences)
    client.put(site.leave)
    client.get(f"/x{site.leave}")
    client.get(f"/{site.token(Purpose.LEAVE)}?x={site.token(Purpose.LEAVE)}")
    client.post(site.leave, content=b"x" * 20_000)
    client.get(site.leave, headers={"Referer": f"http://127.0.0.1{site.leave}"})


class Unreachable(dict[tuple[bytes, int], Reader]):
    """A store that quotes everything it knows when it fails."""

    def get(self, key: object, _: object = None) -> NoReturn:
        raise LookupError(f"row of office@aftguild.example for {key!r} at {self}")

    def __str__(self) -> str:
        return f"https://mail.example.org/u/{Keyring(KEYS).sign(*LEAVING)}"


def test_a_failure_shows_no_detail_and_logs_neither_token_nor_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    site = a_site()
    site.readers.people = Unreachable()
    with caplog.at_level(logging.INFO, "mailer.web"), served(site):
        answer = plain.get(f"{site.url}{site.leave}?lang=es")

    assert answer.status_code == 500
    assert "Algo falló." in answer.text
    assert "LookupError" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    failures = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert len(failures) == 1
    assert "LookupError: row of …@…" in failures[0]
    assert site.token(Purpose.LEAVE) not in failures[0]
